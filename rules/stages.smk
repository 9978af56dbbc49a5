# How a stage is told what it needs: its files, its part of the settings, and its place in the order of jobs.

import random
import subprocess

OUR_CODE = Sources([PROJECT, PROJECT / "scripts"])


def named_file(path):
    """A file that the benchmark names, as an input; nothing where it names none."""
    return [] if path is None else local(str(located(Path(path))))


def with_located_file(part):
    """Settings whose own `path`, if they have one, leads to the file from here."""
    path = getattr(part, "path", None)
    return part if path is None else part.model_copy(update={"path": located(path)})


def flags(*names):
    """Flags for the inputs of these names that a job has, with one file or several. Derived, so it is not recorded twice."""

    def given(wildcards, input):
        found = {name: input.get(name) for name in names if input.get(name)}
        return [
            part
            for name, files in found.items()
            for part in (
                f"--{name.replace('_', '-')}",
                *([files] if isinstance(files, str) else files),
            )
        ]

    return given


def stage_script(name):
    """Path of a stage's script. A param that depends on `output` isn't recorded, so a moved project reruns nothing."""
    return lambda wildcards, output: str(HERE / "scripts" / f"{name}.py")


def stage_code(name):
    """Hash of a stage's script and of every module it imports."""
    return OUR_CODE.fingerprint(PROJECT / "scripts" / f"{name}.py")


def settings_text(**parts):
    """A stage's own part of the benchmark as canonical JSON."""
    return canonical_json({name: plain(part) for name, part in parts.items()})


def settings(**parts):
    """The same as a param. A function, since Snakemake would look for wildcards in a text, and braces are the user's."""
    text = settings_text(**parts)
    return lambda wildcards: text


def plain(part):
    """Settings models, alone or in lists and dicts, as plain values."""
    if hasattr(part, "model_dump"):
        return part.model_dump(mode="json")
    if isinstance(part, (list, tuple)):
        return [plain(item) for item in part]
    if isinstance(part, dict):
        return {key: plain(item) for key, item in part.items()}
    return part


def priced(lines):
    """Models or judges as the tables need them: label, id, and what else their prices depend on."""
    return [
        {"label": label, "id": line.id, "service_tier": line.service_tier, "latency": line.latency}
        for label, line in lines.items()
    ]


def endpoint():
    """Where requests go. The behaviour file is an input of its own, so its path stays out; CloudWatch changes no request."""
    return BENCHMARK.endpoint.model_dump(mode="json", exclude={"behaviour", "cloudwatch"})


def attempts(suffix, model=None, ramps=True, blocks=None):
    """The files that the invoke jobs of a model, or of all, write; without those of ramps where these don't count."""
    return expand(
        f"{RESULTS}/records/{{model}}/{{load}}/b{{block}}.{suffix}",
        model=model or list(MODELS),
        load=[load for load in LOADS if ramps or load not in RAMPS],
        block=BLOCKS if blocks is None else range(blocks),
    )


def verdicts(suffix, results=RESULTS, **kept):
    """The files that the judge jobs write."""
    return expand(
        f"{results}/verdicts/{{model}}/{{judge}}.{suffix}",
        model=list(MODELS),
        judge=list(JUDGES),
        **kept,
    )


# Priorities of what comes before any measurement: an order without edges, since an edge would make every cell stale.
PRICES_FIRST, BUDGET_NEXT, PREFLIGHT_NEXT, LOOK_FIRST, MEASURED_BELOW = 30000, 20000, 19000, 18500, 18000


def measuring_order(label):
    """Priority of a model's cells: block by block, in an order inside a block that the seed draws."""
    step = min(1000.0, MEASURED_BELOW / (len(BLOCKS) + 1))

    def priority(wildcards):
        drawn = random.Random(f"{RUN.seed}/{label}/{wildcards.load}/{wildcards.block}").random()
        return step * (len(BLOCKS) - int(wildcards.block) + drawn)

    return priority


