"""Which answers are worth reading: what kinds of mistake there are, which answers are of each, and which of them are shown.

An answer is shown as an example of its model, bucket and kind. Which ones is drawn by hash, prompt by prompt, so that more of
them keep those that were shown before, and models are shown on the same prompts as far as they err on the same. Words and
rendering are left to `mistakes` and the template.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from assay.errors import InputError
from assay.judging.panel import panel_table
from assay.judging.settings import VerdictKind
from assay.labels.labels import Said, read_labels, together
from assay.prompts.settings import BucketName
from assay.settings import Label, Settings, Whole

_ANSWER: Mapping[str, pa.DataType] = {
    "model": pa.string(),
    "answer_id": pa.string(),
    "prompt_id": pa.string(),
    "bucket": pa.string(),
    "dataset": pa.string(),
    "language": pa.string(),
    "question": pa.string(),
    "answers": pa.list_(pa.string()),
    "text": pa.string(),
    "times": pa.int64(),
    "metric": pa.string(),
    "score": pa.float64(),
    "stop_reason_max_tokens": pa.float64(),
    "reused_from": pa.string(),
    "empty": pa.bool_(),
    "refusal_suspected": pa.bool_(),
    "injection_suspected": pa.bool_(),
}
_VERDICT: Mapping[str, pa.DataType] = {
    "model": pa.string(),
    "judge": pa.string(),
    "answer_id": pa.string(),
    "prompt_id": pa.string(),
    "verdict": pa.string(),
    "explanation": pa.string(),
    "raw": pa.string(),
    "error": pa.string(),
    "rating": pa.float64(),
    "verdict_again": pa.string(),
    "rating_again": pa.float64(),
}

LOW, HIGH = 2.0, 4.0
"""Mean ratings of 1 to 5 up to which an answer counts as wrong here, and from which as right."""
APART = 2.0
"""Points by which ratings differ that are a disagreement."""


class MistakesSettings(Settings):
    """What the page of mistakes has to know of the benchmark."""

    title: str
    simulated: bool
    seed: Whole
    models: tuple[Label, ...]
    buckets: tuple[BucketName, ...]
    judges: tuple[Label, ...] = ()
    verdict: VerdictKind = "correctness"
    examples: Whole
    """The most that are shown of each model, bucket and kind."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge said of an answer."""

    judge: str
    verdict: str
    rating: float | None
    explanation: str | None
    raw: str | None
    """The reply as it was."""
    error: str | None
    verdict_again: str | None
    """When it was asked a second time; None if it wasn't."""
    rating_again: float | None

    @property
    def changed(self) -> bool:
        """Whether it said something else the second time."""
        if self.verdict_again is None:
            return False
        return (self.verdict, self.rating) != (self.verdict_again, self.rating_again)


@dataclass(frozen=True, slots=True)
class Case:
    """A distinct answer, and what was said of it."""

    model: str
    answer_id: str
    prompt_id: str
    bucket: str
    dataset: str
    language: str | None
    question: str
    references: tuple[str, ...]
    text: str
    times: int
    metric: str | None
    score: float | None
    """By the metric, 0 to 1."""
    cut: bool
    """Whether any of the requests that gave it met the limit of output tokens."""
    reused_from: str | None
    empty: bool
    refusal_suspected: bool
    injection_suspected: bool
    panel: str | None = None
    """The panel's verdict; None without judges."""
    rating: float | None = None
    """The mean of the ratings, 1 to 5."""
    opinions: tuple[Opinion, ...] = ()
    people: Said | None = None
    """What people say of it; None where nobody labelled it."""

    @property
    def right(self) -> float | None:
        """By the panel, 0 to 1; None where it has no verdict, or where there is none."""
        if self.rating is not None:
            return (self.rating - 1) / 4
        return {"correct": 1.0, "incorrect": 0.0}.get(self.panel or "")


def _wrong(case: Case) -> bool:
    if case.panel is None:
        return case.score is not None and case.score < 0.5
    return case.panel == "incorrect" or (case.rating is not None and case.rating <= LOW)


