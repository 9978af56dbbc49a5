"""Verdicts on a model's answers by one judge: who is asked what, and what the replies say.

How a judge is asked (sender, ledger, retries) is the caller's: a callable takes prompts and gives replies. Each
distinct prompt is asked once, however many answers lead to it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from assay.errors import InputError
from assay.judging.parsing import Verdict, parse
from assay.judging.prompt import JudgeTemplate
from assay.judging.reply import NOT_ASKED, Reply
from assay.judging.truth import contains_reference
from assay.whole import whole

Ask = Callable[[Sequence[str]], Sequence[Reply]]
"""Asks each prompt once and gives the replies in the prompts' order."""

_ANSWER_COLUMNS = ("model", "answer_id", "prompt_id", "question", "answers", "text")
_OF_BATCHES = ("bucket", "source", "times")
"""Those that judging in batches needs, too."""

SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("judge", pa.string()),
        ("judge_id", pa.string()),
        ("answer_id", pa.string()),
        ("prompt_id", pa.string()),
        ("verdict", pa.string()),
        ("explanation", pa.string()),
        ("raw", pa.string()),
        ("error", pa.string()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("e2e_ms", pa.float64()),
        ("tries", pa.int64()),
        ("tries_cost_unknown", pa.int64()),
        ("reused", pa.bool_()),
        ("rating", pa.float64()),
        ("repaired", pa.bool_()),
        ("output", pa.string()),
        ("verdict_again", pa.string()),
        ("rating_again", pa.float64()),
    ]
)
"""Columns of a verdicts file."""


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One judge's verdict on one distinct answer: a row of a verdicts file.

    `raw` is the judge's reply as it was, None if it failed; `error` is then the error kind. Where several answers
    lead to the same prompt, the first row carries the tokens, time and tries of asking it, and the others have 0
    tokens, 0 tries and no time, so that sums over rows are what was asked and paid. `reused` marks a verdict that another
    run has paid for.
    """

    model: str
    judge: str
    judge_id: str
    answer_id: str
    prompt_id: str
    verdict: Verdict
    explanation: str | None
    raw: str | None
    error: str | None
    input_tokens: int | None
    output_tokens: int | None
    e2e_ms: float | None
    tries: int
    tries_cost_unknown: int
    reused: bool = False
    rating: float | None = None
    """1 to 5, where that is what judges give."""
    repaired: bool = False
    """Whether the verdict is that of a second asking, since the first reply couldn't be read."""
    output: str | None = None
    """How the judge was made to reply in a fixed form: `json_schema`, `tool` or `text`; None where it didn't reply."""
    verdict_again: Verdict | None = None
    """What it said when it was asked the very same a second time; None where it wasn't."""
    rating_again: float | None = None


def read_answers(path: Path) -> list[dict[str, Any]]:
    """The rows of an answers file that judging needs. InputError if it can't be read or lacks a column."""
    try:
        table = pq.ParquetFile(path).read(columns=[*_ANSWER_COLUMNS, *_OF_BATCHES])
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{path}: expected a Parquet file of answers, made by the score stage ({error})"
        ) from error
    if missing := [name for name in _ANSWER_COLUMNS if name not in table.column_names]:
        raise InputError(f"{path}: has no column {missing[0]!r}; make it again with the score stage")
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def judge_prompts(answers: Iterable[Mapping[str, Any]], template: JudgeTemplate) -> list[str]:
    """The judge prompt of each answer, in the answers' order; equal answers to equal questions have equal prompts."""
    return [template.prompt(row["question"], row["answers"], row["text"]) for row in answers]


def verdict_rows(
    answers: Sequence[Mapping[str, Any]], template: JudgeTemplate, ask: Ask, *, judge: str, judge_id: str
) -> list[VerdictRow]:
    """One row per answer, in the answers' order, from asking each distinct prompt once.

    `answers` are rows of an answers file; `judge` is the judge's label, `judge_id` its Bedrock id.
    """
    prompts = judge_prompts(answers, template)
    distinct = list(dict.fromkeys(prompts))
    replies = ask(distinct)
    if len(replies) != len(distinct):
        raise ValueError(f"{len(distinct)} prompts were asked and {len(replies)} replies given")
    reply_to = dict(zip(distinct, replies, strict=True))
    seen: set[str] = set()
    rows = []
    for answer, prompt in zip(answers, prompts, strict=True):
        rows.append(_row(answer, reply_to[prompt], judge, judge_id, first=prompt not in seen))
        seen.add(prompt)
    return rows


def _row(answer: Mapping[str, Any], reply: Reply, judge: str, judge_id: str, *, first: bool) -> VerdictRow:
    verdict: Verdict
    if reply.text is None:
        verdict, explanation = "not_asked" if reply.error == NOT_ASKED else "failed", None
    else:
        parsed = parse(reply.text)
        verdict, explanation = parsed.verdict, parsed.explanation
    return VerdictRow(
        model=answer["model"],
        judge=judge,
        judge_id=judge_id,
        answer_id=answer["answer_id"],
        prompt_id=answer["prompt_id"],
        verdict=verdict,
        explanation=_storable(explanation),
        raw=_storable(reply.text),
        error=None if verdict == "not_asked" else reply.error,
        input_tokens=reply.input_tokens if first and verdict != "not_asked" else 0,
        output_tokens=reply.output_tokens if first and verdict != "not_asked" else 0,
        e2e_ms=reply.e2e_ms if first else None,
        tries=reply.tries if first else 0,
        tries_cost_unknown=reply.tries_cost_unknown if first else 0,
        reused=reply.reused,
    )


def _storable(text: str | None) -> str | None:
    """The text with lone surrogates, which a JSON escape cut in half leaves and Parquet refuses, as question marks."""
    return None if text is None else text.encode("utf-8", "replace").decode()


def verdict_counts(rows: Iterable[VerdictRow]) -> dict[str, int]:
    """How many rows have each verdict: correct, incorrect, unparseable, failed, not_asked, every one named."""
    counts = Counter(row.verdict for row in rows)
    return {verdict: counts[verdict] for verdict in get_args(Verdict)}


def write_verdicts(path: Path, rows: Iterable[VerdictRow]) -> None:
    """Write a verdicts file whole or not at all."""
    with whole(path) as temporary:
        pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows], schema=SCHEMA), temporary)


def tokens_about(text: str) -> int:
    """A rough token count, four bytes a token: enough for how long a simulated judge takes to read."""
    return len(text.encode()) // 4 + 1


def simulator_key(
    answers: Iterable[Mapping[str, Any]], template: JudgeTemplate, tokens: Callable[[str], int] = tokens_about
) -> list[dict[str, str | int | bool]]:
    """What the simulator's judges know of these answers: a line per distinct judge prompt, sorted by hash.

    Keys: `sha256` of the prompt's UTF-8 text in hex, `tokens`, and `correct`: whether the answer contains a
    reference (`truth.contains_reference`).
    """
    rows = list(answers)
    lines: dict[str, dict[str, str | int | bool]] = {}
    for row, prompt in zip(rows, judge_prompts(rows, template), strict=True):
        sha256 = hashlib.sha256(prompt.encode()).hexdigest()
        lines.setdefault(
            sha256,
            {
                "sha256": sha256,
                "tokens": tokens(prompt),
                "correct": contains_reference(row["text"], row["answers"]),
            },
        )
    return [lines[sha256] for sha256 in sorted(lines)]
