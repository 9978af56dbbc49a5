"""The section on judges: values that report/sections/judges.qmd.j2 puts in place.

Every sentence is made of what the tables of the accuracy stage say; what they are computed by is `assay.accuracy`'s.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from assay.document.settings import ReportSettings
from assay.tables.markdown import Column, Markdown, table, with_interval
from assay.tables.numbers import UNKNOWN, count, decimal, known, number, percent
from assay.tables.run import spent

Row = dict[str, Any]

MOST_PAIRS = 10
"""More pairs of judges than these are told in a sentence, and stand in agreement.csv: five judges have ten."""

_IN_PLACE_OF_A_VERDICT = {
    "unparseable": "unreadable",
    "refused": "refused",
    "abstained": "unsure",
    "failed": "failed",
    "ties": "tied",
}
_THAN_OTHERS = {True: "milder", False: "stricter"}


def section(
    of_accuracy: Mapping[str, pd.DataFrame],
    verdict_statuses: Sequence[Mapping[str, Any]],
    settings: ReportSettings,
) -> dict[str, Any]:
    """The section's values by name. `verdict_statuses` are those of the judge jobs."""
    panel = settings.benchmark.judges
    rows = [row for row in _rows(of_accuracy, "judges") if panel is not None]
    pairs, own, alone = (_rows(of_accuracy, name) for name in ("agreement", "families", "left_out"))
    judges = [row for row in rows if row["judge"] != "panel"]
    labels = [judge.label for judge in panel.panel] if panel else []
    scale = panel is not None and panel.verdict == "scale"
    idle = _idle(judges, verdict_statuses, labels)
    # Simulated models have no family, unless the benchmark gives them some.
    simulated = settings.benchmark.endpoint.kind == "simulator" and not (panel and panel.families)
    return {
        "shown": bool(rows),
        "scale": scale,
        "asked": len(labels),
        "working": len(labels) - len(idle),
        "idle": [f"{label}: {why}" for label, why in idle.items()],
        "warning": _warning(labels, list(idle)),
        "asking": _asking(rows, list(idle)) if rows else None,
        "trust": _trust(judges) if len(judges) > 1 or _any(judges, "unchanged_share") else None,
        "decisive": _decisive(rows) if _any(rows, "agreement_with_metric") else None,
        "pairs": _pairs(pairs) if 0 < len(pairs) <= MOST_PAIRS + 1 else None,
        "many_pairs": len(pairs) - 1 if len(pairs) > MOST_PAIRS + 1 else 0,
        "families": _families(own) if _any(own, "judges_left") else None,
        "unknown_families": [] if simulated else _without_family(judges, own),
        "findings": [
            line
            for line in (
                _panel_agrees(pairs, scale),
                _worst_pair(pairs),
                _strays(judges),
                _stability(judges),
                _length(judges),
                _favour(own),
                _one_judge(alone),
            )
            if line
        ],
    }


def _rows(tables: Mapping[str, pd.DataFrame], name: str) -> list[Row]:
    if name not in tables:
        return []
    return [{str(key): value for key, value in row.items()} for row in tables[name].to_dict("records")]


def _any(rows: Sequence[Row], name: str) -> bool:
    return any(known(row.get(name)) for row in rows)


def _without_family(judges: Sequence[Row], own: Sequence[Row]) -> list[str]:
    lines = [*((row["model"], row) for row in own), *((row["judge"], row) for row in judges)]
    return [label for label, row in lines if "family" in row and not isinstance(row["family"], str)]


def _idle(
    judges: Sequence[Row], statuses: Sequence[Mapping[str, Any]], labels: Sequence[str]
) -> dict[str, str]:
    """The judges that don't work, in the panel's order, and why."""
    why: dict[str, str] = {}
    for row in judges:
        if row.get("working") == "no":
            silent = round(float(row["invalid_rate"]) * float(row["n"]))
            why[row["judge"]] = (
                f"no verdict on {count(silent)} of the {count(row['n'])} answers that it was asked about"
            )
    for status in statuses:
        if status.get("working") is False:
            reason = status.get("not_working") or "its job says so"
            why.setdefault(str(status.get("judge")), f"on {status.get('model')}: {reason}")
    return {label: why[label] for label in labels if label in why}


