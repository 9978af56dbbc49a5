"""What a comparison of runs says, in words: one sentence for whoever reads no further, and names of figures and places."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assay.comparison.differences import ABSOLUTE, ALL, COST
from assay.schedule.level import level_of
from assay.tables.metrics import METRICS, figure
from assay.tables.numbers import UNKNOWN, known, percent

_MOST_NAMED = 3
"""Figures of a model that the sentence names."""


def metric_name(metric: str) -> str:
    """Such as "end-to-end latency p50"."""
    return METRICS.get(metric.removesuffix("_all"), metric)


def place_of(row: Mapping[str, Any]) -> str:
    """Where a row is about: its bucket and load."""
    if row["overall"]:
        return "all buckets and loads" if row["metric"] != COST else "all buckets"
    if row["load"] == ALL:
        return str(row["bucket"])
    return f"{row['bucket']}, {level_of(row['load']).words}"


def value_of(row: Mapping[str, Any], side: str) -> str:
    """A side's figure with its unit."""
    return figure(row["metric"].removesuffix("_all"), row[side])


def amount(row: Mapping[str, Any], end: str = "difference", *, unit: bool = True) -> str:
    """A difference or an end of its interval with its sign: per cent, or percentage points of a share."""
    value = row[end]
    if not known(value):
        return UNKNOWN
    share = round(100 * float(value), 1)
    text = f"{share:+.1f}" if abs(share) < 1000 else f"{share:+,.0f}"
    text = "0" if share == 0 else text
    return f"{text} {'points' if row['metric'] in ABSOLUTE else '%'}" if unit else text


def interval_of(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """The ends of a difference's interval, the unit at the second; None without."""
    if not (known(row["low"]) and known(row["high"])):
        return None
    return amount(row, "low", unit=False), amount(row, "high")


def sentence(found: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict: its `state` (`regression`, `improvement`, `not_shown` or `not_tested`), and the sentences that say it."""
    rows, rate = found["rows"], percent(found["error_rate"])
    tests = f"{found['tests']:,} test{'' if found['tests'] == 1 else 's'} at an error rate of {rate}"
    worse = [row for row in rows if row["state"] == "regression"]
    better = [row for row in rows if row["state"] == "improvement"]
    if not found["tests"]:
        least, there = (
            found["least_sittings"],
            [found["sides"][side]["sittings"] for side in ("before", "after")],
        )
        text = (
            f"Not tested: a regression is called one only with {least} sittings on each side, and there are {there[0]} before"
            f" and {there[1]} after. The intervals are those of these sittings only."
        )
        if min(there) >= least:
            text = "Not tested: no figure of the two sides could be compared. The tables say why."
        return {"state": "not_tested", "sentence": text}
    if not worse and not better:
        text = (
            f"No regression is shown, and no improvement, in {tests}. That doesn't prove that nothing changed:"
            " the intervals say how much could hide."
        )
        return {"state": "not_shown", "sentence": text}
    parts = [_said(worse, "worse")] if worse else [f"No regression is shown in {tests}."]
    parts += [_said(better, "better")] if better else []
    if worse:
        flagged = "figure is" if len(worse) == 1 else "figures are"
        parts.append(f"{len(worse):,} {flagged} worse in {tests}.")
    return {"state": "regression" if worse else "improvement", "sentence": " ".join(parts)}


def _said(rows: Sequence[Mapping[str, Any]], how: str) -> str:
    models = dict.fromkeys(row["model"] for row in rows)
    return " ".join(
        f"{model} got {how}: {_few([row for row in rows if row['model'] == model])}." for model in models
    )


def _few(rows: Sequence[Mapping[str, Any]]) -> str:
    """The figures over all buckets and loads first; of others the surest."""
    overall = [row for row in rows if row["overall"]]
    shown = (overall or sorted(rows, key=lambda row: row["p_adjusted"]))[:_MOST_NAMED]
    more = len({row["metric"] for row in rows} - {row["metric"] for row in shown}) if overall else 0
    text = ", ".join(
        f"{metric_name(row['metric'])} {amount(row)}{bounds(row)}{'' if overall else f' in {place_of(row)}'}"
        for row in shown
    )
    return f"{text}, and {more} figure{'' if more == 1 else 's'} more" if more else text


def bounds(row: Mapping[str, Any]) -> str:
    found = interval_of(row)
    return "" if found is None else f" ({' to '.join(found)})"


def cautions(found: Mapping[str, Any]) -> list[str]:
    """What a reader has to know before taking a difference for the model's own doing."""
    said = []
    changed = [change for change in found["changes"] if change["matters"]]
    asked = [change for change in changed if change["part"] in ("settings", "data")]
    if asked:
        said.append(
            f"The two sides didn't measure the same: {len(asked)} setting{'' if len(asked) == 1 else 's'} that figures depend"
            f" on changed ({_list(change['key'] for change in asked)}). A difference may come from that."
        )
    if any(change["part"] == "endpoint" for change in changed):
        keys = _list(change["key"] for change in changed if change["part"] == "endpoint")
        said.append(f"The endpoint is not the same on both sides ({keys}).")
    if any(change["part"] == "prices" for change in changed):
        said.append("Prices changed: each side's cost is at the prices of its own runs.")
    if any(change["part"] == "machines" for change in changed):
        said.append("The client ran on another machine, or in another setting of it.")
    few = [row for row in found["prompts"] if row["shared"] < max(row["before"], row["after"])]
    if few:
        shared, most = sum(r["shared"] for r in few), sum(max(r["before"], r["after"]) for r in few)
        said.append(
            f"Prompts differ in {_list(row['bucket'] for row in few)}: only the {shared:,} of {most:,} that both sides asked count."
        )
    if all(row["load"] == ALL for row in found["rows"]):
        said.append(
            "No bucket was measured with the same prompts at the same load on both sides, so nothing is said of latency,"
            " throughput or errors."
        )
    if found["renamed"]:
        pairs = _list(f"{old} is now {new}" for old, new in found["renamed"].items())
        said.append(f"Models that have another label: {pairs}.")
    for side in ("before", "after"):
        if only := found[f"only_{side}"]:
            said.append(
                f"Only {side}: {_list(only)}. Nothing is said of {'it' if len(only) == 1 else 'them'}."
            )
    for side in ("before", "after"):
        if jobs := found["sides"][side]["not_whole"]:
            said.append(f"Less was measured {side} than was planned: {_list(jobs)}.")
    of_blocks = [
        side
        for side in ("before", "after")
        if found["sides"][side]["sittings_are"] == "blocks" and found["sides"][side]["sittings"] > 1
    ]
    if of_blocks:
        where = "on both sides" if len(of_blocks) == 2 else of_blocks[0]
        said.append(
            f"The sittings {where} are the blocks of one run: what differs from one day to another isn't in their spread,"
            " and may pass for a change. Several runs on each side know of it."
        )
    if len({run["simulated"] for side in found["sides"].values() for run in side["runs"]}) > 1:
        said.append("Some runs were answered by the simulator, and others weren't.")
    return said


def _list(words: Iterable[str]) -> str:
    each = list(words)
    few, more = each[:5], len(each) - 5
    if more > 0:
        return f"{', '.join(few)} and {more} more"
    return f"{', '.join(few[:-1])} and {few[-1]}" if len(few) > 1 else "".join(few)
