# The measurement: a job per model, load and block, each taking all buckets. One rule per model, because planning
# is slow where one rule has to hand out many quotas. What is sent goes through the ledger, which is no output:
# Snakemake deletes the outputs of a failed job, and the ledger holds what was paid for.

for label, model in MODELS.items():

    rule:
        name:
            f"invoke_{label}"
        input:
            **({"look": look_before(label)} if LOOKS else {}),
            prompts=PROMPTS,
            answer_key=ANSWER_KEY,
            system=SYSTEM,
            behaviour=BEHAVIOUR,
        output:
            records=f"{RESULTS}/records/{label}/{{load}}/b{{block}}.parquet",
            status=f"{RESULTS}/records/{label}/{{load}}/b{{block}}.json",
        log:
            f"{RESULTS}/logs/invoke/{label}_{{load}}_b{{block}}.log",
        priority: measuring_order(label)
        conda:
            "../envs/assay.yaml"
        resources:
            **{MODEL_QUOTAS[label]: WHOLE_QUOTA},
        params:
            **cap(f"invoke.{label}.{{load}}.b{{block}}"),
            **enough_params(),
            script=stage_script("invoke"),
            code=stage_code("invoke"),
            settings=invoke_settings(model),
            files=flags("system", "behaviour", "look"),
            ledger=lambda wildcards, output: LEDGER,
        message:
            f"Measure {label} at {{wildcards.load}}, block {{wildcards.block}}"
        shell:
            "python {params.script:q} --settings {params.settings:q} --log {log:q} {params.files:q}"
            " --prompts {input.prompts:q} --answer-key {input.answer_key:q} --ledger {params.ledger:q} {params.cap:q}"
            " --out-records {output.records:q} --out-status {output.status:q}"
