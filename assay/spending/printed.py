"""The estimate as plain text, for a terminal and for the log."""

from collections.abc import Sequence

from assay.spending.ends import Ends, total
from assay.spending.estimate import Estimate, Row
from assay.spending.estimate_settings import EstimateJob
from assay.spending.power import Buys
from assay.spending.unpriced import to_write
from assay.tables.numbers import number

HEAD = ("", "requests", "tokens in", "tokens out", "minutes", "dollars", "at most")

WORDS = {
    "model": "model",
    "search": "search of",
    "judge": "judge",
    "preflight": "",
    "gone": "",
}


def printed(found: Estimate, buys: Buys, settings: EstimateJob) -> str:
    """A table by model and judge, what is held, the cap, and what the money buys."""
    rows = [_cells(row) for row in found.rows if row.kind != "gone"]
    left = [row.left for row in found.rows]
    sums = (
        "total",
        counts(total(each.all_requests.narrowed() for each in left)),
        counts(total(each.input_tokens.narrowed() for each in left)),
        counts(total(each.output_tokens.narrowed() for each in left)),
        span(found.seconds.narrowed() * (1 / 60)),
        span(found.left_usd) if found.priced else "unknown",
        number(found.left_usd.at_most) if found.priced else "unknown",
    )
    parts = [
        f"What run {settings.run.name} is still to buy, by prices as they are known. Retries are not counted.",
        table([HEAD, *rows, sums]),
        "\n".join([*_besides(found), *_held(found), *_hourly(found), *_cap(found, settings)]),
        "\n".join(_power(buys)),
    ]
    return "\n\n".join(part for part in parts if part)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows under the first as their head, the last as their sum: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in rows
    ]
    rule = "-" * max(len(line) for line in lines)
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _cells(row: Row) -> tuple[str, ...]:
    if row.left.usd is None:
        dollars = ("unknown", "unknown")
    elif row.usd_per_hour is not None:
        dollars = ("by the hour", "by the hour")
    else:
        usd = row.left.usd.narrowed()
        dollars = (span(usd), number(usd.at_most))
    return (
        f"{WORDS[row.kind]} {row.label}".strip(),
        counts(row.left.all_requests.narrowed()),
        counts(row.left.input_tokens.narrowed()),
        counts(row.left.output_tokens.narrowed()),
        span(row.left.seconds.narrowed() * (1 / 60)),
        *dollars,
    )


def _besides(found: Estimate) -> list[str]:
    """What the requests to models are for."""
    by_role: dict[str, Ends] = {}
    for row in found.rows:
        if row.kind == "model":
            for role, count in row.left.requests.items():
                by_role[role] = by_role.get(role, Ends()) + count.narrowed()
    words = {
        "measured": "measured",
        "warmup": "warm-up",
        "filler": "filler",
        "priming": "to fill the prompt cache",
    }
    named = [f"{counts(by_role[role])} {words[role]}" for role in words if by_role.get(role, Ends()).high]
    return [f"Requests to models: {', '.join(named)}."] if named else []


def _held(found: Estimate) -> list[str]:
    held = sum(row.held for row in found.rows)
    lines = []
    if held:
        lines.append(f"Held in the ledger: {held:,} requests of the plan, which cost nothing more.")
    if found.spent_usd:
        lines.append(
            f"Spent so far: {number(found.spent_usd)} USD. The whole run: {span(found.usd)} USD, at most"
            f" {number(found.usd.at_most)}."
        )
    return lines


def _hourly(found: Estimate) -> list[str]:
    return [
        f"{row.label}: provisioned throughput, {number(row.usd_per_hour)} USD an hour, which is in no sum."
        for row in found.rows
        if row.usd_per_hour is not None and row.kind in ("model", "judge")
    ]


def _cap(found: Estimate, settings: EstimateJob) -> list[str]:
    lines = []
    if found.unknown:
        lines.append(
            f"Unknown price: {', '.join(found.unknown)}. What {'it costs' if len(found.unknown) == 1 else 'they cost'}"
            f" is in no sum; give it under `prices`:\n{to_write(found.unpriced)}"
        )
    if found.max_usd is None:
        lines.append("No cap: budget.max_usd is not set.")
    elif found.above:
        lines.append(f"Above the cap: budget.max_usd is {number(found.max_usd)}.")
    elif found.unknown:
        lines.append(f"Under the cap, budget.max_usd: {number(found.max_usd)}, every price has to be known.")
    elif found.may_be_capped:
        lines.append(
            f"Within the cap, budget.max_usd: {number(found.max_usd)}. In the worst case"
            f" ({number(found.usd.at_most)} USD: every answer as long as max_tokens allows) the run would stop at it."
        )
    else:
        lines.append(f"Within the cap, budget.max_usd: {number(found.max_usd)}, even in the worst case.")
    return lines


def _power(buys: Buys) -> list[str]:
    if buys.accuracy_points is None and buys.p50_percent is None:
        return []
    lines = [
        f"The smallest difference between two models that this tells in 4 of 5 runs, at {100 * buys.confidence:.6g}% confidence"
        f" over {buys.pairs} pair{'s' if buys.pairs > 1 else ''} (with twice the money):"
    ]
    for words, now, doubled, of in (
        (
            "accuracy",
            points(buys.accuracy_points),
            points(buys.accuracy_points_doubled),
            f"{buys.prompts:,.0f} source documents",
        ),
        ("median latency", percent(buys.p50_percent), percent(buys.p50_percent_doubled), _requests(buys)),
        (
            "95th percentile of latency",
            percent(buys.p95_percent),
            percent(buys.p95_percent_doubled),
            _requests(buys),
        ),
    ):
        lines.append(f"  {words}: {now} ({doubled}), from {of}")
    if buys.assumed:
        lines.append(f"  Taken for granted until it is known: {'; '.join(buys.assumed)}.")
    return lines


def _requests(buys: Buys) -> str:
    blocks = f" in {buys.blocks} blocks" if buys.blocks > 1 else ""
    return f"{buys.requests:,.0f} requests at {buys.load}{blocks}"


def points(value: float | None) -> str:
    """Percentage points."""
    return "unknown" if value is None else f"{value:.1f} percentage points"


def percent(value: float | None) -> str:
    """Per cent."""
    return "unknown" if value is None else f"{value:.0f} %"


def span(ends: Ends) -> str:
    """Both ends, or one number where they look the same."""
    low, high = number(ends.low), number(ends.high)
    return low if low == high else f"{low} to {high}"


def counts(ends: Ends) -> str:
    """Both ends as whole numbers."""
    low, high = f"{ends.low:,.0f}", f"{ends.high:,.0f}"
    return low if low == high else f"{low} to {high}"
