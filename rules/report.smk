# The report: figures, the document, its renderings, and its publication.

for figure in FIGURES:

    rule:
        name:
            f"figure_{figure}"
        input:
            **FIGURES_READ.get(figure, {}),
            cells=f"{RESULTS}/tables/cells.parquet",
            models=f"{RESULTS}/tables/models.parquet",
            accuracy=f"{RESULTS}/tables/accuracy.parquet",
            periods=f"{RESULTS}/tables/periods.parquet",
            ramps=f"{RESULTS}/tables/ramps.parquet",
            decision=DECISION_FILE,
        output:
            svg=report(
                f"{RESULTS}/figures/{figure}.svg",
                caption=f"../report/captions/{figure}.rst",
                category="Figures",
                labels={"figure": figure.replace("_", " ")},
            ),
            png=f"{RESULTS}/figures/{figure}.png",
            csv=f"{RESULTS}/figures/{figure}.csv",
        log:
            f"{RESULTS}/logs/figures/{figure}.log",
        conda:
            "../envs/assay.yaml"
        resources:
            **BESIDE_NO_MEASUREMENT,
        params:
            script=stage_script("figures"),
            code=stage_code("figures"),
            settings=settings(
                models=list(MODELS),
                buckets=BENCHMARK.buckets,
                dataset_of_interest=BENCHMARK.dataset_of_interest,
                concurrency=LEVEL_OF_INTEREST.concurrency,
                rate_rps=LEVEL_OF_INTEREST.rate_rps,
                limits=BENCHMARK.limits,
                confidence=BENCHMARK.decision.confidence,
                simulated=SIMULATED,
            ),
            figure=figure,
            more=flags(*FIGURES_READ.get(figure, {})),
        message:
            f"Draw the figure {figure}"
        shell:
            "python {params.script:q} --settings {params.settings:q} --log {log:q}"
            " --cells {input.cells:q} --models {input.models:q} --accuracy {input.accuracy:q}"
            " --periods {input.periods:q} --ramps {input.ramps:q} --decision {input.decision:q} {params.more:q}"
            " --figure {params.figure:q}"
            " --out-svg {output.svg:q} --out-png {output.png:q} --out-csv {output.csv:q}"


rule report:
    """The report as one static Quarto document, every number in its place, and the verdict in one line."""
    input:
        cells=f"{RESULTS}/tables/cells.parquet",
        models=f"{RESULTS}/tables/models.parquet",
        accuracy=f"{RESULTS}/tables/accuracy.parquet",
        of_accuracy=expand(f"{RESULTS}/tables/{{table}}.parquet", table=ACCURACY_TABLES),
        of_requests=expand(
            f"{RESULTS}/tables/{{table}}.parquet",
            table=("loads", "distribution", "cost_parts"),
        ),
        periods=f"{RESULTS}/tables/periods.parquet",
        ramps=f"{RESULTS}/tables/ramps.parquet",
        decision=DECISION_FILE,
        prices=PRICES,
        source=SOURCE,
        buckets=BUCKETS,
        estimate=ESTIMATE_FILE,
        preflight=PREFLIGHT_FILES,
        statuses=attempts("json"),
        verdict_statuses=verdicts("json"),
        cloudwatch=CLOUDWATCH_FILES,
        searches=SEARCH_FILES,
        search_records=SEARCH_RECORDS,
        figures=FIGURE_FILES,
        template=local(str(REPORT_PARTS / "report.qmd.j2")),
        parts=[local(str(part)) for part in sorted((REPORT_PARTS / "sections").glob("*.qmd.j2"))],
    output:
        qmd=f"{RESULTS}/report/report.qmd",
        verdict=f"{RESULTS}/report/verdict.txt",
        provenance=PROVENANCE,
    log:
        f"{RESULTS}/logs/report.log",
    conda:
        "../envs/assay.yaml"
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        script=stage_script("report"),
        code=stage_code("report"),
        settings=settings(benchmark=BENCHMARK, commands=COMMANDS),
        cloudwatch=lambda wildcards, input: (["--cloudwatch", *input.cloudwatch] if input.cloudwatch else []),
        preflight=lambda wildcards, input: (["--preflight", *PREFLIGHT_FILES] if PREFLIGHT_FILES else []),
        search=lambda wildcards, input: (
            ["--searches", *input.searches, "--search-records", *input.search_records]
            if input.searches
            else []
        ),
    message:
        "Write the report"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q}"
        " --cells {input.cells:q} --models {input.models:q} --accuracy {input.accuracy:q} --of-accuracy {input.of_accuracy:q}"
        " --of-requests {input.of_requests:q}"
        " --periods {input.periods:q} --ramps {input.ramps:q}"
        " --decision {input.decision:q} --prices {input.prices:q} --source {input.source:q} --buckets {input.buckets:q}"
        " --estimate {input.estimate:q}"
        " --statuses {input.statuses:q} --verdict-statuses {input.verdict_statuses:q} --figures {input.figures:q} --template {input.template:q}"
        " {params.cloudwatch:q} {params.preflight:q} {params.search:q}"
        " --out-qmd {output.qmd:q} --out-verdict {output.verdict:q} --out-provenance {output.provenance:q}"


