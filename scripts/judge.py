"""One judge's verdicts on one model's answers: asks what the ledger doesn't hold yet."""

import argparse
import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import budget
import command

from assay.bedrock.request import Line
from assay.judging.asking import Asking
from assay.judging.batches import Batches
from assay.judging.prompt import read_template
from assay.judging.reply import Reply
from assay.judging.settings import JudgeJob
from assay.judging.verdicts import read_answers, simulator_key, verdict_counts, verdict_rows, write_verdicts
from assay.ledger import reuse
from assay.ledger.files import about, file_name
from assay.ledger.ledger import opened
from assay.sender.identity import identity
from assay.sender.target import reached


def main(arguments: argparse.Namespace) -> None:
    settings: JudgeJob = arguments.settings
    endpoint = command.endpoint(settings.endpoint, arguments.behaviour)
    judge = settings.judge
    template = read_template(arguments.prompt)
    answers = read_answers(arguments.answers)
    name, region = identity(endpoint, judge.id)
    asking = Asking(
        name=f"judge {judge.label} on {settings.model}",
        label=judge.label,
        endpoint=name,
        region=region,
        line=Line(judge, judge.inference),
        edition=settings.run.edition,
        concurrency=settings.concurrency,
        timeouts=settings.timeouts,
        retry=settings.retry,
        quota=settings.quota,
        seed=settings.run.seed,
        cap=budget.cap(arguments, settings.run.name),
    )
    if arguments.reuse:
        asking.reuse = partial(reuse.answers, arguments.reuse, role="judge")
    asks = {"endpoint": name, "region": region, "line": asking.line.identity()}
    whose = about(settings.run.name, "judge", judge)
    with (
        opened(arguments.ledger / file_name("judge", judge.id, asks), whose) as ledger,
        tempfile.TemporaryDirectory(prefix="assay-judge-") as folder,
    ):
        key = Path(folder) / "answer_key.jsonl"
        lines = simulator_key(answers, template) if endpoint.kind == "simulator" else []
        key.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

        def ask(prompts: Sequence[str]) -> list[Reply]:
            return asking.replies(prompts, ledger, lambda: reached(endpoint, key))

        batches = settings.stop and Batches(answers, template, ask, settings.stop, settings.run.seed)
        rows = verdict_rows(answers, template, batches or ask, judge=judge.label, judge_id=judge.id)
        write_verdicts(arguments.out_verdicts, rows)
        counts = {
            "judge": judge.label,
            "model": settings.model,
            **budget.ended(arguments, asking.capped),
            **(batches.told(asking.capped) if batches else {}),
            "asked": asking.requests_sent,
            "throttled": asking.throttled,
            "from_ledger": asking.from_ledger,
            "reused": asking.reused,
            **verdict_counts(rows),
        }
        command.write_text(arguments.out_status, json.dumps(counts, indent=1) + "\n")


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings", type=command.settings(JudgeJob), required=True, help="JSON: this job's part"
    )
    made.add_argument("--answers", type=Path, required=True, help="the model's answers, of the score stage")
    made.add_argument("--prompt", type=Path, required=True, help="text file with the judge prompt")
    made.add_argument(
        "--behaviour", type=Path, help="the simulator's behaviour file, if not the settings' own path"
    )
    made.add_argument("--ledger", type=Path, required=True, help="folder of the ledger")
    made.add_argument("--reuse", type=Path, nargs="*", default=[], help="folders of other runs' ledgers")
    budget.add(made)
    made.add_argument("--out-verdicts", type=Path, required=True, help="where to write the verdicts, Parquet")
    made.add_argument("--out-status", type=Path, required=True, help="where to write how it went, JSON")
    command.run(main, made)
