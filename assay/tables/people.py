"""The section on people's labels: values that report/sections/people.qmd.j2 puts in place."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from assay.document.settings import ReportSettings
from assay.labels.unsure import too_unsure
from assay.tables.markdown import Column, Markdown, escape, table, with_interval
from assay.tables.numbers import count, decimal, known, percent

Row = dict[str, Any]

ALL, PEOPLE = "all", "people"
"""What stands for the model over all models, and for the rater in the row on people among themselves."""


def section(of_accuracy: Mapping[str, pd.DataFrame], settings: ReportSettings) -> dict[str, Any]:
    """The section's values by name. `of_accuracy` are the tables of the accuracy stage by name."""
    corrected = _rows(of_accuracy, "corrected")
    people = _rows(of_accuracy, "people")
    differences = _rows(of_accuracy, "corrected_differences")
    raters = [row for row in people if row["rater"] != PEOPLE]
    among = next((row for row in people if row["rater"] == PEOPLE), None)
    done = [row for row in corrected if known(row.get("corrected"))]
    return {
        "handed_in": bool(people),
        "judged": settings.benchmark.judges is not None,
        "scale": settings.benchmark.judges is not None and settings.benchmark.judges.verdict == "scale",
        "n": settings.benchmark.labels.n,
        "half_width": settings.benchmark.labels.half_width,
        "labels": max(
            (
                int(row["n"] + row["n_no_verdict"] + row["people_tied"])
                for row in raters
                if row["model"] == ALL
            ),
            default=0,
        ),
        "corrected": _corrected(done) if done else None,
        "not_corrected": [row for row in corrected if not known(row.get("corrected"))],
        "needed": [
            f"{count(row['labels_needed'])} of {row['model']}"
            for row in corrected
            if known(row.get("labels_needed")) and row["labels_needed"] > row["n_labels"]
        ],
        "out_of_reach": [
            row["model"] for row in corrected if row["n_prompts"] and not known(row.get("labels_needed"))
        ],
        "unsure": [row["model"] for row in done if too_unsure(row.get("n_unsure"), row["n_labels"])],
        "unused": sum(int(row["n_labels_unused"]) for row in corrected),
        "people": _people(raters) if raters else None,
        "among": among,
        "differences": _differences(differences) if differences else None,
    }


def corrected_words(row: Mapping[str, Any]) -> Markdown:
    """A model's corrected accuracy with its interval and what it rests on: `81 % (74 % to 87 %; 33 labels)`."""
    if not known(row.get("corrected")):
        return escape("too few labels")
    ends = (
        percent(row.get("corrected_low")),
        f"{percent(row.get('corrected_high'))}; {count(row.get('n_labels'))} labels",
    )
    return with_interval(percent(row.get("corrected")), *ends)


def by_model(of_accuracy: Mapping[str, pd.DataFrame]) -> dict[str, Row]:
    """Rows of the table `corrected` by model."""
    return {row["model"]: row for row in _rows(of_accuracy, "corrected")}


def _rows(of_accuracy: Mapping[str, pd.DataFrame], name: str) -> list[Row]:
    found = of_accuracy.get(name)
    return (
        []
        if found is None
        else [{str(key): value for key, value in row.items()} for row in found.to_dict("records")]
    )


def _ranged(name: str, shown: str) -> Column[Row]:
    return Column(
        shown,
        lambda row: with_interval(
            percent(row.get(name)), percent(row.get(f"{name}_low")), percent(row.get(f"{name}_high"))
        ),
    )


def _corrected(rows: Sequence[Row]) -> Markdown:
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        _ranged("accuracy", "uncorrected"),
        _ranged("corrected", "corrected"),
        Column("difference (points)", lambda row: _points(row.get("difference"))),
        Column("labels", lambda row: count(row.get("n_labels"))),
        Column("unsure", _unsure),
        Column("prompts without a label", lambda row: percent(row.get("unlabelled_share"))),
        Column("labels needed", lambda row: count(row.get("labels_needed"))),
        _ranged("rogan_gladen_pooled", "pooled Rogan-Gladen (diagnostic)"),
    ]
    return table(columns, list(rows))


def _people(rows: Sequence[Row]) -> Markdown:
    columns: list[Column[Row]] = [
        Column("rater", lambda row: row["rater"], "left"),
        Column("model", lambda row: "all models" if row["model"] == ALL else row["model"], "left"),
        _ranged("sensitivity", "sensitivity"),
        Column("right answers", lambda row: count(row.get("n_right"))),
        _ranged("specificity", "specificity"),
        Column("wrong answers", lambda row: count(row.get("n_wrong"))),
        Column("agreement", lambda row: percent(row.get("agreement"))),
        Column("Cohen's kappa", lambda row: decimal(row.get("kappa"))),
        Column("Gwet's AC1", lambda row: decimal(row.get("ac1"))),
        Column("without a verdict", lambda row: count(row.get("n_no_verdict"))),
    ]
    return table(columns, list(rows))


def _differences(rows: Sequence[Row]) -> Markdown:
    columns: list[Column[Row]] = [
        Column("models", lambda row: f"{row['model']} less {row['other']}", "left"),
        Column(
            "difference (points)",
            lambda row: with_interval(
                *(_points(row.get(f"difference{end}")) for end in ("", "_low", "_high"))
            ),
        ),
        Column(
            "adjusted p",
            lambda row: "under 0.001" if row["p_adjusted"] < 0.001 else decimal(row["p_adjusted"], 3),
        ),
        Column(
            "found",
            lambda row: (
                f"{row['better']} is more accurate"
                if isinstance(row["better"], str)
                else "can't be told apart"
            ),
            "left",
        ),
    ]
    return table(columns, list(rows))


def _unsure(row: Row) -> Markdown:
    """How many of the drawn answers people couldn't tell of, and the range that these leave open."""
    n = row.get("n_unsure")
    if not known(n) or not n:
        return escape(count(n))
    ends = (percent(row.get(f"corrected_{end}")) for end in ("least", "most"))
    return escape(f"{count(n)} ({' to '.join(ends)})")


def _points(share: Any) -> str:
    return f"{round(100 * float(share), 1) + 0.0:+.1f}" if known(share) else "—"