rule mistakes:
    """Answers worth reading, with what was said of them: a page of its own beside the report."""
    input:
        answers=ANSWERS,
        verdicts=verdicts("parquet"),
        labels=LABELS,
        template=local(str(REPORT_PARTS / "mistakes.qmd.j2")),
    output:
        f"{RESULTS}/report/mistakes.qmd",
    log:
        f"{RESULTS}/logs/mistakes.log",
    conda:
        "../envs/assay.yaml"
    resources:
        **BESIDE_NO_MEASUREMENT,
    params:
        script=stage_script("mistakes"),
        code=stage_code("mistakes"),
        settings=settings(
            title=BENCHMARK.report.title or f"Benchmark {RUN.name}",
            simulated=SIMULATED,
            seed=RUN.seed,
            models=list(MODELS),
            buckets=[bucket.name for bucket in BENCHMARK.buckets],
            judges=list(JUDGES),
            verdict=BENCHMARK.judges.verdict if JUDGES else "correctness",
            examples=BENCHMARK.report.examples,
        ),
        verdicts=lambda wildcards, input: (["--verdicts", *input.verdicts] if input.verdicts else []),
        labels=flags("labels"),
    message:
        "Write the page of mistakes"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q}"
        " --answers {input.answers:q} {params.verdicts:q} {params.labels:q}"
        " --template {input.template:q} --out {output:q}"


for rule_name, page in {"render": "report", "render_mistakes": "mistakes"}.items():

    rule:
        """A document as one self-contained HTML page, as Markdown and as PDF."""
        name:
            rule_name
        input:
            qmd=f"{RESULTS}/report/{page}.qmd",
            figures=FIGURE_FILES if page == "report" else [],
            parts=RENDER_PARTS,
        output:
            html=f"{RESULTS}/report/{page}.html",
            # Of a page as it is, browsers show nothing in a report of one file: see assay/document/packed.py.
            packed=report(
                f"{RESULTS}/report/packed/{page}.html",
                caption=f"../report/captions/{page}.rst",
                category="Report",
                labels={"file": page},
            ),
            pdf=report(
                f"{RESULTS}/report/{page}.pdf",
                caption=f"../report/captions/{page}.rst",
                category="Report",
                labels={"file": f"{page} (PDF)"},
            ),
            md=f"{RESULTS}/report/{page}.md",
        log:
            f"{RESULTS}/logs/{rule_name}.log",
        conda:
            "../envs/assay.yaml"
        resources:
            **BESIDE_NO_MEASUREMENT,
        params:
            script=stage_script("render"),
            code=stage_code("render"),
        message:
            f"Render the page: {page}"
        shell:
            "python {params.script:q} --log {log:q} --qmd {input.qmd:q} --parts {input.parts:q}"
            " --out-md {output.md:q} --out-html {output.html:q} --out-pdf {output.pdf:q}"
            " --out-packed {output.packed:q}"


rule publish:
    """Put the report and its data into S3. Runs only when it is asked for, and then every time."""
    input:
        what_to_publish,
    log:
        f"{RESULTS}/logs/publish.log",
    localrule: True
    conda:
        "../envs/assay.yaml"
    params:
        script=stage_script("publish"),
        settings=settings(publish=BENCHMARK.publish, run=RUN.name),
        root=RESULTS,
    message:
        "Publish the report"
    shell:
        "python {params.script:q} --settings {params.settings:q} --log {log:q} --root {params.root:q} --files {input:q}"
