# The benchmark as the rules see it: checked settings, names of files, quotas, and what makes a stage stale.

import shlex

from snakemake.exceptions import WorkflowError
from snakemake.resources import Resource

from assay.bedrock.quota import quota_key
from assay.canonical import canonical_json
from assay.config.files import located
from assay.config.load import check
from assay.datasets.settings import as_fetched, metrics_with_settings
from assay.errors import InputError
from assay.fingerprint import Sources
from assay.judging.spoilt import times
from assay.ledger.reuse import sizes
from assay.prompts.choice import template_files
from assay.schedule.level import levels, of_interest
from assay.schedule.level import ramp as ramp_level
from assay.spending.capped import too_low
from assay.stopping.looks import after_blocks

try:
    BENCHMARK = check(config, workflow.configfiles)
except InputError as error:
    raise WorkflowError(str(error)) from None

RUN = BENCHMARK.run
RESULTS = f"results/{RUN.name}"
MAX_USD = BENCHMARK.budget.max_usd
LEDGER = str(RUN.ledger.expanduser() if RUN.ledger else f"{RESULTS}/ledger")

MODELS = {model.label: model for model in BENCHMARK.models}
JUDGES = {judge.label: judge for judge in BENCHMARK.judges.panel} if BENCHMARK.judges else {}
LOADS = levels(
    BENCHMARK.load.concurrency,
    BENCHMARK.load.rates_rps,
    [ramp.ends for ramp in BENCHMARK.load.ramps],
)
RAMPS = {ramp_level(*ramp.ends).name: ramp for ramp in BENCHMARK.load.ramps}
BLOCKS = range(BENCHMARK.load.blocks)

# Half-widths of intervals at which a cell ends before its last block; nothing unless asked for.
CELLS_END = BENCHMARK.stop.cells(BENCHMARK.decision.confidence) if BENCHMARK.stop else None

JUDGING_ENDS = BENCHMARK.stop.judging(BENCHMARK.decision.confidence) if BENCHMARK.stop else None

# Looks at the decision before the last one, each with the number of blocks that it comes after. None unless asked for.
PLANNED_LOOKS = BENCHMARK.stop.looks if BENCHMARK.stop and BENCHMARK.stop.looks else 0
LOOKS = dict(enumerate(after_blocks(PLANNED_LOOKS, len(BLOCKS))[:-1], start=1)) if PLANNED_LOOKS else {}
LOOK_DECISIONS = [f"{RESULTS}/looks/{look}/decision.json" for look in LOOKS]
LOOK_STANDINGS = expand(f"{RESULTS}/looks/{{look}}/{{model}}.json", look=list(LOOKS), model=list(MODELS))

SIMULATED = BENCHMARK.endpoint.kind == "simulator"
LEVEL_OF_INTEREST = of_interest(
    BENCHMARK.load.concurrency,
    BENCHMARK.load.rates_rps,
    BENCHMARK.limits.concurrency,
    BENCHMARK.limits.rate_rps,
    BENCHMARK.traffic.rate_rps if BENCHMARK.traffic else None,
)