def _warning(labels: Sequence[str], idle: Sequence[str]) -> str | None:
    """One sentence where fewer judges work than were asked, for the verdict; None where all do."""
    if not idle:
        return None
    working = len(labels) - len(idle)
    some = f"Only {working} of {len(labels)}" if working else f"None of {len(labels)}"
    verb = "doesn't" if len(idle) == 1 else "don't"
    less = "" if 2 * working > len(labels) else ": too few for a majority, so many answers have no verdict"
    return f"{some} judges worked ({_and(idle)} {verb}){less}."


def _asking(rows: Sequence[Row], idle: Sequence[str]) -> Markdown:
    """What came of asking each judge, and the panel."""

    def label(row: Row) -> str:
        return f"{row['judge']} (not working)" if row["judge"] in idle else str(row["judge"])

    columns: list[Column[Row]] = [
        Column("judge", label, "left"),
        Column(
            "family", lambda row: row["family"] if isinstance(row.get("family"), str) else UNKNOWN, "left"
        ),
        Column("answers judged", lambda row: count(row.get("n"))),
        Column("called correct", lambda row: percent(row.get("correct_share"))),
        Column("no verdict", lambda row: _share(row, "invalid_rate")),
        Column("of these", _of_these, "left"),
        *_where_any(rows, "verdict after a repair", "repaired"),
        *_where_any(rows, "not asked about", "not_asked"),
        *_where_any(rows, "taken from other runs", "n_reused"),
        Column("end to end p50 (ms)", lambda row: number(row.get("e2e_ms_p50"))),
        Column("p95 (ms)", lambda row: number(row.get("e2e_ms_p95"))),
        Column("cost (USD)", lambda row: spent(row.get("cost_usd"), row.get("requests_cost_unknown"))),
    ]
    return table(columns, rows)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else UNKNOWN


def _where_any(rows: Sequence[Row], header: str, name: str) -> list[Column[Row]]:
    """A column of counts, where one of them isn't 0."""
    if not any(known(row.get(name)) and row[name] for row in rows):
        return []
    return [Column(header, lambda row: count(row.get(name)))]


def _of_these(row: Row) -> str:
    parts = [
        f"{count(row[name])} {word}"
        for name, word in _IN_PLACE_OF_A_VERDICT.items()
        if known(row.get(name)) and row[name]
    ]
    return ", ".join(parts) or UNKNOWN


def _trust(judges: Sequence[Row]) -> Markdown:
    """Each judge beside the others, and beside itself."""
    columns: list[Column[Row]] = [
        Column("judge", lambda row: row["judge"], "left"),
        *(
            [
                Column[Row]("agrees with the others", lambda row: _share(row, "agreement_with_others")),
                Column[Row]("answers", lambda row: count(row.get("agreement_with_others_n"))),
                Column[Row]("kappa with them", lambda row: _coefficient(row, "kappa_with_others")),
                *(
                    [Column[Row]("AC1 with them", lambda row: _coefficient(row, "ac1_with_others"))]
                    if _any(judges, "ac1_with_others")
                    else []
                ),
                Column[Row]("milder than they (points)", lambda row: _points(row, "leniency")),
            ]
            if len(judges) > 1
            else []
        ),
        Column("said the same twice", lambda row: _share(row, "unchanged_share")),
        Column("answers", lambda row: count(row.get("unchanged_n"))),
        *(
            [Column[Row]("per doubling of words (points)", lambda row: _points(row, "length_slope"))]
            if _any(judges, "length_slope")
            else []
        ),
    ]
    return table(columns, judges)


