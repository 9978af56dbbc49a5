"""The section on accuracy: values that report/sections/accuracy.qmd.j2 puts in place.

What is told apart and what isn't, accuracy by task, its trend over prompt size within tasks, and what skews it. Every
number is one of the tables `differences`, `tasks`, `trends` and `accuracy`.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from assay.document.settings import ReportSettings
from assay.tables.inputs import Inputs
from assay.tables.markdown import Column, Markdown, table, with_interval
from assay.tables.numbers import UNKNOWN, about, count, decimal, known, percent

Row = dict[str, Any]

MOST_SHARE = 0.05
"""A share of answers that were cut, empty or refused above this is warned of."""

MOST_PAIRS = 6
"""With more pairs of models than this, those that are told apart stand in the table alone, and ties by their names."""

MOST_NAMED = 20
"""More ties than this aren't named in the text."""

MOST_INTERVALS = 3
"""With more models than this, the table by task has no intervals: it would be too wide to read."""

SKEWS: Mapping[str, str] = {
    "max_tokens_share": "cut at the limit of output tokens",
    "empty_share": "empty",
    "refusal_share": "refusals by their wording",
    "injection_share": "addressed to the judge",
}


def section(
    of_accuracy: Mapping[str, pd.DataFrame], inputs: Inputs, settings: ReportSettings
) -> dict[str, Any]:
    """The section's values by name. `of_accuracy` are the tables of the accuracy stage by name."""
    models = [model.label for model in settings.benchmark.models]
    buckets = [bucket.name for bucket in settings.benchmark.buckets]
    judges = settings.benchmark.judges
    by = None if judges is None else judges.verdict
    pairs = _rows(of_accuracy, "differences")
    tasks = _rows(of_accuracy, "tasks")
    trends = _rows(of_accuracy, "trends")
    mine = [row for row in pairs if row["over"] == "interest" and row["of"] == "answered"]
    skewed = _in_order(inputs.accuracy, models, buckets)
    return {
        "pairs": len(mine),
        "told": [_told(row) for row in mine if _text(row["better"])] if len(mine) <= MOST_PAIRS else [],
        "ties": _ties([row for row in mine if not _text(row["better"])]),
        "told_apart": sum(bool(_text(row["better"])) for row in mine),
        "of_asked": _of_asked(pairs),
        "differences": differences(mine),
        "by_task": by_task(tasks, models),
        "averages": averages(tasks, models),
        "scale": by == "scale",
        "judged": by == "correctness",
        "what": _WHAT[by],
        "trends": trend_table(trends, models),
        "trend_lines": [line for model in models for line in _trend_lines(trends, model)],
        "skew": skew(skewed),
        "skew_lines": [line for model in models for line in _skew_lines(skewed, model)],
        "most_share": MOST_SHARE,
    }


_WHAT: Mapping[str | None, str] = {
    "correctness": "Accuracy",
    "scale": "The score by the judges' ratings",
    None: "The score by the dataset's own metric",
}
"""What stands in a table of accuracy, by what judges give; None without judges."""


def _rows(of_accuracy: Mapping[str, pd.DataFrame], name: str) -> list[Row]:
    found = of_accuracy.get(name)
    return [] if found is None else _records(found)


