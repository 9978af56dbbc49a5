# From the dataset to the prompts, and what their tokens cost.

PROMPTS = f"{RESULTS}/prompts/prompts.parquet"
BUCKETS = f"{RESULTS}/prompts/buckets.json"
ANSWER_KEY = f"{RESULTS}/prompts/answer_key.jsonl"
PRICES = f"{RESULTS}/prices.json"
SOURCE = f"{RESULTS}/data/source.json"

# One prompt for all rows, or one for each set of LongBench.
TEMPLATES = template_files(BENCHMARK.dataset, BENCHMARK.prompt.template)
SYSTEM = named_file(BENCHMARK.prompt.system)
VOCABULARY = named_file(getattr(BENCHMARK.tokenizer, "path", None))
BEHAVIOUR = named_file(getattr(BENCHMARK.endpoint, "behaviour", None))

# Synthetic rows are made to fit the buckets, so they depend on all that decides a prompt's size.
if BENCHMARK.dataset.kind == "synthetic":
    EXAMPLES_FIT = {"template": named_file(TEMPLATES.one), "system": SYSTEM, "vocabulary": VOCABULARY}
    EXAMPLES_SETTINGS = {"buckets": BENCHMARK.buckets, "tokenizer": with_located_file(BENCHMARK.tokenizer)}
else:
    EXAMPLES_FIT = {}
    EXAMPLES_SETTINGS = {}

ASKED_AS_LONGBENCH = (
    {"longbench": {"output_limits": BENCHMARK.dataset.output_limits}}
    if BENCHMARK.dataset.kind == "longbench"
    else {}
)


rule fetch:
    """The raw examples, with their source, revision and hash."""
    input:
        **EXAMPLES_FIT,
        rows=named_file(getattr(BENCHMARK.dataset, "path", None)),
    output:
        examples=f"{RESULTS}/data/examples.jsonl",
        source=SOURCE,
    log:
        f"{RESULTS}/logs/fetch.log",
    conda:
        "../envs/assay.yaml"
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        script=stage_script("fetch"),
        code=stage_code("fetch"),
        settings=settings(
            dataset=as_fetched(with_located_file(BENCHMARK.dataset)), seed=RUN.seed, **EXAMPLES_SETTINGS
        ),
        files=flags("template", "system"),
    message:
        "Read the examples"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q} {params.files:q}"
        " --out-examples {output.examples:q} --out-source {output.source:q}"


rule bucket:
    """The prompts of all buckets: formatted, counted in tokens, drawn with the seed."""
    input:
        examples=f"{RESULTS}/data/examples.jsonl",
        template=named_file(TEMPLATES.one),
        templates=[named_file(path) for path in TEMPLATES.by_set],
        published=named_file(TEMPLATES.published),
        maxlen=named_file(getattr(BENCHMARK.dataset, "maxlen", None)),
        system=SYSTEM,
        vocabulary=VOCABULARY,
    output:
        prompts=PROMPTS,
        buckets=BUCKETS,
        answer_key=ANSWER_KEY,
    log:
        f"{RESULTS}/logs/bucket.log",
    conda:
        "../envs/assay.yaml"
    threads: 4
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        script=stage_script("bucket"),
        code=stage_code("bucket"),
        settings=settings(
            buckets=BENCHMARK.buckets,
            tokenizer=with_located_file(BENCHMARK.tokenizer),
            seed=RUN.seed,
            truncate_tokens=BENCHMARK.prompt.truncate_tokens,
            **ASKED_AS_LONGBENCH,
        ),
        files=flags("template", "templates", "published", "maxlen", "system"),
    message:
        "Draw the prompts of every bucket"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q} {params.files:q}"
        " --examples {input.examples:q} --out-prompts {output.prompts:q} --out-buckets {output.buckets:q}"
        " --out-answer-key {output.answer_key:q}"


rule prices:
    """What a token of every model and judge costs, with source and date."""
    output:
        PRICES,
    log:
        f"{RESULTS}/logs/prices.log",
    priority: PRICES_FIRST
    conda:
        "../envs/assay.yaml"
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        script=stage_script("prices"),
        code=stage_code("prices"),
        settings=settings(
            models=sorted({model.id for model in [*MODELS.values(), *JUDGES.values()]}),
            region=getattr(BENCHMARK.endpoint, "region", None),
            profile=getattr(BENCHMARK.endpoint, "profile", None),
            url=getattr(BENCHMARK.endpoint, "url", None),
            overrides=BENCHMARK.prices,
        ),
    message:
        "Look up prices"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q} --out {output:q}"