def _against_people(case: Case) -> bool:
    if case.people is None or case.people.value is None or case.right is None:
        return False
    apart = abs(case.people.value - case.right)
    return apart >= 0.5 if case.rating is not None else apart > 0.5


def _undecided(case: Case) -> bool:
    if case.panel == "tie":
        return True
    return case.panel == "none" and all(opinion.verdict != "not_asked" for opinion in case.opinions)


def _disagreed(case: Case) -> bool:
    said = {opinion.verdict for opinion in case.opinions}
    ratings = [opinion.rating for opinion in case.opinions if opinion.rating is not None]
    apart = bool(ratings) and max(ratings) - min(ratings) >= APART
    return case.right is not None and (said >= {"correct", "incorrect"} or apart)


def _against_metric(case: Case) -> bool:
    if case.panel is None or case.right is None:
        return False
    right = case.panel == "correct" or (case.rating is not None and case.rating >= HIGH)
    return (right and case.score == 0.0) or (_wrong(case) and case.score == 1.0)


@dataclass(frozen=True, slots=True)
class Kind:
    """A reason to look at an answer."""

    name: str
    """In anchors, such as `wrong-swift`."""
    holds: Callable[[Case], bool]
    needs: str = ""
    """What the run needs to have for it: `judges`, `people`, or nothing."""


KINDS = (
    Kind("wrong", _wrong),
    Kind("people", _against_people, "people"),
    Kind("undecided", _undecided, "judges"),
    Kind("disagreement", _disagreed, "judges"),
    Kind("metric", _against_metric, "judges"),
    Kind("unparseable", lambda case: any(o.verdict == "unparseable" for o in case.opinions), "judges"),
    Kind("changed", lambda case: any(o.changed for o in case.opinions), "judges"),
    Kind("injection", lambda case: case.injection_suspected),
    Kind("refusal", lambda case: case.refusal_suspected),
    Kind("empty", lambda case: case.empty),
    Kind("cut", lambda case: case.cut),
)
"""In the order of the page."""


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one model and kind."""

    model: str
    kind: str
    found: Mapping[str, int]
    """How many there are, by bucket; buckets without any are left out."""
    drawn: tuple[Case, ...]
    """Those that are shown, or are shown elsewhere on the page, by bucket and within it in the order drawn."""

    @property
    def n(self) -> int:
        """How many there are."""
        return sum(self.found.values())


@dataclass(frozen=True)
class Drawn:
    """What the page shows."""

    groups: Mapping[tuple[str, str], Group]
    """By model and kind; every one that the run can have, also where there are no answers of it."""
    answers: Mapping[str, int]
    """Distinct answers of each model."""
    left_out: int
    """How many more the settings ask for: the page was full."""
    homes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By model and answer id, the kind under which an answer is shown in full."""


def read_cases(
    settings: MistakesSettings, answers: Iterable[Path], verdicts: Iterable[Path], labels: Path | None
) -> list[Case]:
    """All answers with what was said of them. InputError where a file can't be used."""
    rows = [row for path in answers for row in _rows(path, _ANSWER)]
    opinions: dict[tuple[str, str], dict[str, Opinion]] = {}
    said = [row for path in verdicts for row in _rows(path, _VERDICT)]
    for row in said:
        given = Opinion(**{name: row[name] for name in Opinion.__dataclass_fields__})
        opinions.setdefault((row["model"], row["answer_id"]), {})[row["judge"]] = given
    panel = {}
    if settings.judges:
        table = panel_table([pd.DataFrame(said, columns=list(_VERDICT))], settings.judges)
        panel = {
            (row["model"], row["answer_id"]): (row["panel"], _number(row["rating"]))
            for row in table.to_dict("records")
        }
    people = together(read_labels(labels, settings.verdict), settings.verdict) if labels else {}
    cases = []
    for row in rows:
        key = (row["model"], row["answer_id"])
        verdict, rating = panel.get(key, ("none" if settings.judges else None, None))
        mine = opinions.get(key, {})
        cases.append(
            Case(
                **{name: row[name] for name in ("model", "answer_id", "prompt_id", "bucket", "language")},
                **{name: row[name] for name in ("metric", "score", "reused_from")},
                dataset=row["dataset"] or "",
                question=row["question"] or "",
                references=tuple(reference or "" for reference in row["answers"] or ()),
                text=row["text"] or "",
                times=row["times"],
                cut=bool(row["stop_reason_max_tokens"]),
                empty=not (row["text"] or "").strip() if row["empty"] is None else row["empty"],
                refusal_suspected=bool(row["refusal_suspected"]),
                injection_suspected=bool(row["injection_suspected"]),
                panel=verdict,
                rating=rating,
                opinions=tuple(mine[judge] for judge in settings.judges if judge in mine),
                people=people.get(row["answer_id"]),
            )
        )
    return cases


