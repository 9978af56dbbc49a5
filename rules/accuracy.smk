# What the answers are worth: the dataset's own metric, and the verdicts of the judges.

# Without ledgers of other runs, a score job is told nothing of what it would take to find answers in them.
OTHERS_LEDGERS = [located(folder) for folder in BENCHMARK.reuse]
SCORE_ASKS = {"system": SYSTEM, "behaviour": BEHAVIOUR} if OTHERS_LEDGERS else {}


rule score:
    """The distinct answers of a model, with the dataset's own metric."""
    input:
        **SCORE_ASKS,
        prompts=PROMPTS,
        records=lambda wildcards: attempts("parquet", wildcards.model, ramps=False),
    output:
        f"{RESULTS}/answers/{{model}}.parquet",
    log:
        f"{RESULTS}/logs/score/{{model}}.log",
    conda:
        "../envs/assay.yaml"
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        **reused_ledgers(OTHERS_LEDGERS),
        script=stage_script("score"),
        code=stage_code("score"),
        settings=score_settings,
        files=flags(*SCORE_ASKS),
    message:
        "Score the answers of {wildcards.model}"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q}"
        " --prompts {input.prompts:q} --records {input.records:q} {params.files:q} {params.reuse:q} --out {output:q}"


# Looks at the decision have their own answers and verdicts, of the blocks so far, and come before any further block.
ANSWERS_OF = {"": (RESULTS, 0)} | ({"_at_look": (f"{RESULTS}/looks/{{look}}", LOOK_FIRST)} if LOOKS else {})

for label, judge, at in [(*each, at) for each in JUDGES.items() for at in ANSWERS_OF]:

    rule:
        name:
            f"judge_{label}{at}"
        input:
            answers=f"{ANSWERS_OF[at][0]}/answers/{{model}}.parquet",
            prompt=named_file(BENCHMARK.judges.prompt_file),
            prompts=PROMPTS,
            behaviour=BEHAVIOUR,
        output:
            verdicts=f"{ANSWERS_OF[at][0]}/verdicts/{{model}}/{label}.parquet",
            status=f"{ANSWERS_OF[at][0]}/verdicts/{{model}}/{label}.json",
        log:
            f"{ANSWERS_OF[at][0]}/logs/judge/{{model}}_{label}.log",
        priority: ANSWERS_OF[at][1]
        conda:
            "../envs/assay.yaml"
        resources:
            **{**BESIDE_NO_MEASUREMENT, JUDGE_QUOTAS[label]: WHOLE_QUOTA},
        params:
            **cap(f"judge.{label}.{{model}}{'.look{look}' if at else ''}"),
            **tried_in_vain(f"judge.{label}.{{model}}{'.look{look}' if at else ''}"),
            **reused_ledgers(OTHERS_LEDGERS),
            script=stage_script("judge"),
            code=stage_code("judge"),
            settings=judge_settings(judge, at_look=bool(at)),
            files=flags("behaviour"),
            ledger=lambda wildcards, output: LEDGER,
        message:
            f"Judge the answers of {{wildcards.model}} by {label}"
        shell:
            "python {params.script:q} --settings {params.settings:q} --log {log:q} {params.files:q}"
            " --answers {input.answers:q} --prompt {input.prompt:q} --prompts {input.prompts:q}"
            " --ledger {params.ledger:q} {params.reuse:q} {params.cap:q} {params.spoilt:q}"
            " --out-verdicts {output.verdicts:q} --out-status {output.status:q}"
