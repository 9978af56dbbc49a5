# What the run will cost, before it costs anything, and whether that is within the budget.
#
# No edge leads from here to a measurement: it would make every cell stale when the cap changes. The check comes first
# by its priority, and alone by taking every quota whole. Where it is up to date (a run that goes on), `onstart` calls it.

ESTIMATE_FILE = f"{RESULTS}/estimate.json"

ALL_QUOTAS_WHOLE = {quota: WHOLE_QUOTA for quota in {*MODEL_QUOTAS.values(), *JUDGE_QUOTAS.values()}}

BUYING = tuple(f"{stage}_" for stage in ("invoke", "judge", "search"))

JUDGE_PROMPT = named_file(BENCHMARK.judges.prompt_file) if BENCHMARK.judges else []

ESTIMATE_INPUTS = {
    "prompts": PROMPTS,
    "prices": PRICES,
    "system": SYSTEM,
    "judge_prompt": JUDGE_PROMPT,
    "behaviour": BEHAVIOUR,
    "vocabulary": VOCABULARY,
}

ESTIMATE_SETTINGS = settings_text(
    run={"name": RUN.name, "edition": RUN.edition, "seed": RUN.seed},
    endpoint=endpoint(),
    tokenizer=with_located_file(BENCHMARK.tokenizer),
    models=BENCHMARK.models,
    inference=BENCHMARK.inference,
    load=BENCHMARK.load.model_dump(mode="json", exclude={"timeouts", "self_check", "workers"}),
    judges=BENCHMARK.judges
    and BENCHMARK.judges.model_dump(mode="json", exclude={"prompt", "timeouts", "families"}),
    quotas=BENCHMARK.quotas,
    budget=BENCHMARK.budget,
    preflight=BENCHMARK.preflight.enabled,
    stop=BENCHMARK.stop,
    dataset_of_interest=BENCHMARK.dataset_of_interest,
    traffic=BENCHMARK.traffic and BENCHMARK.traffic.buckets,
    level_of_interest=LEVEL_OF_INTEREST.name,
    confidence=BENCHMARK.decision.confidence,
)

# Derived params: neither a place nor a machine makes the estimate stale.
DERIVED = ("script", "accuracy", "searches", "looks", "ledger", "cores")

ESTIMATE_PARAMS = {
    "script": stage_script("estimate"),
    "code": stage_code("estimate"),
    "settings": lambda wildcards: ESTIMATE_SETTINGS,
    "files": flags("system", "judge_prompt", "behaviour"),
    # What was answered so far tells more than any prior.
    "accuracy": lambda wildcards, output: f"{RESULTS}/tables/accuracy.parquet",
    "searches": lambda wildcards, output: ["--searches", *SEARCH_FILES] if SEARCH_FILES else [],
    "looks": lambda wildcards, output: ["--looks", *LOOK_STANDINGS] if LOOK_STANDINGS else [],
    "ledger": lambda wildcards, output: LEDGER,
    "cores": lambda wildcards, output: workflow.cores or 1,
}


ESTIMATE_COMMAND = (
    "python {params.script:q} --settings {params.settings:q} {params.files:q}"
    " --prompts {input.prompts:q} --prices {input.prices:q} --accuracy {params.accuracy:q}"
    " --ledger {params.ledger:q} --cores {params.cores} {params.searches:q} {params.looks:q}"
)


rule check_budget:
    """What the run is going to cost. Ends the run where that is above the budget."""
    input:
        **ESTIMATE_INPUTS,
    output:
        ESTIMATE_FILE,
    log:
        f"{RESULTS}/logs/check_budget.log",
    priority: BUDGET_NEXT
    conda:
        "../envs/assay.yaml"
    resources:
        **ALL_QUOTAS_WHOLE,
    params:
        **ESTIMATE_PARAMS,
    message:
        "Estimate what the run will cost"
    shell:
        f"{ESTIMATE_COMMAND} --log {{log:q}} --out {{output:q}}"


rule estimate:
    """Print what the run is going to cost, and what that buys. Sends nothing."""
    input:
        **ESTIMATE_INPUTS,
    log:
        f"{RESULTS}/logs/estimate.log",
    localrule: True
    conda:
        "../envs/assay.yaml"
    params:
        **ESTIMATE_PARAMS,
    message:
        "What the run will cost"
    shell:
        f"{ESTIMATE_COMMAND} --log {{log:q}}"


rule spent:
    """Print what the run has sent so far, and what it cost. Sends nothing."""
    input:
        prices=PRICES,
    log:
        f"{RESULTS}/logs/spent.log",
    localrule: True
    conda:
        "../envs/assay.yaml"
    params:
        script=stage_script("ledger"),
        run=RUN.name,
        ledger=lambda wildcards, output: LEDGER,
    message:
        "What the run has cost so far"
    shell:
        "python {params.script:q} --log {log:q} show {params.ledger:q} --run {params.run:q} --prices {input.prices:q}"
