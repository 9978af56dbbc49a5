# Looks at the decision between blocks. Only where the benchmark asks for them, with `stop.looks`.
#
# A look makes tables and a decision of the blocks so far, as the end of the run does of all, and a small file for each
# model that says whether its later blocks are measured. Judges are asked what the ledger doesn't hold yet.

if LOOKS:
    AT_LOOK = f"{RESULTS}/looks/{{look}}"

    use rule score as score_at_look with:
        input:
            **SCORE_ASKS,
            prompts=PROMPTS,
            records=lambda wildcards: attempts(
                "parquet", wildcards.model, ramps=False, blocks=LOOKS[int(wildcards.look)]
            ),
        output:
            f"{AT_LOOK}/answers/{{model}}.parquet",
        log:
            f"{AT_LOOK}/logs/score/{{model}}.log",
        priority: LOOK_FIRST
        message:
            "Score the answers of {wildcards.model} at look {wildcards.look}"

    use rule aggregate as aggregate_at_look with:
        input:
            prompts=PROMPTS,
            prices=PRICES,
            records=lambda wildcards: attempts("parquet", ramps=False, blocks=LOOKS[int(wildcards.look)]),
            statuses=lambda wildcards: attempts("json", ramps=False, blocks=LOOKS[int(wildcards.look)]),
            answers=expand(f"{AT_LOOK}/answers/{{model}}.parquet", model=list(MODELS), allow_missing=True),
            verdicts=verdicts("parquet", AT_LOOK, allow_missing=True),
            judge_statuses=verdicts("json", AT_LOOK, allow_missing=True),
        output:
            **{table: f"{AT_LOOK}/tables/{table}.csv" for table in TABLES},
            **{f"{table}_parquet": f"{AT_LOOK}/tables/{table}.parquet" for table in TABLES},
        log:
            f"{AT_LOOK}/logs/aggregate.log",
        priority: LOOK_FIRST
        message:
            "Aggregate records into tables at look {wildcards.look}"

    rule decide_at_look:
        """The recommendation from the blocks so far, and which models get more of them."""
        input:
            cells=f"{AT_LOOK}/tables/cells.parquet",
            models=f"{AT_LOOK}/tables/models.parquet",
            prompts=PROMPTS,
            prices=PRICES,
            records=lambda wildcards: attempts("parquet", ramps=False, blocks=LOOKS[int(wildcards.look)]),
            answers=expand(f"{AT_LOOK}/answers/{{model}}.parquet", model=list(MODELS), allow_missing=True),
            verdicts=verdicts("parquet", AT_LOOK, allow_missing=True),
            earlier=lambda wildcards: LOOK_DECISIONS[: int(wildcards.look) - 1],
        output:
            decision=f"{AT_LOOK}/decision.json",
            models=expand(f"{AT_LOOK}/{{model}}.json", model=list(MODELS), allow_missing=True),
        log:
            f"{AT_LOOK}/logs/decide.log",
        priority: LOOK_FIRST
        conda:
            "../envs/assay.yaml"
        resources:
            **BESIDE_NO_MEASUREMENT,
        params:
            script=stage_script("decide"),
            code=stage_code("decide"),
            settings=decide_settings,
            verdicts=lambda wildcards, input: (["--verdicts", *input.verdicts] if input.verdicts else []),
            earlier=earlier_looks,
        message:
            "Decide at look {wildcards.look}"
        shell:
            "python {params.script:q} --settings {params.settings:q} --log {log:q}"
            " --cells {input.cells:q} --models {input.models:q}"
            " --prompts {input.prompts:q} --prices {input.prices:q}"
            " --records {input.records:q} --answers {input.answers:q} {params.verdicts:q} {params.earlier:q}"
            " --out {output.decision:q} --out-models {output.models:q}"