def _records(frame: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def points(value: Any) -> str:
    """Percentage points with their sign, to a tenth."""
    return f"{float(value):+.1f}" if known(value) else UNKNOWN


def _sizes(row: Row) -> str:
    low, high = sorted(
        (row["difference_low"], row["difference_high"])
        if row["difference"] >= 0
        else (-row["difference_low"], -row["difference_high"])
    )
    size = abs(row["difference"])
    return f"{size:.1f} percentage points ({low:.1f} to {high:.1f}) on {count(row['n'])} prompts"


def _told(row: Row) -> str:
    other = row["b"] if row["better"] == row["a"] else row["a"]
    return f"{row['better']} is better than {other} by {_sizes(row)}."


def _tie(row: Row) -> str:
    names = f"{row['a']} and {row['b']}"
    if row["verdict"] == "not compared":
        return f"{names} were not compared: they share fewer than two documents that both answered."
    if row["difference"] == 0:
        return f"{names} can't be told apart: on {count(row['n'])} prompts they are equally good."
    ahead, behind = (row["a"], row["b"]) if row["difference"] > 0 else (row["b"], row["a"])
    more = (
        f"about {about(row['more_prompts'])} more prompt{'' if row['more_prompts'] == 1 else 's'} would tell, if they differ as seen here"
        if known(row["more_prompts"])
        else "more prompts than a million would be needed to tell"
    )
    return f"{ahead} and {behind} can't be told apart: {_sizes(row)}; {more}."


def _ties(rows: Sequence[Row]) -> list[str]:
    """Pairs that can't be told apart: each in a sentence, or by their names where they are many."""
    if len(rows) <= MOST_PAIRS:
        return [_tie(row) for row in rows]
    names = [f"{row['a']} and {row['b']}" for row in rows]
    more = f"; and {len(names) - MOST_NAMED} more pairs" if len(names) > MOST_NAMED else ""
    return [f"Can't be told apart: {'; '.join(names[:MOST_NAMED])}{more}."]


def _of_asked(pairs: Sequence[Row]) -> list[str]:
    """Pairs of which something else is said where failures count as wrong."""
    said = {
        (row["of"], row["a"], row["b"]): _text(row["better"]) for row in pairs if row["over"] == "interest"
    }
    lines = []
    for row in pairs:
        if row["over"] != "interest" or row["of"] != "asked":
            continue
        if said.get(("answered", row["a"], row["b"])) != _text(row["better"]):
            lines.append(_told(row) if _text(row["better"]) else _tie(row))
    return lines


_TESTS = {"mcnemar": "McNemar, exact", "sign_flip_exact": "signs, exact", "sign_flip_drawn": "signs, drawn"}


def differences(rows: Sequence[Row]) -> Markdown | None:
    """One row for each pair of models on the dataset of interest; None without a pair."""
    if not rows:
        return None
    columns: list[Column[Row]] = [
        Column("models", lambda row: f"{row['a']} minus {row['b']}", "left"),
        Column("verdict", _verdict, "left"),
        Column(
            "difference, percentage points",
            lambda row: with_interval(
                points(row["difference"]), points(row["difference_low"]), points(row["difference_high"])
            ),
        ),
        Column("prompts on which one is better", _discordant),
        Column("prompts", lambda row: count(row["n"])),
        Column("documents", lambda row: count(row["documents"])),
        Column("adjusted p", lambda row: _p(row["p_adjusted"])),
        Column("more prompts to tell, about", lambda row: about(row["more_prompts"])),
        Column("test", lambda row: _TESTS.get(str(row["test"]), UNKNOWN), "left"),
    ]
    return table(columns, rows)


def _verdict(row: Row) -> str:
    better = _text(row["better"])
    return f"{better} is better" if better else str(row["verdict"])


def _discordant(row: Row) -> str:
    return f"{count(row['a_better'])} : {count(row['b_better'])}" if known(row["a_better"]) else UNKNOWN


def _p(value: Any) -> str:
    return "under 0.001" if known(value) and float(value) < 0.001 else decimal(value, 3)


def by_task(rows: Sequence[Row], models: Sequence[str]) -> Markdown | None:
    """One row for each set, a column for each model; None where there is but one set, or none."""
    sets = [row for row in rows if row["scope"] == "set" and _text(row["part_by"]) is None]
    names = list(dict.fromkeys(str(row["name"]) for row in sets))
    if len(names) < 2:
        return None
    means = [
        row
        for row in rows
        if row["name"] == "mean of sets" and not _text(row["benchmark"]) and not _text(row["part_by"])
    ]
    cells = {(str(row["name"]), str(row["model"])): row for row in [*sets, *means]}
    intervals = len(models) <= MOST_INTERVALS
    columns: list[Column[str]] = [
        Column("set", lambda name: name, "left"),
        *(Column(model, partial(_cell, cells=cells, model=model, intervals=intervals)) for model in models),
        Column("prompts", lambda name: _n(cells, name, models)),
    ]
    return table(columns, [*names, *(["mean of sets"] if means else [])])


def _cell(name: str, cells: Mapping[tuple[str, str], Row], model: str, intervals: bool) -> str:
    row = cells.get((name, model))
    if row is None:
        return UNKNOWN
    if not intervals:
        return percent(row["accuracy"])
    return with_interval(
        percent(row["accuracy"]), percent(row["accuracy_low"]), percent(row["accuracy_high"])
    )


def _n(cells: Mapping[tuple[str, str], Row], name: str, models: Sequence[str]) -> str:
    """How many prompts were answered, of the models that have most and fewest."""
    found = sorted({int(cells[name, model]["accuracy_n"]) for model in models if (name, model) in cells})
    if not found:
        return UNKNOWN
    return count(found[0]) if len(found) == 1 else f"{count(found[0])} to {count(found[-1])}"


def averages(rows: Sequence[Row], models: Sequence[str]) -> Markdown | None:
    """LongBench's averages as it publishes them, in per cent by its metrics; None where no set is LongBench's."""
    published = [row for row in rows if _text(row["benchmark"]) and row["scope"] != "set"]
    keys = list(dict.fromkeys(_key(row) for row in published))
    if not keys:
        return None
    cells = {(_key(row), str(row["model"])): row for row in published}
    of_key = {_key(row): row for row in published}
    columns: list[Column[tuple[str, ...]]] = [
        Column("average", lambda key: _named(of_key[key]), "left"),
        *(Column(model, partial(_published, cells=cells, model=model)) for model in models),
        Column("sets", lambda key: _of_published(of_key[key])),
    ]
    return table(columns, keys)


def _key(row: Row) -> tuple[str, ...]:
    return tuple(
        str(_text(row[name]) or "") for name in ("benchmark", "scope", "name", "language", "part_by", "part")
    )


def _published(key: tuple[str, ...], cells: Mapping[tuple[tuple[str, ...], str], Row], model: str) -> str:
    return decimal(cells.get((key, model), {}).get("metric_score_percent"))


def _named(row: Row) -> str:
    parts = [str(row["benchmark"])]
    parts.append("overall" if row["name"] == "all prompts" else str(row["name"]))
    language = _text(row["language"])
    if language and row["name"] != "code completion" and row["benchmark"] == "LongBench":
        parts.append("English and Chinese" if language == "all" else language)
    if _text(row["part"]):
        parts.append(str(row["part"]))
    return ", ".join(parts)


def _of_published(row: Row) -> str:
    if not known(row["sets_published"]):
        return count(row["sets"])
    return f"{count(row['sets'])} of {count(row['sets_published'])}"


def trend_table(rows: Sequence[Row], models: Sequence[str]) -> Markdown | None:
    """One row for each model: its trend within tasks, and in how many sets accuracy falls or rises. None without one."""
    pooled = [row for model in models for row in rows if row["model"] == model and row["scope"] == "pooled"]
    if not any(known(row["points_per_doubling_low"]) for row in pooled):
        return None
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column(
            "percentage points per doubling of the prompt",
            lambda row: with_interval(
                points(row["points_per_doubling"]),
                points(row["points_per_doubling_low"]),
                points(row["points_per_doubling_high"]),
            ),
        ),
        Column("adjusted p", lambda row: _p(row["p_adjusted"])),
        Column("sets", lambda row: count(row["sets"])),
        Column("of which it falls in", lambda row: _sets(rows, row["model"], "falls"), "left"),
        Column("and rises in", lambda row: _sets(rows, row["model"], "rises"), "left"),
        Column("prompts", lambda row: count(row["n"])),
        Column("documents", lambda row: count(row["documents"])),
    ]
    return table(columns, pooled)