PROVENANCE = f"{RESULTS}/provenance.json"
REPORT_FILES = [
    PROVENANCE,
    *expand(
        f"{RESULTS}/report/{{page}}.{{ending}}",
        page=("report", "mistakes"),
        ending=("html", "md", "qmd", "pdf"),
    ),
    f"{RESULTS}/report/verdict.txt",
]
PACKED_PAGES = expand(f"{RESULTS}/report/packed/{{page}}.html", page=("report", "mistakes"))
DECISION_FILE = f"{RESULTS}/decision/decision.json"
TABLES = (
    "cells",
    "models",
    "accuracy",
    "ratings",
    "periods",
    "ramps",
    "loads",
    "distribution",
    "cost_parts",
)
ACCURACY_TABLES = (
    "tasks",
    "trends",
    "differences",
    "judges",
    "agreement",
    "families",
    "left_out",
    "people",
    "corrected",
    "corrected_differences",
)
TABLE_FILES = expand(
    f"{RESULTS}/tables/{{table}}.{{ending}}",
    table=[*TABLES, *ACCURACY_TABLES],
    ending=("parquet", "csv"),
)
FIGURES = (
    "latency_against_throughput",
    "pareto",
    "latency_distribution",
    "latency_by_bucket",
    *(("latency_by_concurrency", "throughput_by_concurrency") if BENCHMARK.load.concurrency else ()),
    *(("latency_by_rate",) if BENCHMARK.load.rates_rps else ()),
    *(("latency_over_ramp",) if RAMPS else ()),
    "errors",
    "throttles_over_time",
    "accuracy_by_model",
    "accuracy_by_prompt_size",
    "accuracy_by_task",
    *(("judges_agreement",) if len(JUDGES) > 1 else ()),
    "cost_breakdown",
)
# What a figure reads beside the tables that all read.
FIGURES_READ = {
    "latency_against_throughput": {"loads": f"{RESULTS}/tables/loads.parquet"},
    "latency_distribution": {"distribution": f"{RESULTS}/tables/distribution.parquet"},
    "cost_breakdown": {"cost_parts": f"{RESULTS}/tables/cost_parts.parquet"},
    "judges_agreement": {"agreement": f"{RESULTS}/tables/agreement.parquet"},
    "accuracy_by_model": {"corrected": f"{RESULTS}/tables/corrected.parquet"},
    "accuracy_by_prompt_size": {"trends": f"{RESULTS}/tables/trends.parquet"},
    "accuracy_by_task": {"tasks": f"{RESULTS}/tables/tasks.parquet"},
}
FIGURE_FILES = expand(
    f"{RESULTS}/figures/{{figure}}.{{ending}}",
    figure=FIGURES,
    ending=("svg", "png", "csv"),
)

CLOUDWATCH_FILES = (
    expand(f"{RESULTS}/cloudwatch/{{model}}.json", model=list(MODELS))
    if getattr(BENCHMARK.endpoint, "cloudwatch", False)
    else []
)

SEARCHED = list(MODELS) if BENCHMARK.load.search else []
SEARCH_FILES = expand(f"{RESULTS}/search/{{model}}.json", model=SEARCHED)
SEARCH_RECORDS = expand(f"{RESULTS}/search/{{model}}.parquet", model=SEARCHED)


# How to recreate the report, as the report itself says it. A file from elsewhere goes by its name: where it lies on this
# machine is nobody's business.
BENCHMARK_FILES = [
    path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else Path(path.name)
    for path in (Path(file).absolute() for file in workflow.configfiles)
]
COMMANDS = [
    "make report"
    + "".join(
        f" CONFIG={shlex.quote(str(path))}"
        for path in BENCHMARK_FILES
        if path != Path("config", "config.yaml")
    ),
]


wildcard_constraints:
    model="[A-Za-z0-9_-]+",
    load="c[0-9]+|r[0-9.e+-]+|ramp[0-9.e+-]+",
    block="[0-9]+",
    look="[1-9]",


# A measurement takes its quota whole, so that the cells of a model take turns and models run side by side.
# Every other job takes a hundredth of every measured quota: none of them runs while a cell is measured.
WHOLE_QUOTA = 100
MODEL_QUOTAS = {label: f"quota_{quota_key(BENCHMARK.endpoint, model.id)}" for label, model in MODELS.items()}
JUDGE_QUOTAS = {label: f"quota_{quota_key(BENCHMARK.endpoint, judge.id)}" for label, judge in JUDGES.items()}
BESIDE_NO_MEASUREMENT = {quota: 1 for quota in MODEL_QUOTAS.values()}

for quota in {*MODEL_QUOTAS.values(), *JUDGE_QUOTAS.values()}:
    workflow.global_resources.setdefault(quota, Resource(quota, WHOLE_QUOTA))