def look_before(label):
    """What the last look before a block says of a model. A ramp isn't what the decision is about: nothing ends it."""

    def found(wildcards):
        if wildcards.load in RAMPS:
            return []
        passed = [look for look, blocks in LOOKS.items() if blocks <= int(wildcards.block)]
        return f"{RESULTS}/looks/{passed[-1]}/{label}.json" if passed else []

    return found


def load_settings(wildcards):
    """The load of one cell and block. What belongs to the other kind of loop stays out, so that it makes nothing stale."""
    load, level = BENCHMARK.load, LOADS[wildcards.load]
    measured = {"requests": load.requests, "duration_s": load.duration_s}
    open_loop = {
        "arrivals": load.arrivals,
        "warmup_s": load.warmup_s,
        "max_in_flight": load.max_in_flight,
    }
    if level.ramp is not None:
        asked = {"ramp": plain(RAMPS[level.name]), **open_loop}
    elif level.rate_rps is not None:
        asked = {"rate_rps": level.rate_rps, **open_loop, **measured}
    else:
        asked = {"concurrency": level.concurrency, "warmup": load.warmup, **measured}
    return {
        **asked,
        "blocks": load.blocks,
        "workers": load.workers,
        "timeouts": plain(load.timeouts),
        "retry": plain(load.retry),
        "self_check": plain(load.self_check),
        "block": int(wildcards.block),
    }


def invoke_settings(model):
    """A model's part of the benchmark, for the load and block of a job."""

    def made(wildcards):
        return settings_text(
            run={"name": RUN.name, "edition": RUN.edition, "seed": RUN.seed},
            endpoint=endpoint(),
            model=model,
            inference=model.inference.over(BENCHMARK.inference),
            load=load_settings(wildcards),
            **({"stop": CELLS_END} if CELLS_END and wildcards.load not in RAMPS else {}),
        )

    return made


def enough_params():
    """Where cells may end early: hash of the script that says when, which a measurement calls and doesn't import."""
    return {"enough": stage_code("enough")} if CELLS_END else {}


def search_settings(model):
    """A model's part of the benchmark, for the search for its highest rate. Limits that no rate can break stay out."""
    load = BENCHMARK.load
    return settings(
        run={"name": RUN.name, "edition": RUN.edition, "seed": RUN.seed},
        endpoint=endpoint(),
        model=model,
        inference=model.inference.over(BENCHMARK.inference),
        search=load.search,
        load={
            "arrivals": load.arrivals,
            "warmup_s": load.warmup_s,
            "max_in_flight": load.max_in_flight,
            "workers": load.workers,
            "timeouts": plain(load.timeouts),
            "retry": plain(load.retry),
            "self_check": plain(load.self_check),
        },
        limits=BENCHMARK.limits.on_service,
        dataset_of_interest=BENCHMARK.dataset_of_interest,
        confidence=BENCHMARK.decision.confidence,
    )


def reused_ledgers(folders):
    """Params of a stage that takes answers from other runs' ledgers: which these are, and what changes when one grows."""
    given = ["--reuse", *map(str, folders)] if folders else []
    there = canonical_json(sizes(folders))
    params = {"reuse": lambda wildcards, output: given}
    return {**params, "reused": lambda wildcards: there} if folders else params


def cap(job):
    """Params of a stage that buys: the cap, and how many caps too low for this job have been tried (`assay.spending.capped`).

    The flags are derived from `output`, so they aren't recorded: neither a price nor a cap makes a cell stale. The count
    is: it grows where a job was capped and the cap has risen since. `job` names the job, with its wildcards.
    """

    def noted(wildcards):
        return Path(LEDGER, "capped", RUN.name, job.format(**wildcards) + ".json")

    def given(wildcards, output):
        most = [] if MAX_USD is None else ["--max-usd", str(MAX_USD), "--prices", PRICES]
        return [*most, *RULE_FLAGS, "--capped", str(noted(wildcards))]

    return {"cap": given, "caps_too_low": lambda wildcards: too_low(noted(wildcards), MAX_USD)}