def _sets(rows: Sequence[Row], model: str, trend: str) -> str:
    names = [
        str(row["name"])
        for row in rows
        if row["model"] == model and row["scope"] == "set" and row["trend"] == trend
    ]
    return "none" if not names else ", ".join(names) if len(names) <= 4 else f"{len(names)} sets"


def _trend_lines(rows: Sequence[Row], model: str) -> list[str]:
    """What the pooled trend of a model says, where it says something, or why there is none."""
    for row in rows:
        if row["model"] != model or row["scope"] != "pooled":
            continue
        if not known(row["points_per_doubling_low"]):
            return [f"{model} has no trend: {row['reason']}."]
        if row["trend"] in ("falls", "rises"):
            low, high = row["points_per_doubling_low"], row["points_per_doubling_high"]
            ends = sorted((abs(low), abs(high)))
            return [
                f"{model} gets {'worse' if row['trend'] == 'falls' else 'better'} with length: "
                f"{abs(row['points_per_doubling']):.1f} percentage points ({ends[0]:.1f} to {ends[1]:.1f}) where a prompt of the "
                f"same task is twice as long."
            ]
    return []


def skew(rows: Sequence[Row]) -> Markdown | None:
    """Accuracy of each model in each bucket, and beside it what skews it; None without a row."""
    if not rows:
        return None
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column("bucket", lambda row: row["bucket"], "left"),
        Column(
            "correct of answered" if _judged(rows) else "score of answered",
            lambda row: with_interval(
                percent(row.get("accuracy")),
                percent(row.get("accuracy_low")),
                percent(row.get("accuracy_high")),
            ),
        ),
        *(Column(words, partial(_share, name=name)) for name, words in SKEWS.items()),
        Column("prompts", lambda row: count(row.get("accuracy_n"))),
    ]
    return table(columns, rows)


def _share(row: Row, name: str) -> str:
    return percent(row.get(name))


def _judged(rows: Sequence[Row]) -> bool:
    return any(row.get("accuracy_by") == "panel" for row in rows)


def _in_order(frame: pd.DataFrame, models: Sequence[str], buckets: Sequence[str]) -> list[Row]:
    cells = {(str(row["model"]), str(row["bucket"])): row for row in _records(frame)}
    return [cells[model, bucket] for model in models for bucket in buckets if (model, bucket) in cells]


def _skew_lines(rows: Sequence[Row], model: str) -> list[str]:
    """Warnings of one model: of each kind, in how many buckets it is too much, and where most."""
    mine = [row for row in rows if row["model"] == model]
    lines = []
    for name, words in SKEWS.items():
        least = 0.0 if name == "injection_share" else MOST_SHARE
        found = [row for row in mine if known(row.get(name)) and float(row[name]) > least]
        if not found:
            continue
        worst = max(found, key=lambda row: float(row[name]))
        where = f"in bucket {worst['bucket']}"
        if len(found) > 1:
            where = f"in {len(found)} of {len(mine)} buckets, most in {worst['bucket']}"
        lines.append(f"{model}: answers that are {words}, {where} ({percent(worst[name])} of the answers).")
    return lines
