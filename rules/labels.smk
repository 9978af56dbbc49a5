# Labels of people: which answers they are asked to label. What they say is read by the accuracy stage and the decision.

# The file of labels is nobody's output: it holds people's work. It is an input as soon as it is there.
LABELS_FILE = (
    BENCHMARK.labels.path.expanduser() if BENCHMARK.labels.path else Path(f"{RESULTS}/labels/labels.csv")
)
LABELS = [local(str(located(LABELS_FILE)))] if located(LABELS_FILE) else []
LABEL_SAMPLE = f"{RESULTS}/labels/sample.parquet"


rule label_sample:
    """The order in which people are asked to label answers, and a sheet of the first ones to fill in."""
    input:
        prompts=PROMPTS,
        answers=expand(f"{RESULTS}/answers/{{model}}.parquet", model=list(MODELS)),
    output:
        LABEL_SAMPLE,
    log:
        f"{RESULTS}/logs/label_sample.log",
    conda:
        "../envs/assay.yaml"
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        script=stage_script("label_sample"),
        code=stage_code("label_sample"),
        settings=settings(
            dataset_of_interest=BENCHMARK.dataset_of_interest,
            seed=RUN.seed,
            n=BENCHMARK.labels.n,
        ),
        # No output, since Snakemake would delete it with somebody's labels in it.
        sheet=lambda wildcards, output: f"{RESULTS}/labels/sample.csv",
    message:
        "Draw answers for people to label"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q}"
        " --prompts {input.prompts:q} --answers {input.answers:q} --out {output:q} --sheet {params.sheet:q}"


rule label:
    """Serve a page on this machine to label answers in, until it says that it is finished. Asks no model anything."""
    input:
        sample=LABEL_SAMPLE,
        prompts=PROMPTS,
        answers=expand(f"{RESULTS}/answers/{{model}}.parquet", model=list(MODELS)),
        verdicts=verdicts("parquet"),
    log:
        f"{RESULTS}/logs/label.log",
    localrule: True
    conda:
        "../envs/assay.yaml"
    params:
        script=stage_script("label"),
        settings=settings(
            dataset_of_interest=BENCHMARK.dataset_of_interest,
            seed=RUN.seed,
            n=BENCHMARK.labels.n,
            judges=list(JUDGES),
            verdict=BENCHMARK.judges.verdict if BENCHMARK.judges else "correctness",
            half_width=BENCHMARK.labels.half_width,
            confidence=BENCHMARK.decision.confidence,
        ),
        verdicts=lambda wildcards, input: ["--verdicts", *input.verdicts] if input.get("verdicts") else [],
        labels=lambda wildcards, output: str(LABELS_FILE),
    message:
        "A page to label answers in"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q}"
        " --sample {input.sample:q} --prompts {input.prompts:q} --answers {input.answers:q} {params.verdicts:q}"
        " --labels {params.labels:q}"
