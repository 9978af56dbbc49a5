# What can be asked for: everything (the default), the verdict on the screen, publication.

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


rule all:
    """Everything, down to the report."""
    default_target: True
    input:
        REPORT_FILES,
        DECISION_FILE,
        TABLE_FILES,
        FIGURE_FILES,
    localrule: True


rule verdict:
    """Print the report's path and the verdict in one line."""
    input:
        verdict=f"{RESULTS}/report/verdict.txt",
        report=f"{RESULTS}/report/report.html",
    log:
        f"{RESULTS}/logs/verdict.log",
    localrule: True
    conda:
        "../envs/assay.yaml"
    shell:
        'echo "{input.report}: $(cat {input.verdict:q})" | tee {log:q}'


def announce(dag):
    """After a run that made or checked the report: its path and the verdict in one line."""
    asked = {job.rule.name for job in dag.jobs}
    if "all" in asked and "verdict" not in asked:
        line = Path(RESULTS, "report", "verdict.txt").read_text(encoding="utf-8").strip()
        print(f"{RESULTS}/report/report.html: {line}", file=sys.stderr)