def tried_in_vain(job):
    """Params of a judge's stage: how often its job ended without the judge working (`assay.judging.standing`).

    Where to count it is derived from `output`, so it isn't recorded. The count is: it grows where the judge didn't work, so the
    job runs again when the workflow does, and asks what failed.
    """

    def noted(wildcards):
        return Path(LEDGER, "spoilt", RUN.name, job.format(**wildcards) + ".json")

    return {
        "spoilt": lambda wildcards, output: ["--spoilt", str(noted(wildcards))],
        "times_in_vain": lambda wildcards: times(noted(wildcards)),
    }


def score_settings(wildcards):
    """Which model's answers are scored, metrics with settings, and, where answers are reused, what it is asked with."""
    metrics = metrics_with_settings(BENCHMARK.dataset)
    if not BENCHMARK.reuse:
        return settings_text(model=wildcards.model, **metrics)
    model = MODELS[wildcards.model]
    asked = {"endpoint": endpoint(), "model": model, "inference": model.inference.over(BENCHMARK.inference)}
    return settings_text(
        model=wildcards.model, asks={name: plain(part) for name, part in asked.items()}, **metrics
    )


def judge_settings(judge, at_look=False):
    """A judge's part of the benchmark, for the model of a job. At a look nothing is asked twice: that isn't what it decides by."""
    asked = judge.model_copy(update={"inference": judge.inference.over(BENCHMARK.judges.inference)})

    def made(wildcards):
        return settings_text(
            run={"name": RUN.name, "edition": RUN.edition, "seed": RUN.seed},
            endpoint=endpoint(),
            model=wildcards.model,
            judge=asked,
            concurrency=BENCHMARK.judges.concurrency,
            timeouts=BENCHMARK.judges.timeouts,
            retry=BENCHMARK.judges.retry,
            quota=BENCHMARK.judges.quota,
            verdict=BENCHMARK.judges.verdict,
            abstention=BENCHMARK.judges.abstention,
            repair=BENCHMARK.judges.repair,
            asked_twice=0 if at_look else BENCHMARK.judges.asked_twice,
            **({"stop": JUDGING_ENDS} if JUDGING_ENDS else {}),
        )

    return made


def preflight_settings():
    """How every model and judge is asked, and what the plan asks of their quotas."""
    asked = [
        {
            "key": f"models[{index}]",
            "role": "model",
            "model": model,
            "inference": model.inference.over(BENCHMARK.inference),
        }
        for index, model in enumerate(BENCHMARK.models)
    ]
    judges = [
        {
            "key": f"judges.panel[{index}]",
            "role": "judge",
            "model": judge.model_dump(mode="json", exclude={"output"}),
            "inference": judge.inference.over(BENCHMARK.judges.inference),
        }
        for index, judge in enumerate(BENCHMARK.judges.panel if BENCHMARK.judges else ())
    ]
    load = BENCHMARK.load
    return settings(
        run={"name": RUN.name, "edition": RUN.edition, "seed": RUN.seed},
        endpoint=endpoint(),
        lines=[*asked, *judges],
        load={
            "concurrency": load.concurrency,
            "rates_rps": load.rates_rps,
            "ramps_rps": [max(ramp.ends) for ramp in load.ramps],
        },
        quotas=BENCHMARK.quotas,
        preflight=BENCHMARK.preflight,
    )


def decide_settings(wildcards):
    """What the choice is made by, and which of the planned looks this is: the last one, unless the job is another's."""
    look = {
        "number": int(wildcards.get("look", PLANNED_LOOKS)),
        "of": PLANNED_LOOKS,
        "blocks": len(BLOCKS),
        "least_requests": BENCHMARK.stop.min_requests if LOOKS else 0,
    }
    return settings_text(
        models=priced(MODELS),
        limits=BENCHMARK.limits,
        decision=BENCHMARK.decision,
        dataset_of_interest=BENCHMARK.dataset_of_interest,
        traffic=BENCHMARK.traffic,
        concurrency=[level.concurrency for level in LOADS.values() if level.concurrency is not None],
        rates_rps=[level.rate_rps for level in LOADS.values() if level.rate_rps is not None],
        **({"look": look} if LOOKS else {}),
        **({} if "look" in wildcards.keys() else {"registered": {"run": RUN.name, "rule": RULE}}),
        # People label answers when a run has ended: looks at it go by the judges.
        **({"labels": labels_settings()} if LABELS and "look" not in wildcards.keys() else {}),
    )


