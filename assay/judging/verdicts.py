"""Verdicts on a model's answers by one judge: who is asked what, and what the replies say.

How a judge is asked (sender, ledger, retries, repair) is the caller's: a callable takes prompts and gives replies. Each
distinct prompt is asked once, however many answers lead to it; some, drawn at random, are asked a second time.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from assay.errors import InputError
from assay.judging.parsing import Verdict
from assay.judging.prompt import JudgeTemplate, document
from assay.judging.reading import Reading
from assay.judging.repair import repair_prompt
from assay.judging.reply import Ask, Reply, with_costs_of
from assay.judging.schema import Form
from assay.judging.truth import contains_reference
from assay.prompts.prompt import read_prompts
from assay.whole import whole

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
        ("raw_before_repair", pa.string()),
    ]
)
"""Columns of a verdicts file."""


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One judge's verdict on one distinct answer: a row of a verdicts file.

    `raw` is the judge's reply as it was, None if it failed; `error` is then the error kind. Where several answers
    lead to the same prompt, the first row carries the tokens, time and tries of asking it, and the others have 0
    tokens, 0 tries and no time, so that sums over rows are what was asked and paid: also of a repair and of a second
    asking, but for the time, which is that of the reply that counted. `reused` marks a verdict that another run has paid for.
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
    raw_before_repair: str | None = None
    """The first reply, where another one took its place."""


@dataclass(frozen=True, slots=True)
class Twice:
    """Which answers a judge is asked about a second time, and how.

    Drawn by a hash of the seed and the answer's id: the same for every judge, and more answers or a larger `count` only add
    to what was drawn, or take the place of some. Verdicts that another run has paid for aren't drawn.
    """

    ask: Ask
    seed: int
    count: int

    def replies(self, answer_of: Mapping[str, str], first: Mapping[str, Reply]) -> dict[str, Reply]:
        """Second replies by judge prompt. `answer_of` gives an answer's id to each prompt, `first` the first replies."""
        drawn = sorted(
            (
                (hashlib.sha256(f"{self.seed}/again/{answer_id}".encode()).hexdigest(), prompt)
                for prompt, answer_id in answer_of.items()
                if first[prompt].text is not None and not first[prompt].reused
            )
        )[: self.count]
        prompts = [prompt for _, prompt in drawn]
        return dict(zip(prompts, self.ask(prompts), strict=True)) if prompts else {}


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


def with_documents(answers: Iterable[Mapping[str, Any]], prompts: Path) -> list[dict[str, Any]]:
    """The answers with the document that each is about as `context`. `prompts` is the file of the bucket stage.

    InputError if that can't be read, or if an answer's prompt isn't in it.
    """
    found = {prompt.prompt_id: document(prompt) for prompt in read_prompts(prompts)}
    rows = []
    for row in answers:
        if row["prompt_id"] not in found:
            raise InputError(
                f"{prompts}: has no prompt {row['prompt_id']}, which there is an answer to; expected the prompts that the "
                "answers were given to. Run the score stage again"
            )
        rows.append({**row, "context": found[row["prompt_id"]]})
    return rows


def judge_prompts(answers: Iterable[Mapping[str, Any]], template: JudgeTemplate) -> list[str]:
    """The judge prompt of each answer, in the answers' order; equal answers to equal questions have equal prompts.

    Interned, since several parts of a job make them, and each may hold a whole document.
    """
    return [
        sys.intern(template.prompt(row["question"], row["answers"], row["text"], row.get("context")))
        for row in answers
    ]


