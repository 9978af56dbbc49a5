# The search for the highest rate that keeps the limits: a job per model. Only where the benchmark asks for it.

for label, model in MODELS.items():
    if SEARCH_FILES:

        rule:
            name:
                f"search_{label}"
            input:
                prompts=PROMPTS,
                answer_key=ANSWER_KEY,
                system=SYSTEM,
                behaviour=BEHAVIOUR,
            output:
                bracket=f"{RESULTS}/search/{label}.json",
                records=f"{RESULTS}/search/{label}.parquet",
            log:
                f"{RESULTS}/logs/search/{label}.log",
            conda:
                "../envs/assay.yaml"
            resources:
                **{MODEL_QUOTAS[label]: WHOLE_QUOTA},
            params:
                **cap(f"search.{label}"),
                script=stage_script("search"),
                code=stage_code("search"),
                settings=search_settings(model),
                files=flags("system", "behaviour"),
                ledger=lambda wildcards, output: LEDGER,
            message:
                f"Search the highest rate at which {label} keeps the limits"
            shell:
                "python {params.script:q} --settings {params.settings:q} --log {log:q} {params.files:q}"
                " --prompts {input.prompts:q} --answer-key {input.answer_key:q} --ledger {params.ledger:q} {params.cap:q}"
                " --out {output.bracket:q} --out-records {output.records:q}"
