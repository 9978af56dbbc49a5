"""The score stage: a model's records to its distinct answers, each with the dataset's own score.

Distinct is the pair of prompt and answer text: a prompt that was asked ten times and answered alike is one row with
`times` 10, so that nothing is judged or counted twice. Only measured attempts that succeeded are answers; prompts of the
sample that have none may take those of other runs, which are marked as `reused`. Whether an answer is right by a panel's
verdict is left to `judging`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assay.errors import InputError
from assay.judging.injection import injection_suspected
from assay.ledger.reuse import Found, origins
from assay.metrics.answer_id import answer_id
from assay.metrics.choice import WithSettings, with_defaults
from assay.metrics.refusal import empty, refusal_suspected
from assay.metrics.scores import score
from assay.prompts.prompt import Prompt, read_prompts
from assay.whole import whole

_OF_PROMPT = {
    "prompt_id": pa.string(),
    "bucket": pa.string(),
    "dataset": pa.string(),
    "language": pa.string(),
    "source": pa.string(),
    "question": pa.string(),
    "answers": pa.list_(pa.string()),
    "all_classes": pa.list_(pa.string()),
    "metric": pa.string(),
    "tokens": pa.int64(),
}
_MAY_LACK = {"length": pa.int64()}
"""Of prompts that were made before there was such a column."""
_OF_RECORD = {
    "model": pa.string(),
    "role": pa.string(),
    "ok": pa.bool_(),
    "prompt_id": pa.string(),
    "text": pa.string(),
    "stop_reason": pa.string(),
}

SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("answer_id", pa.string()),
        ("prompt_id", pa.string()),
        ("bucket", pa.string()),
        ("dataset", pa.string()),
        ("language", pa.string()),
        ("source", pa.string()),
        ("question", pa.string()),
        ("answers", pa.list_(pa.string())),
        ("all_classes", pa.list_(pa.string())),
        ("text", pa.string()),
        ("times", pa.int64()),
        ("metric", pa.string()),
        ("score", pa.float64()),
        ("stop_reason_max_tokens", pa.float64()),
        ("reused", pa.bool_()),
        ("reused_from", pa.string()),
        ("tokens", pa.int64()),
        ("length", pa.int64()),
        ("empty", pa.bool_()),
        ("refusal_suspected", pa.bool_()),
        ("injection_suspected", pa.bool_()),
    ]
)
"""Columns of an answers file. `score` is 0 to 1; `stop_reason_max_tokens` is the share of `times` that was cut; `reused`
says that other runs gave the answer, and `reused_from` which. `tokens` and `length` are the prompt's; `empty` says that the answer
shows nothing, `refusal_suspected` that it looks as if the model declined, `injection_suspected` that it looks as if it talks to
whoever grades it: what skews accuracy, and none of it changes a score."""

Reuse = Callable[[Mapping[str, Prompt]], Mapping[str, Sequence[Found]]]
"""From prompts by id to the answers that other runs have of them."""

Chosen = Callable[[str], str | WithSettings | None]
"""From the name of a set to the metric that the benchmark names for it; None where it names none."""


def _none_chosen(dataset: str) -> None:
    return None


def score_records(
    model: str,
    prompts: Path,
    records: Sequence[Path],
    reuse: Reuse | None = None,
    chosen: Chosen = _none_chosen,
) -> list[dict[str, Any]]:
    """A row (columns of SCHEMA) for each distinct answer of `model`, in the prompts' order, then by answer_id.

    `prompts` is the bucket stage's Parquet file; `records` are the model's files of the invoke stage, each of one
    load and block; none of them need hold an answer. Prompts without an answer in them take those that `reuse` gives;
    where there is one, it stands alone. A metric with settings has them from `chosen`. InputError if a file or column is missing, if a record is of
    another model, or of a prompt that `prompts` doesn't hold.
    """
    asked = _prompts(prompts)
    to_ask = {} if reuse is None else {prompt.prompt_id: prompt for prompt in read_prompts(prompts)}
    order = {prompt_id: at for at, prompt_id in enumerate(asked)}
    rows = []
    for found in _distinct_answers(model, records).to_pylist():
        prompt_id, text = found["prompt_id"], found["text"]
        if prompt_id not in asked:
            raise InputError(
                f"{_holder_of(prompt_id, records)}: a record answers the prompt {prompt_id}, which {prompts} doesn't hold; "
                "the records are of an earlier sample: run the invoke stage again"
            )
        rows.append(
            {
                **_answer(model, asked[prompt_id], text, prompts, chosen),
                "times": found["text_count"],
                "stop_reason_max_tokens": found["cut_sum"] / found["text_count"],
                "reused": False,
                "reused_from": None,
            }
        )
    answered = {row["prompt_id"] for row in rows}
    lacking = {prompt_id: prompt for prompt_id, prompt in to_ask.items() if prompt_id not in answered}
    for prompt_id, given in (reuse(lacking) if reuse is not None and lacking else {}).items():
        for text in dict.fromkeys(answer.text for answer in given):
            alike = [answer for answer in given if answer.text == text]
            cut = sum(answer.outcome.get("stop_reason") == "max_tokens" for answer in alike)
            rows.append(
                {
                    **_answer(model, asked[prompt_id], text, prompts, chosen),
                    "times": len(alike),
                    "stop_reason_max_tokens": cut / len(alike),
                    "reused": True,
                    "reused_from": origins(alike),
                }
            )
    rows.sort(key=lambda row: (order[row["prompt_id"]], row["answer_id"]))
    return rows


def write_answers(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write an answers file whole or not at all."""
    with whole(path) as temporary:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA), temporary)


