# One small call to each model and judge, before anything else is bought.
#
# As with the estimate, no edge leads from here to a measurement: it comes next by its priority, and alone by taking every
# quota whole. What passed stands in the ledger and isn't asked again.

PREFLIGHT_FILES = [f"{RESULTS}/preflight.json"] if BENCHMARK.preflight.enabled else []

if PREFLIGHT_FILES:

    rule preflight:
        """Try every model and judge as the benchmark asks them. Ends the run where something is to be mended first."""
        input:
            estimate=ESTIMATE_FILE,
            prompts=PROMPTS,
            prices=PRICES,
            system=SYSTEM,
            behaviour=BEHAVIOUR,
        output:
            PREFLIGHT_FILES,
        log:
            f"{RESULTS}/logs/preflight.log",
        priority: PREFLIGHT_NEXT
        conda:
            "../envs/assay.yaml"
        resources:
            **ALL_QUOTAS_WHOLE,
        params:
            script=stage_script("preflight"),
            code=stage_code("preflight"),
            settings=preflight_settings(),
            files=flags("system", "behaviour"),
            ledger=lambda wildcards, output: LEDGER,
            rule=lambda wildcards, output: RULE_FLAGS,
            capped=[] if MAX_USD is None else ["--max-usd", MAX_USD],
        message:
            "Try every model and judge with one small call"
        shell:
            "python {params.script:q} --settings {params.settings:q} --log {log:q} {params.files:q}"
            " --prompts {input.prompts:q} --prices {input.prices:q} --ledger {params.ledger:q} {params.rule:q} {params.capped:q}"
            " --out {output:q}"
