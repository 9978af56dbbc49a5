"""Assay: which foundation model on Amazon Bedrock to use for prompts like yours, and how sure that is.

This file and rules/ say what depends on what. What the stages do stands in scripts/ and assay/.

    snakemake --cores 8                          the default benchmark, on the embedded simulator
    snakemake --cores 8 --configfile mine.yaml   yours: it replaces the default, it isn't merged into it
    snakemake estimate                           what it will cost: nothing is sent
    snakemake spent                              what it has cost so far
    snakemake label                              a page to label answers in: holds the judges against people
    snakemake verdict                            the verdict and the report's path, once there is a report
    snakemake compare --config before=x after=y  finished runs against each other: reads no benchmark
"""

import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")

PROJECT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))

# The project's folder as seen from the working directory: results don't depend on where the project lies.
HERE = Path() if Path.cwd() == PROJECT else PROJECT

# Rules call `python`, which has to be the one that runs Snakemake, and scripts import `assay` from here.
sys.path.insert(0, str(PROJECT))
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    PYTHONPATH=os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])),
)

# Imported here, since it lies in the project's folder.
from assay.comparison.settings import asked_for

REPORT_PARTS = HERE / "report"

# What every document is rendered with.
RENDER_PARTS = [
    local(str(REPORT_PARTS / part))
    for part in (
        "page.lua",
        "filter.lua",
        "text.lua",
        "style.css",
        "page.js",
        "page.html",
        "document.typ",
    )
]

if asked_for(config):

    include: "rules/compare.smk"

else:

    if not workflow.configfiles:

        configfile: str(HERE / "config" / "config.yaml")

    report: "report/workflow.rst"

    include: "rules/plan.smk"
    include: "rules/stages.smk"
    include: "rules/prompts.smk"
    include: "rules/spending.smk"
    include: "rules/registered.smk"
    include: "rules/preflight.smk"
    include: "rules/invoke.smk"
    include: "rules/search.smk"
    include: "rules/accuracy.smk"
    include: "rules/labels.smk"
    include: "rules/decision.smk"
    include: "rules/looks.smk"
    include: "rules/report.smk"
    include: "rules/following.smk"

    rule all:
        """Everything, down to the report."""
        default_target: True
        input:
            REPORT_FILES,
            PACKED_PAGES,
            DECISION_FILE,
            TABLE_FILES,
            FIGURE_FILES,
            ESTIMATE_FILE,
            PREFLIGHT_FILES,
        localrule: True
        message:
            f"All is made: {RESULTS}"

    rule verdict:
        """Print the report's path and the verdict in one line."""
        input:
            verdict=f"{RESULTS}/report/verdict.txt",
            report=f"{RESULTS}/report/report.html",
        log:
            f"{RESULTS}/logs/verdict.log",
        localrule: True
        conda:
            "envs/assay.yaml"
        message:
            "The report and its verdict"
        shell:
            'echo "{input.report}: $(cat {input.verdict:q})" | tee {log:q}'

    rule compare:
        """Two finished runs against each other, or several on each side. Here it only says what it needs."""
        input:
            which_to_compare,
        localrule: True

    onstart:
        check_labelling_asks_nothing(workflow.dag)
        check_what_is_left(workflow.dag)
        register_rule(workflow.dag)
        leave_plan(workflow.dag)

    onsuccess:
        announce(workflow.dag)
        note_end("done")

    onerror:
        note_end("failed")