def _answer(model: str, prompt: Mapping[str, Any], text: str, source: Path, chosen: Chosen) -> dict[str, Any]:
    """What is known of an answer, whoever gave it."""
    return {
        **prompt,
        "model": model,
        "answer_id": answer_id(prompt["prompt_id"], text),
        "text": text,
        "score": _score(text, prompt, source, chosen),
        "empty": empty(text),
        "refusal_suspected": refusal_suspected(text),
        "injection_suspected": injection_suspected(
            text, "\n".join([prompt["question"] or "", *(prompt["answers"] or ())])
        ),
    }


def _score(text: str, prompt: Mapping[str, Any], source: Path, chosen: Chosen) -> float:
    metric = chosen(prompt["dataset"])
    if metric is None or isinstance(metric, str):
        metric = with_defaults(prompt["metric"])
    elif metric.kind != prompt["metric"]:
        raise InputError(
            f"{source}: prompt {prompt['prompt_id']} of set {prompt['dataset']!r} has the metric {prompt['metric']!r}, "
            f"where the benchmark names {metric.kind!r}; run the fetch and bucket stages again"
        )
    try:
        return score(text, prompt["answers"] or (), metric, prompt["dataset"], prompt["all_classes"])
    except InputError as error:
        raise InputError(f"{source}: prompt {prompt['prompt_id']}: {error}") from error


def _prompts(path: Path) -> dict[str, dict[str, Any]]:
    rows = [
        {**dict.fromkeys(_MAY_LACK), **row}
        for row in _read(path, _OF_PROMPT, "bucket", _MAY_LACK).to_pylist()
    ]
    prompts = {row["prompt_id"]: row for row in rows}
    if len(prompts) < len(rows):
        raise InputError(
            f"{path}: a prompt stands in it twice; expected distinct prompts: run the bucket stage again"
        )
    return prompts


def _distinct_answers(model: str, records: Sequence[Path]) -> pa.Table:
    """prompt_id, text, text_count (attempts that gave it) and cut_sum (of those, how many met max_tokens)."""
    parts = []
    for path in records:
        table = _read(path, _OF_RECORD, "invoke")
        if strangers := [name for name in pc.unique(table["model"]).to_pylist() if name != model]:
            raise InputError(
                f"{path}: holds a record of the model {strangers[0]!r}; expected those of {model!r} only"
            )
        answered = pc.and_(
            pc.equal(table["role"], "measured"), pc.and_(table["ok"], pc.is_valid(table["text"]))
        )
        table = table.filter(answered)
        cut = pc.cast(pc.fill_null(pc.equal(table["stop_reason"], "max_tokens"), False), pa.int64())
        parts.append(table.select(["prompt_id", "text"]).append_column("cut", cut))
    if not parts:
        raise InputError(
            f"no records of the model {model!r} were given; expected a file for each load and block"
        )
    return (
        pa.concat_tables(parts).group_by(["prompt_id", "text"]).aggregate([("text", "count"), ("cut", "sum")])
    )


def _read(
    path: Path,
    columns: Mapping[str, pa.DataType],
    stage: str,
    may_lack: Mapping[str, pa.DataType] | None = None,
) -> pa.Table:
    try:
        table = pq.ParquetFile(path).read(columns=[*columns, *(may_lack or ())])
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: expected a Parquet file made by the {stage} stage ({error})") from error
    if missing := [name for name in columns if name not in table.column_names]:
        raise InputError(f"{path}: has no column {missing[0]!r}; make it again with the {stage} stage")
    columns = {
        **columns,
        **{name: kind for name, kind in (may_lack or {}).items() if name in table.column_names},
    }
    try:
        # Files written from frames hold large_string, or null where a whole column is empty.
        return table.select(list(columns)).cast(pa.schema(columns.items()))
    except pa.ArrowException as error:
        raise InputError(
            f"{path}: a column has an unexpected type ({error}); make it with the {stage} stage"
        ) from error


def _holder_of(prompt_id: str, records: Sequence[Path]) -> Path:
    """The first records file that holds the prompt: for the error message only."""
    for path in records:
        if prompt_id in pq.read_table(path, columns=["prompt_id"])["prompt_id"].to_pylist():
            return path
    return records[0]
