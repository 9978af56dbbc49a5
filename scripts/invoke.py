"""The cells of one model at one load: sends what the ledger doesn't hold yet, and writes the records of all."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import budget
import command
import line_asked

from assay.errors import InputError
from assay.ledger.files import about, file_name
from assay.ledger.ledger import opened
from assay.ledger.registered import of_measurement
from assay.measurement.connections import opened as opened_connections
from assay.measurement.job import Job, cells, measure, self_checks
from assay.measurement.records import records
from assay.measurement.settings import Invoke
from assay.measurement.validity import verdicts
from assay.measurement.workers import Workers, workers_for
from assay.prompts.prompt import Prompt, read_prompts
from assay.records.attempts import write
from assay.sender.target import reached
from assay.stopping.standing import not_measured, not_sent, note_once, nothing_sent, stop_note


def main(arguments: argparse.Namespace) -> None:
    settings: Invoke = arguments.settings
    if arguments.look is not None and (reason := not_measured(arguments.look)) is not None:
        buckets = dict.fromkeys(prompt.bucket for prompt in read_prompts(arguments.prompts))
        write(arguments.out_records, [])
        command.write_text(arguments.out_status, json.dumps(nothing_sent(buckets, reason), indent=1) + "\n")
        return
    budget.announce(arguments, settings.run.name)
    endpoint, asked = line_asked.asked(arguments)
    prompts: dict[str, list[Prompt]] = {}
    for prompt in read_prompts(arguments.prompts):
        prompts.setdefault(prompt.bucket, []).append(prompt)
    load = settings.load
    stopped = known_enough(arguments) if settings.stop is not None and load.block > 0 else {}
    prompts = {bucket: drawn for bucket, drawn in prompts.items() if bucket not in stopped}
    job = Job(
        settings.model.label,
        asked,
        load,
        load.timeouts,
        load.retry,
        settings.run.seed,
        prompts,
        cap=budget.cap(arguments, settings.run.name),
    )
    ledger_file = file_name("invoke", settings.model.id, asked.identity, load.name, f"b{load.block}")
    whose = about(settings.run.name, "invoke", settings.model)
    with opened(arguments.ledger / ledger_file, whose) as ledger:
        for bucket, reason in stopped.items():
            note_once(ledger, stop_note(bucket, reason, settings.run.edition, settings.stop))
        count = workers_for(load)
        by_workers = Workers(count, endpoint) if count > 1 else None
        sat = measure(job, ledger, lambda: reached(endpoint, arguments.answer_key), by_workers)
        rows = records(job, ledger)
        write(arguments.out_records, rows)
        incomplete = [bucket for bucket, one in cells(job, ledger).items() if one.wanted]
        times = sorted(row["dispatched_utc"] for row in rows if row["dispatched_utc"])
        measured = (
            row["dispatched_utc"] for row in rows if row["role"] == "measured" and row["dispatched_utc"]
        )
        status = {
            **budget.ended(arguments, sat.capped if incomplete else None),
            "incomplete": incomplete,
            "sittings": len({row["sitting"] for row in rows if row["role"] == "measured"}),
            "workers": count,
            "requests_sent": sat.requests_sent,
            "from_ledger": sat.from_ledger,
            "dropped_lines": ledger.dropped_lines,
            "repaired_lines": ledger.repaired_lines,
            "started_utc": times[0].isoformat(timespec="seconds") if times else None,
            "ended_utc": times[-1].isoformat(timespec="seconds") if times else None,
            "registered": of_measurement(arguments.ledger, settings.run.name, min(measured, default=None)),
            "connections": opened_connections(rows),
            "host": {
                "cores": os.cpu_count(),
                "machine": platform.machine(),
                "python": platform.python_version(),
            },
            "cells": verdicts(self_checks(job, ledger), rows, load.self_check) | not_sent(stopped),
        }
        command.write_text(arguments.out_status, json.dumps(status, indent=1) + "\n")


def known_enough(arguments: argparse.Namespace) -> dict[str, str]:
    """Buckets of which enough is known, with the reason: asked in a process of its own, since it takes heavy imports."""
    given = ["--settings", arguments.settings.model_dump_json(), "--prompts", arguments.prompts]
    given += ["--system", arguments.system] if arguments.system else []
    given += ["--behaviour", arguments.behaviour] if arguments.behaviour else []
    asked = [sys.executable, arguments.enough, *given, "--ledger", arguments.ledger]
    with tempfile.TemporaryDirectory(prefix="assay-enough-") as folder:
        answer = Path(folder) / "stopped.json"
        if subprocess.run([*asked, "--out", answer]).returncode:
            raise InputError("whether enough is known of a cell can't be told: see the error above")
        found: dict[str, str] = json.loads(answer.read_text(encoding="utf-8"))
        return found


if __name__ == "__main__":
    made = command.parser(__doc__)
    line_asked.add(made, Invoke, "this job's part")
    made.add_argument("--answer-key", type=Path, help="what a simulator knows of the prompts")
    made.add_argument(
        "--enough",
        type=Path,
        default=Path(__file__).with_name("enough.py"),
        help="the script that says of which buckets enough is known",
    )
    made.add_argument("--look", type=Path, help="what the last look at the decision says of this model, JSON")
    budget.add(made)
    made.add_argument("--out-records", type=Path, required=True, help="where to write the records, Parquet")
    made.add_argument("--out-status", type=Path, required=True, help="where to write how it went, JSON")
    command.run(main, made)
