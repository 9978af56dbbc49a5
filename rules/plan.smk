# The benchmark as the rules see it: checked settings, names of files, quotas, and what makes a stage stale.

import random
import shlex

from snakemake.exceptions import WorkflowError
from snakemake.resources import Resource

from assay.bedrock.quota import quota_key
from assay.canonical import canonical_json
from assay.config.files import located
from assay.config.load import check
from assay.errors import InputError
from assay.fingerprint import fingerprint

try:
    BENCHMARK = check(config, workflow.configfiles)
except InputError as error:
    raise WorkflowError(str(error))

RUN = BENCHMARK.run
RESULTS = f"results/{RUN.name}"
LEDGER = str(RUN.ledger or f"{RESULTS}/ledger")

MODELS = {model.label: model for model in BENCHMARK.models}
JUDGES = {judge.label: judge for judge in BENCHMARK.judges.panel} if BENCHMARK.judges else {}
LOADS = {f"c{concurrency}": concurrency for concurrency in BENCHMARK.load.concurrency}
BLOCKS = range(1, BENCHMARK.load.blocks + 1)

SIMULATED = BENCHMARK.endpoint.kind == "simulator"
CONCURRENCY_OF_INTEREST = BENCHMARK.limits.concurrency or max(BENCHMARK.load.concurrency)

REPORT_FILES = [
    f"{RESULTS}/report/{name}" for name in ("report.html", "report.md", "report.qmd", "verdict.txt")
]
DECISION_FILE = f"{RESULTS}/decision/decision.json"
TABLES = ("cells", "models", "accuracy", "judges")
TABLE_FILES = expand(f"{RESULTS}/tables/{{table}}.{{ending}}", table=TABLES, ending=("parquet", "csv"))
FIGURES = (
    "latency_by_concurrency",
    "throughput_by_concurrency",
    "errors",
    "accuracy_by_model",
    "accuracy_by_prompt_size",
    "cost_against_latency",
)
FIGURE_FILES = expand(
    f"{RESULTS}/figures/{{figure}}.{{ending}}",
    figure=FIGURES,
    ending=("svg", "png", "csv"),
)

REPORT_PARTS = Path("report") if Path.cwd() == PROJECT else PROJECT / "report"

# How to recreate the report, as the report itself says it.
BENCHMARK_FILES = [os.path.relpath(path) for path in workflow.configfiles]
COMMANDS = [
    "make report"
    + "".join(f" CONFIG={shlex.quote(path)}" for path in BENCHMARK_FILES if path != "config/config.yaml"),
]


wildcard_constraints:
    model="[A-Za-z0-9_-]+",
    load="c[0-9]+",
    block="[0-9]+",


def named_file(path):
    """A file that the benchmark names, as an input; nothing where it names none. Whoever changes it reruns the rule."""
    return [] if path is None else local(str(located(Path(path))))


def flags(*names):
    """Flags for the inputs of these names that a job has. Derived from `input`, so it is not recorded twice."""

    def given(wildcards, input):
        return [
            part
            for name in names
            if input.get(name)
            for part in (f"--{name.replace('_', '-')}", input.get(name))
        ]

    return given


def stage_script(name):
    """Command to run a stage. As a param that depends on `output` it is not recorded, so a moved project reruns nothing."""
    folder = Path("scripts") if Path.cwd() == PROJECT else PROJECT / "scripts"
    return lambda wildcards, output: str(folder / f"{name}.py")


def stage_code(name):
    """Hash of a stage's script and of every module it imports."""
    return fingerprint(PROJECT / "scripts" / f"{name}.py", [PROJECT, PROJECT / "scripts"])


def settings(**parts):
    """A stage's own part of the benchmark as canonical JSON."""
    return canonical_json({name: plain(part) for name, part in parts.items()})


def plain(part):
    """Settings models, alone or in lists and dicts, as plain values."""
    if hasattr(part, "model_dump"):
        return part.model_dump(mode="json")
    if isinstance(part, (list, tuple)):
        return [plain(item) for item in part]
    if isinstance(part, dict):
        return {key: plain(item) for key, item in part.items()}
    return part


def endpoint():
    """Where requests go. The behaviour file is an input of its own, so its path stays out."""
    return BENCHMARK.endpoint.model_dump(mode="json", exclude={"behaviour"})


# A measurement takes its quota whole, so that the cells of a model take turns and models run side by side.
# Every other job takes a hundredth of every measured quota: none of them runs while a cell is measured.
WHOLE_QUOTA = 100
MODEL_QUOTAS = {label: f"quota_{quota_key(BENCHMARK.endpoint, model.id)}" for label, model in MODELS.items()}
JUDGE_QUOTAS = {label: f"quota_{quota_key(BENCHMARK.endpoint, judge.id)}" for label, judge in JUDGES.items()}
BESIDE_NO_MEASUREMENT = {quota: 1 for quota in MODEL_QUOTAS.values()}

for quota in {*MODEL_QUOTAS.values(), *JUDGE_QUOTAS.values()}:
    workflow.global_resources.setdefault(quota, Resource(quota, WHOLE_QUOTA))


def measuring_order(label):
    """Priority of a model's cells: block by block, in an order inside a block that the seed draws."""

    def priority(wildcards):
        drawn = random.Random(f"{RUN.seed}/{label}/{wildcards.load}/{wildcards.block}").randrange(1000)
        return 1000 * (1 + len(BLOCKS) - int(wildcards.block)) + drawn

    return priority


def attempts(suffix, model=None):
    """The files that the invoke jobs of a model, or of all, write."""
    return expand(
        f"{RESULTS}/records/{{model}}/{{load}}/b{{block}}.{suffix}",
        model=model or list(MODELS),
        load=list(LOADS),
        block=BLOCKS,
    )


def verdicts(suffix):
    """The files that the judge jobs write."""
    return expand(
        f"{RESULTS}/verdicts/{{model}}/{{judge}}.{suffix}",
        model=list(MODELS),
        judge=list(JUDGES),
    )


def announce(dag):
    """After a run that made or checked the report: its path and the verdict in one line."""
    asked = {job.rule.name for job in dag.jobs}
    if "all" in asked and "verdict" not in asked:
        line = Path(RESULTS, "report", "verdict.txt").read_text(encoding="utf-8").strip()
        print(f"{RESULTS}/report/report.html: {line}", file=sys.stderr)