def _decisive(rows: Sequence[Row]) -> Markdown:
    """Each judge, and the panel, where the dataset's own metric leaves no doubt."""
    columns: list[Column[Row]] = [
        Column("judge", lambda row: row["judge"], "left"),
        Column("agrees", lambda row: _share(row, "agreement_with_metric")),
        Column("answers", lambda row: count(row.get("agreement_with_metric_n"))),
        Column("sensitivity", lambda row: _share(row, "sensitivity")),
        Column("answers", lambda row: count(row.get("sensitivity_n"))),
        Column("specificity", lambda row: _share(row, "specificity")),
        Column("answers", lambda row: count(row.get("specificity_n"))),
    ]
    return table(columns, rows)


def _pairs(pairs: Sequence[Row]) -> Markdown:
    """Each pair of judges, and the panel."""
    columns: list[Column[Row]] = [
        Column("judges", _who, "left"),
        Column("answers", lambda row: count(row.get("n"))),
        Column("agree", lambda row: _share(row, "raw")),
        Column("call correct", _prevalences),
        Column("kappa", lambda row: _coefficient(row, "kappa")),
        Column("AC1", lambda row: _coefficient(row, "ac1")),
        *(
            [Column[Row]("alpha", lambda row: _coefficient(row, "alpha"))]
            if len(pairs) > 2 and _any(pairs, "alpha")
            else []
        ),
    ]
    # Of two judges the panel is the pair.
    return table(columns, pairs if len(pairs) > 2 else pairs[:1])


def _families(own: Sequence[Row]) -> Markdown:
    """Each model that judges of its own family judged."""
    columns: list[Column[Row]] = [
        Column("model", lambda row: row["model"], "left"),
        Column("family", lambda row: row["family"], "left"),
        Column("judges of its family", lambda row: row["same_family"], "left"),
        Column("milder to it (points)", lambda row: _points(row, "favour")),
        Column("judges left", lambda row: count(row.get("judges_left"))),
        Column("still a quorum", lambda row: row["quorum"], "left"),
        Column("accuracy by all", lambda row: percent(row.get("accuracy"))),
        Column("without them", lambda row: percent(row.get("accuracy_without"))),
        Column("difference (points)", lambda row: _points(row, "difference")),
        Column("prompts", lambda row: count(row.get("n"))),
    ]
    return table(columns, [row for row in own if known(row.get("judges_left"))])


def _who(row: Row) -> str:
    return f"{row['judge']}, {row['other']}" if isinstance(row.get("other"), str) else "all together"


def _prevalences(row: Row) -> str:
    shares = [percent(row.get(f"prevalence_{who}")) for who in ("judge", "other")]
    return ", ".join(share for share in shares if share != UNKNOWN) or UNKNOWN


def _panel_agrees(pairs: Sequence[Row], scale: bool) -> str | None:
    if not pairs or not known(pairs[-1].get("raw")):
        return None
    row, alike = pairs[-1], "give the same rating" if scale else "agree"
    first = (
        f"On the {count(row['n'])} answers that two judges or more gave a verdict on, pairs of them {alike} in "
        f"{percent(row['raw'])}"
    )
    if not known(row.get("kappa")):
        return f"{first}; since all verdicts are the same, agreement beyond chance can't be told."
    beyond = "by how far ratings lie apart, agreement beyond chance" if scale else "beyond chance that"
    return (
        f"{first}: {beyond} is a Fleiss' kappa of {_told(row, 'kappa')} and a Krippendorff's alpha of "
        f"{_told(row, 'alpha')}."
    )


def _worst_pair(pairs: Sequence[Row]) -> str | None:
    two = [row for row in pairs if isinstance(row.get("other"), str) and known(row.get("kappa"))]
    if len(two) < 2:
        return None
    ranked = sorted(two, key=lambda row: float(row["kappa"]))
    worst, best = ranked[0], ranked[-1]
    return (
        f"{worst['judge']} and {worst['other']} agree least (kappa {_told(worst, 'kappa')}), {best['judge']} and "
        f"{best['other']} most ({_told(best, 'kappa')})."
    )


def _strays(judges: Sequence[Row]) -> str | None:
    """Judges that are surely milder or stricter than the others."""
    sure = [row for row in judges if _excludes_zero(row, "leniency")]
    told = [
        f"{row['judge']} is {_THAN_OTHERS[row['leniency'] > 0]} than the others by {_in_points(abs(row['leniency']))} points"
        for row in sure
    ]
    return f"{_and(told)}." if told else None


