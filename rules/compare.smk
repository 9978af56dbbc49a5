# Finished runs against each other. Reads their folders and no benchmark, and plans nothing else.
#
# Asked for by `--config before=... after=...`: names of runs or their folders, one or several of each, separated by commas.

from pathlib import Path

from snakemake.exceptions import WorkflowError

from assay.canonical import canonical_json
from assay.comparison.runs import both_sides, name_of
from assay.comparison.settings import SIDES, runs_asked, settings_of
from assay.errors import InputError
from assay.fingerprint import Sources

ALL_RUNS = Path("results")

try:
    COMPARISON = settings_of(config, workflow.config_settings.config)
    WRITTEN = workflow.config_settings.config_args or ()
    BEFORE, AFTER = both_sides(*(runs_asked(config, side, WRITTEN) for side in SIDES), ALL_RUNS)
    RESULTS = f"{ALL_RUNS}/compare/{name_of(BEFORE, AFTER, ALL_RUNS)}"
except InputError as error:
    raise WorkflowError(str(error)) from None


include: "stages.smk"


rule compare:
    """What changed between two finished runs, or between several on each side: did the new model version get slower?"""
    default_target: True
    input:
        report=f"{RESULTS}/report/compare.html",
        verdict=f"{RESULTS}/report/verdict.txt",
    log:
        f"{RESULTS}/logs/compare.log",
    localrule: True
    conda:
        "../envs/assay.yaml"
    message:
        "The comparison and its verdict"
    shell:
        'echo {input.report:q}": $(cat {input.verdict:q})" | tee {log:q}'


rule compare_runs:
    """Tests every figure of one side against the other, and writes the page."""
    input:
        before=[str(file) for run in BEFORE for file in run.files],
        after=[str(file) for run in AFTER for file in run.files],
        template=local(str(REPORT_PARTS / "compare.qmd.j2")),
    output:
        json=f"{RESULTS}/compare.json",
        differences=f"{RESULTS}/tables/differences.csv",
        changes=f"{RESULTS}/tables/changes.csv",
        svg=f"{RESULTS}/figures/differences.svg",
        png=f"{RESULTS}/figures/differences.png",
        qmd=f"{RESULTS}/report/compare.qmd",
        verdict=f"{RESULTS}/report/verdict.txt",
    log:
        f"{RESULTS}/logs/compare_runs.log",
    conda:
        "../envs/assay.yaml"
    params:
        script=stage_script("compare"),
        code=stage_code("compare"),
        settings=settings_text(**plain(COMPARISON)),
        before=[str(run.folder) for run in BEFORE],
        after=[str(run.folder) for run in AFTER],
    message:
        "Compare the runs"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q}"
        " --before {params.before:q} --after {params.after:q} --template {input.template:q}"
        " --out-json {output.json:q} --out-differences {output.differences:q} --out-changes {output.changes:q}"
        " --out-svg {output.svg:q} --out-png {output.png:q} --out-qmd {output.qmd:q} --out-verdict {output.verdict:q}"


rule render_comparison:
    """The page as one self-contained HTML page, as Markdown and as PDF."""
    input:
        qmd=f"{RESULTS}/report/compare.qmd",
        figures=[f"{RESULTS}/figures/differences.{ending}" for ending in ("svg", "png")],
        parts=RENDER_PARTS,
    output:
        html=report(
            f"{RESULTS}/report/compare.html",
            caption="../report/captions/compare.rst",
            category="Comparison",
            labels={"file": "comparison"},
        ),
        pdf=report(
            f"{RESULTS}/report/compare.pdf",
            caption="../report/captions/compare.rst",
            category="Comparison",
            labels={"file": "comparison (PDF)"},
        ),
        md=f"{RESULTS}/report/compare.md",
    log:
        f"{RESULTS}/logs/render_comparison.log",
    conda:
        "../envs/assay.yaml"
    params:
        script=stage_script("render"),
        code=stage_code("render"),
    message:
        "Render the comparison"
    shell:
        "python {params.script:q} --log {log:q} --qmd {input.qmd:q} --parts {input.parts:q}"
        " --out-md {output.md:q} --out-html {output.html:q} --out-pdf {output.pdf:q}"