def draw(
    settings: MistakesSettings, cases: Sequence[Case], *, people: bool, size: Callable[[Case], int], most: int
) -> Drawn:
    """Of each model, kind and bucket the first `settings.examples` answers in the order of their hashes.

    An answer that is of several kinds is drawn for all of them, and shown once. The page holds answers whose `size` is at
    most `most` in all: it is filled in rounds, one answer of each model, kind and bucket after the other, until the next one
    has no room. `people` says whether there are labels.
    """
    has = {"": True, "judges": bool(settings.judges), "people": people and bool(settings.judges)}
    kinds = [kind for kind in KINDS if has[kind.needs]]
    ordered = sorted(cases, key=lambda case: _turn(settings.seed, case))
    members: dict[tuple[str, str, str], list[Case]] = {}
    for case in ordered:
        for kind in kinds:
            if kind.holds(case):
                members.setdefault((case.model, kind.name, case.bucket), []).append(case)
    strata = list(product((kind.name for kind in kinds), settings.buckets, settings.models))
    homes: dict[tuple[str, str], str] = {}
    drawn: dict[tuple[str, str, str], list[Case]] = {}
    wanted = used = taken = 0
    full = False
    for turn in range(settings.examples):
        for kind_name, bucket, model in strata:
            found = members.get((model, kind_name, bucket), [])
            if turn >= len(found):
                continue
            wanted += 1
            case = found[turn]
            if (model, case.answer_id) not in homes:
                full = full or used + size(case) > most
                if not full:
                    used += size(case)
                    homes[model, case.answer_id] = kind_name
            if not full:
                taken += 1
                drawn.setdefault((model, kind_name, bucket), []).append(case)
    groups = {
        (model, kind.name): Group(
            model,
            kind.name,
            {
                bucket: len(members[model, kind.name, bucket])
                for bucket in settings.buckets
                if (model, kind.name, bucket) in members
            },
            tuple(case for bucket in settings.buckets for case in drawn.get((model, kind.name, bucket), ())),
        )
        for model in settings.models
        for kind in kinds
    }
    counts = {model: sum(case.model == model for case in cases) for model in settings.models}
    return Drawn(groups, counts, wanted - taken, homes)


def _turn(seed: int, case: Case) -> tuple[bytes, bytes]:
    """The order in which answers are drawn: by prompt, the same for all models and kinds, and then by answer."""
    return _hash(seed, case.prompt_id), _hash(seed, case.answer_id)


def _hash(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\0mistakes\0{name}".encode()).digest()


def _number(value: Any) -> float | None:
    """A float of a frame; None where it is missing."""
    return None if value is None or value != value else float(value)


def _rows(path: Path, columns: Mapping[str, pa.DataType]) -> list[dict[str, Any]]:
    """The rows of a Parquet file, by those names; null where the file has no such column."""
    try:
        file = pq.ParquetFile(path)
        there = set(file.schema_arrow.names)
        if missing := [name for name in ("model", "answer_id", "prompt_id") if name not in there]:
            raise InputError(f"{path}: has no column {missing[0]!r}. Delete it and run again.")
        table = file.read(columns=[name for name in columns if name in there])
        arrays = [
            table[name].cast(kind) if name in there else pa.nulls(table.num_rows, kind)
            for name, kind in columns.items()
        ]
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{path}: not a readable Parquet file ({error}). Delete it and run again."
        ) from error
    rows: list[dict[str, Any]] = pa.table(dict(zip(columns, arrays, strict=True))).to_pylist()
    return rows