def _stability(judges: Sequence[Row]) -> str | None:
    asked = [row for row in judges if known(row.get("unchanged_share"))]
    if not asked:
        return None
    worst = min(asked, key=lambda row: float(row["unchanged_share"]))
    share = float(worst["unchanged_share"])
    if share == 1.0:
        lowest = [float(row["unchanged_share_low"]) for row in asked if known(row.get("unchanged_share_low"))]
        bound = f" (at least {percent(min(lowest))} of what they say, by the intervals)" if lowest else ""
        return f"Asked the very same a second time, every judge said the same again{bound}."
    return (
        f"Asked the very same a second time, {worst['judge']} changed its verdict most: on {percent(1.0 - share)} of "
        f"{count(worst['unchanged_n'])} answers."
    )


def _length(judges: Sequence[Row]) -> str | None:
    seen = [row for row in judges if known(row.get("length_slope_low"))]
    if not seen:
        return None
    told = [
        f"with every doubling of an answer's words, {row['judge']} calls {_in_points(abs(row['length_slope']))} points "
        f"{'more' if row['length_slope'] > 0 else 'fewer'} correct than the others' verdicts explain"
        for row in seen
        if _excludes_zero(row, "length_slope")
    ]
    if told:
        return f"{_and(told)[0].upper()}{_and(told)[1:]}."
    most = max(max(abs(float(row[f"length_slope_{end}"])) for end in ("low", "high")) for row in seen)
    return (
        "No judge's verdicts are seen to move with an answer's length where the others' don't: by the intervals, at most "
        f"{_in_points(most)} points with every doubling of the words."
    )


def _favour(own: Sequence[Row]) -> str | None:
    seen = [row for row in own if known(row.get("favour_low"))]
    if not seen:
        return None
    told = [
        f"{row['same_family']} {'favours' if row['favour'] > 0 else 'is stricter to'} {row['model']}, of its own family, by "
        f"{_in_points(abs(row['favour']))} points"
        for row in seen
        if _excludes_zero(row, "favour")
    ]
    if told:
        return f"Held against the other judges on the same answers, {_and(told)}."
    return "No judge is seen to be milder to models of its own family than to others."


def _one_judge(alone: Sequence[Row]) -> str | None:
    seen = [row for row in alone if known(row.get("difference"))]
    if not seen:
        return None
    most = max(seen, key=lambda row: abs(float(row["difference"])))
    if not float(most["difference"]):
        return "Leaving any one judge out changes no model's accuracy."
    return (
        f"Leaving one judge out changes a model's accuracy by at most {_in_points(abs(most['difference']))} points "
        f"({most['model']} without {most['judge']}), where a split of those that are left counts as half."
    )


def _excludes_zero(row: Row, name: str) -> bool:
    value, low, high = (row.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if low is None or high is None or not all(known(one) for one in (value, low, high)):
        return False
    return float(low) > 0.0 or float(high) < 0.0


def _in_points(share: Any) -> str:
    return number(100.0 * float(share), 2) if known(share) else UNKNOWN


def _points(row: Row, name: str) -> Markdown:
    return with_interval(*(_in_points(row.get(f"{name}{end}")) for end in ("", "_low", "_high")))


def _share(row: Row, name: str) -> Markdown:
    return with_interval(*(percent(row.get(f"{name}{end}")) for end in ("", "_low", "_high")))


def _coefficient(row: Row, name: str) -> Markdown:
    return with_interval(*(decimal(row.get(f"{name}{end}")) for end in ("", "_low", "_high")))


def _told(row: Row, name: str) -> str:
    """A coefficient in a sentence, with its interval where there is one."""
    value, low, high = (decimal(row.get(f"{name}{end}")) for end in ("", "_low", "_high"))
    return value if UNKNOWN in (low, high) else f"{value} ({low} to {high})"


def _and(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
