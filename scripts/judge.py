"""One judge's verdicts on one model's answers: asks what the ledger doesn't hold yet."""

import argparse
import hashlib
import json
import logging
import tempfile
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import budget
import command

from assay.bedrock.request import Line
from assay.judging.asking import Asking
from assay.judging.batches import Batches
from assay.judging.prompt import read_template
from assay.judging.reading import Reading
from assay.judging.repair import Repairing
from assay.judging.reply import Ask, Reply
from assay.judging.schema import Form
from assay.judging.settings import JudgeJob
from assay.judging.spoilt import note
from assay.judging.standing import why_not_working
from assay.judging.verdicts import (
    Twice,
    judge_prompts,
    read_answers,
    simulator_key,
    verdict_counts,
    verdict_rows,
    with_documents,
    write_verdicts,
)
from assay.ledger import reuse
from assay.ledger.files import about, file_name
from assay.ledger.ledger import opened
from assay.sender.identity import identity
from assay.sender.target import reached


def main(arguments: argparse.Namespace) -> None:
    settings: JudgeJob = arguments.settings
    budget.announce(arguments, settings.run.name)
    endpoint = command.endpoint(settings.endpoint, arguments.behaviour)
    judge = settings.judge
    form = Form(settings.verdict, settings.abstention)
    template = read_template(arguments.prompt)
    form.check(template.text, str(arguments.prompt))
    answers = read_answers(arguments.answers)
    if template.wants_context:
        answers = with_documents(answers, arguments.prompts)
    texts = zip(judge_prompts(answers, template), answers, strict=True)
    reading = Reading(form, {prompt: answer["text"] for prompt, answer in texts})
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
        form=form,
        output=judge.output,
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
        simulated = endpoint.kind == "simulator"
        lines = simulator_key(answers, template, repair=form) if simulated else []
        key.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

        def ask(prompts: Sequence[str], again: bool = False) -> list[Reply]:
            return asking.replies(prompts, ledger, lambda: reached(endpoint, key), again=again)

        def asks_of(again: bool) -> Ask:
            each = partial(ask, again=again)
            return Repairing(each, reading) if settings.repair else each

        first = asks_of(again=False)
        batches = settings.stop and Batches(
            answers, template, first, settings.stop, settings.run.seed, reading
        )
        rows = verdict_rows(
            answers,
            template,
            batches or first,
            judge=judge.label,
            judge_id=judge.id,
            reading=reading,
            twice=Twice(asks_of(again=True), settings.run.seed, settings.asked_twice),
        )
        write_verdicts(arguments.out_verdicts, rows)
        not_working = why_not_working(
            ((row.verdict, row.error) for row in rows), asking.broken, asking.last_error, judge.output
        )
        if not_working:
            logging.error("judge %s is not working on %s: %s", judge.label, settings.model, not_working)
        if arguments.spoilt is not None:
            note(arguments.spoilt, not_working is None)
        counts = {
            "judge": judge.label,
            "model": settings.model,
            "prompt_sha256": hashlib.sha256(template.text.encode()).hexdigest(),
            **budget.ended(arguments, asking.capped),
            **(batches.told(asking.capped) if batches else {}),
            "asked": asking.requests_sent,
            "throttled": asking.throttled,
            "from_ledger": asking.from_ledger,
            "reused": asking.reused,
            "working": not_working is None,
            "not_working": not_working,
            "output": dict(Counter(row.output for row in rows if row.output is not None)),
            "repaired": sum(row.repaired for row in rows),
            "asked_twice": sum(row.verdict_again is not None for row in rows),
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
        "--prompts",
        type=Path,
        help="prompts.parquet of the bucket stage; needed where the judge prompt has {context}",
    )
    made.add_argument(
        "--behaviour", type=Path, help="the simulator's behaviour file, if not the settings' own path"
    )
    made.add_argument("--ledger", type=Path, required=True, help="folder of the ledger")
    made.add_argument("--reuse", type=Path, nargs="*", default=[], help="folders of other runs' ledgers")
    budget.add(made)
    made.add_argument(
        "--spoilt", type=Path, help="where to count, beside the ledger, that the judge isn't working"
    )
    made.add_argument("--out-verdicts", type=Path, required=True, help="where to write the verdicts, Parquet")
    made.add_argument("--out-status", type=Path, required=True, help="where to write how it went, JSON")
    command.run(main, made)