def labels_settings():
    """What a file of labels is read by."""
    return {"seed": RUN.seed, "verdict": BENCHMARK.judges.verdict if JUDGES else "correctness"}


def earlier_looks(wildcards, input):
    """Flags for the decisions of earlier looks. Derived from `input`, so they are not recorded twice."""
    found = input.get("earlier") or []
    return ["--earlier", *([found] if isinstance(found, str) else found)] if found else []


def what_to_publish(wildcards):
    """The report and its data, if the benchmark says where to put them."""
    if BENCHMARK.publish is None:
        raise WorkflowError(
            "publish: the benchmark has no section `publish`, so there is no place to put the report."
            " Add one with the S3 bucket, such as:\n\n    publish:\n      bucket: my-reports\n"
        )
    records = [*attempts("parquet"), *attempts("json")]
    return [*REPORT_FILES, *FIGURE_FILES, *TABLE_FILES, DECISION_FILE, *records]


def which_to_compare(wildcards):
    """Without runs there is nothing to compare: with them, rules/compare.smk is read in place of all other rules."""
    raise WorkflowError(
        "compare: which runs? Name finished runs or their folders, one or several on each side, such as:\n\n"
        "    snakemake compare --cores 4 --config before=monday after=friday\n"
    )


def announce(dag):
    """After a run that made or checked the report: its path and the verdict in one line."""
    asked = {job.rule.name for job in dag.jobs}
    if "all" in asked and "verdict" not in asked:
        line = Path(RESULTS, "report", "verdict.txt").read_text(encoding="utf-8").strip()
        print(f"{RESULTS}/report/report.html: {line}", file=sys.stderr)


def check_labelling_asks_nothing(dag):
    """Whoever labels wants no paid run: WorkflowError where the answers or verdicts to label by would have to be bought first."""
    waiting = [job for job in dag.needrun_jobs() if job.rule.name.startswith(BUYING)]
    if waiting and any(job.rule.name == "label" for job in dag.jobs):
        missing = [path for job in waiting for path in job.output if not Path(path).exists()]
        what = f"{missing[0]} isn't there" if missing else f"{waiting[0].output[0]} is out of date"
        raise WorkflowError(
            f"label: {what}, and labelling buys nothing (jobs that would ask models or judges first: {len(waiting)})."
            " Run `snakemake` as for the report, and then `snakemake label`."
        )


def check_what_is_left(dag):
    """Before a run that goes on: what it will still cost. WorkflowError where that is above the budget.

    Where the check is among the jobs, it comes first anyway. Without prompts or prices there is nothing to go by; the cap
    holds all the same.
    """
    waiting = {job.rule.name for job in dag.needrun_jobs()}
    known = all(Path(path).exists() for path in (PROMPTS, PRICES))
    if "check_budget" in waiting or not any(name.startswith(BUYING) for name in waiting) or not known:
        return
    values = {name: ESTIMATE_PARAMS[name](None, None) for name in DERIVED}
    named = {
        "--settings": ESTIMATE_SETTINGS,
        "--prompts": PROMPTS,
        "--prices": PRICES,
        "--system": SYSTEM,
        "--judge-prompt": JUDGE_PROMPT,
        "--behaviour": BEHAVIOUR,
        "--accuracy": values["accuracy"],
        "--ledger": values["ledger"],
        "--cores": values["cores"],
        "--log": f"{RESULTS}/logs/what_is_left.log",
    }
    given = [str(part) for flag, value in named.items() if value for part in (flag, value)]
    command = [sys.executable, values["script"], *given, *values["searches"], *values["looks"], "--check"]
    if subprocess.run(command).returncode != 0:
        raise WorkflowError("The run doesn't go on: see the error above.")