def verdict_rows(
    answers: Sequence[Mapping[str, Any]],
    template: JudgeTemplate,
    ask: Ask,
    *,
    judge: str,
    judge_id: str,
    reading: Reading | None = None,
    twice: Twice | None = None,
) -> list[VerdictRow]:
    """One row per answer, in the answers' order, from asking each distinct prompt once, and those of `twice` a second time.

    `answers` are rows of an answers file, with a `context` where the template wants it; `judge` is the judge's label,
    `judge_id` its Bedrock id. Of answers with the same prompt the first carries what a second asking brought.
    """
    reading = reading or Reading()
    prompts = judge_prompts(answers, template)
    distinct = list(dict.fromkeys(prompts))
    replies = ask(distinct)
    if len(replies) != len(distinct):
        raise ValueError(f"{len(distinct)} prompts were asked and {len(replies)} replies given")
    reply_to = dict(zip(distinct, replies, strict=True))
    again: dict[str, Reply] = {}
    if twice is not None:
        ids: dict[str, str] = {}
        for answer, prompt in zip(answers, prompts, strict=True):
            ids[prompt] = min(answer["answer_id"], ids.get(prompt, answer["answer_id"]))
        again = twice.replies(ids, reply_to)
    seen: set[str] = set()
    rows = []
    for answer, prompt in zip(answers, prompts, strict=True):
        is_first = prompt not in seen
        second = again.get(prompt) if is_first else None
        rows.append(_row(answer, prompt, reply_to[prompt], second, reading, judge, judge_id, first=is_first))
        seen.add(prompt)
    return rows


def _row(
    answer: Mapping[str, Any],
    prompt: str,
    reply: Reply,
    second: Reply | None,
    reading: Reading,
    judge: str,
    judge_id: str,
    *,
    first: bool,
) -> VerdictRow:
    parsed = reading(prompt, reply)
    verdict = parsed.verdict
    said_again = None if second is None else reading(prompt, second)
    if said_again is not None and said_again.verdict == "not_asked":
        said_again = None
    if second is not None:
        reply = with_costs_of(reply, second)
    return VerdictRow(
        model=answer["model"],
        judge=judge,
        judge_id=judge_id,
        answer_id=answer["answer_id"],
        prompt_id=answer["prompt_id"],
        verdict=verdict,
        explanation=_storable(parsed.explanation),
        raw=_storable(reply.text),
        error=None if verdict == "not_asked" else reply.error,
        input_tokens=reply.input_tokens if first and verdict != "not_asked" else 0,
        output_tokens=reply.output_tokens if first and verdict != "not_asked" else 0,
        e2e_ms=reply.e2e_ms if first else None,
        tries=reply.tries if first else 0,
        tries_cost_unknown=reply.tries_cost_unknown if first else 0,
        reused=reply.reused,
        rating=parsed.rating,
        repaired=reply.repaired,
        output=reply.output,
        verdict_again=None if said_again is None else said_again.verdict,
        rating_again=None if said_again is None else said_again.rating,
        raw_before_repair=_storable(reply.before_repair),
    )


def _storable(text: str | None) -> str | None:
    """The text with lone surrogates, which a JSON escape cut in half leaves and Parquet refuses, as question marks."""
    return None if text is None else text.encode("utf-8", "replace").decode()


def verdict_counts(rows: Iterable[VerdictRow]) -> dict[str, int]:
    """How many rows have each verdict: every one of `Verdict` is named."""
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
    answers: Iterable[Mapping[str, Any]],
    template: JudgeTemplate,
    tokens: Callable[[str], int] = tokens_about,
    repair: Form | None = None,
) -> list[dict[str, str | int | bool]]:
    """What the simulator's judges know of these answers: a line per distinct judge prompt, sorted by hash.

    Keys: `sha256` of the prompt's UTF-8 text in hex, `tokens`, `correct`: whether the answer contains a
    reference (`truth.contains_reference`), and `model`, whose answer it is. With the form of replies as `repair` they also
    know the prompts by which a judge is asked once more.
    """
    rows = list(answers)
    lines: dict[str, dict[str, str | int | bool]] = {}
    for row, prompt in zip(rows, judge_prompts(rows, template), strict=True):
        correct = contains_reference(row["text"], row["answers"])
        for text in (prompt, *([repair_prompt(prompt, repair)] if repair else [])):
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            known = {"sha256": sha256, "tokens": tokens(text), "correct": correct, "model": row["model"]}
            lines.setdefault(sha256, known)
    return [lines[sha256] for sha256 in sorted(lines)]
