# From records and verdicts to tables, and from tables to the recommendation.

ANSWERS = expand(f"{RESULTS}/answers/{{model}}.parquet", model=list(MODELS))


rule aggregate:
    """One row per cell, model, model and bucket, and judge. From pooled requests, never from averaged figures."""
    input:
        prompts=PROMPTS,
        prices=PRICES,
        records=attempts("parquet"),
        statuses=attempts("json"),
        answers=ANSWERS,
        verdicts=verdicts("parquet"),
        judge_statuses=verdicts("json"),
    output:
        **{
            table: report(
                f"{RESULTS}/tables/{table}.csv",
                caption=f"../report/captions/tables/{table}.rst",
                category="Tables",
                labels={"table": table},
            )
            for table in TABLES
        },
        **{f"{table}_parquet": f"{RESULTS}/tables/{table}.parquet" for table in TABLES},
    log:
        f"{RESULTS}/logs/aggregate.log",
    conda:
        "../envs/assay.yaml"
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        script=stage_script("aggregate"),
        code=stage_code("aggregate"),
        settings=settings(
            dataset_of_interest=BENCHMARK.dataset_of_interest,
            concurrency=LEVEL_OF_INTEREST.concurrency,
            rate_rps=LEVEL_OF_INTEREST.rate_rps,
            models=priced(MODELS),
            judges=priced(JUDGES),
            confidence=BENCHMARK.decision.confidence,
            latency_limits=BENCHMARK.limits.on_each_request,
            traffic=BENCHMARK.traffic,
        ),
        verdicts=flags("verdicts", "judge_statuses"),
        tables=lambda wildcards, output: [
            part for table in TABLES for part in (f"--out-{table}", output[f"{table}_parquet"])
        ],
    message:
        "Aggregate records into tables"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q}"
        " --prompts {input.prompts:q} --prices {input.prices:q} --records {input.records:q}"
        " --statuses {input.statuses:q} --answers {input.answers:q} {params.verdicts:q}"
        " {params.tables:q}"


rule accuracy:
    """What the ratings come to: by task, between models, of judges, against people. Reads no record."""
    input:
        ratings=f"{RESULTS}/tables/ratings.parquet",
        prices=PRICES,
        answers=ANSWERS,
        verdicts=verdicts("parquet"),
        labels=LABELS,
    output:
        **{
            table: report(
                f"{RESULTS}/tables/{table}.csv",
                caption=f"../report/captions/tables/{table}.rst",
                category="Tables",
                labels={"table": table},
            )
            for table in ACCURACY_TABLES
        },
        **{f"{table}_parquet": f"{RESULTS}/tables/{table}.parquet" for table in ACCURACY_TABLES},
    log:
        f"{RESULTS}/logs/accuracy.log",
    conda:
        "../envs/assay.yaml"
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        script=stage_script("accuracy"),
        code=stage_code("accuracy"),
        settings=settings(
            models=priced(MODELS),
            judges=priced(JUDGES),
            families=BENCHMARK.judges.families if JUDGES else {},
            verdict=BENCHMARK.judges.verdict if JUDGES else "correctness",
            dataset_of_interest=BENCHMARK.dataset_of_interest,
            confidence=BENCHMARK.decision.confidence,
            seed=RUN.seed,
            half_width=BENCHMARK.labels.half_width,
        ),
        said=flags("verdicts", "labels"),
        tables=lambda wildcards, output: [
            part for table in ACCURACY_TABLES for part in (f"--out-{table}", output[f"{table}_parquet"])
        ],
    message:
        "Make the tables of accuracy"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q}"
        " --ratings {input.ratings:q} --prices {input.prices:q} --answers {input.answers:q} {params.said:q}"
        " {params.tables:q}"


rule decide:
    """The recommendation for the dataset of interest, with reasons and margins."""
    input:
        **({"earlier": LOOK_DECISIONS} if LOOKS else {}),
        cells=f"{RESULTS}/tables/cells.parquet",
        models=f"{RESULTS}/tables/models.parquet",
        prompts=PROMPTS,
        prices=PRICES,
        records=attempts("parquet", ramps=False),
        statuses=attempts("json", ramps=False),
        answers=ANSWERS,
        verdicts=verdicts("parquet"),
        labels=LABELS,
    output:
        report(
            DECISION_FILE,
            caption="../report/captions/decision.rst",
            category="Decision",
            labels={"file": "decision"},
        ),
    log:
        f"{RESULTS}/logs/decide.log",
    conda:
        "../envs/assay.yaml"
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        script=stage_script("decide"),
        code=stage_code("decide"),
        settings=decide_settings,
        said=flags("verdicts", "labels", "statuses"),
        earlier=earlier_looks,
        ledger=lambda wildcards, output: LEDGER,
    message:
        "Decide"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q}"
        " --cells {input.cells:q} --models {input.models:q}"
        " --prompts {input.prompts:q} --prices {input.prices:q}"
        " --records {input.records:q} --answers {input.answers:q} {params.said:q} {params.earlier:q}"
        " --ledger {params.ledger:q} --out {output:q}"


for label, model in MODELS.items():
    if CLOUDWATCH_FILES:

        rule:
            """What CloudWatch says of a model, for the minutes of the run. Only where the benchmark asks for it."""
            name:
                f"cloudwatch_{label}"
            input:
                records=attempts("parquet", label),
            output:
                f"{RESULTS}/cloudwatch/{label}.json",
            log:
                f"{RESULTS}/logs/cloudwatch/{label}.log",
            conda:
                "../envs/assay.yaml"
            resources:
                **BESIDE_NO_MEASUREMENT,
            params:
                script=stage_script("cloudwatch"),
                code=stage_code("cloudwatch"),
                settings=settings(endpoint=endpoint(), model=model),
            message:
                f"Ask CloudWatch about {label}"
            shell:
                "python {params.script:q} --settings {params.settings:q} --log {log:q}"
                " --records {input.records:q} --out {output:q}"
