"""How the report writes metrics and states: their names, a figure with its unit, a state with its sign and colour."""

import math
from typing import Any

from assay.tables.markdown import Markdown, escape
from assay.tables.numbers import UNKNOWN, as_written, dollars, known, number, percent

QUALIFIES = {"yes": "yes", "no": "no", "undecided": "undecided", "not_evaluated": "not evaluated"}
STATES = {"met": "met", "missed": "missed", "undecided": "undecided", "not_evaluated": "not evaluated"}
_SIGNS = {"met": "✓", "yes": "✓", "missed": "✗", "no": "✗"}

METRICS = {
    "accuracy": "accuracy",
    "error_rate": "error rate",
    "transactions_per_minute": "transactions per minute",
    "cost_usd_per_10k_transactions": "cost per 10,000 transactions",
    "cost_usd_per_10k_correct_answers": "cost per 10,000 correct answers",
    "weighted_score": "weighted score",
    **{
        f"{metric}_{percentile}": f"{name} {percentile}"
        for metric, name in (("ttft_ms", "TTFT"), ("e2e_ms", "end-to-end latency"), ("tpot_ms", "TPOT"))
        for percentile in ("p50", "p90", "p95", "p99")
    },
}
"""Names of the metrics that a limit can be on or a choice be made by, as the report writes them."""


def metric_name(metric: str, bucket: str | None = None) -> str:
    """The metric in words, with the bucket that it is of where it is of one."""
    known_as = metric.removesuffix("_all").replace("_from_intended", "")
    name = METRICS.get(known_as, metric.replace("_", " "))
    due = ", from when requests were due" if "_from_intended" in metric else ""
    return f"{name}{due}" if bucket is None else f"{name}{due} in bucket {bucket}"


_LATENCIES = {
    "ttft_ms": "time to first token",
    "e2e_ms": "end-to-end time",
    "tpot_ms": "time per output token",
}


def in_prose(metric: str, bucket: str | None = None) -> str:
    """The metric as the decision's sentences have it: "time to first token (95th percentile)"."""
    name = METRICS.get(metric, metric)
    for latency, words in _LATENCIES.items():
        if metric.startswith(f"{latency}_p"):
            percentile = metric.rsplit("_p", 1)[1]
            name = f"median {words}" if percentile == "50" else f"{words} ({percentile}th percentile)"
    return name if bucket is None else f"{name} in bucket {bucket}"


_SHARES = ("accuracy", "error_rate", "metric_score")


def figure(metric: str, value: Any) -> str:
    """A figure of `metric` with its unit, as it stands in a sentence."""
    if not known(value):
        return UNKNOWN
    if metric in _SHARES:
        return percent(value)
    if metric.startswith("cost_usd"):
        return dollars(value)
    if metric.split("_p")[0].endswith("_ms"):
        return f"{number(value)} ms"
    return number(value)


def asked(metric: str, value: Any) -> str:
    """A limit with its unit, not rounded: a figure just beyond it would else stand beside the very same digits."""
    if not known(value):
        return UNKNOWN
    limit = float(value)
    if metric in _SHARES:
        return f"{as_written(100 * limit)} %"
    if metric.startswith("cost_usd"):
        return f"${limit:,.2f}" if round(limit, 2) == limit else f"${as_written(limit)}"
    return f"{as_written(limit)} ms" if metric.split("_p")[0].endswith("_ms") else as_written(limit)


def missed_by(metric: str, bound: str, limit: float, value: Any) -> str:
    """How far `value` is beyond a limit: a share in points, all else in per cent of the limit. Negative where it isn't beyond."""
    if not known(value) or (metric not in _SHARES and (not limit or math.isinf(value))):
        return UNKNOWN
    beyond = (float(value) - limit) * (1 if bound == "max" else -1)
    if metric in _SHARES:
        return difference(beyond, "absolute").removeprefix("+")
    return difference(beyond / limit, "relative").removeprefix("+")


def difference(value: Any, unit: Any) -> str:
    """A difference with its sign: `relative` ones in per cent, those of shares in points of a hundred."""
    if not known(value):
        return UNKNOWN
    share = float(value)
    sign = "+" if share > 0 else "-" if share < 0 else ""
    if unit == "absolute":
        points = f"{abs(100 * share):.1f}".removesuffix(".0")
        return f"{sign}{points} {'point' if points == '1' else 'points'}"
    small = f"{abs(100 * share):.2g} %"
    return f"{sign}{small if 0 < abs(share) < 0.0005 else percent(abs(share))}"


def margin(value: Any, unit: Any) -> str:
    """A margin, not rounded: "5 %" of a ratio, "2 points" of a share."""
    if not known(value):
        return UNKNOWN
    written = as_written(100 * float(value))
    return f"{written} {'point' if written == '1' else 'points'}" if unit == "absolute" else f"{written} %"


def state(name: str, words: dict[str, str]) -> Markdown:
    """A state with its sign and a class that gives it its colour."""
    sign = _SIGNS.get(name, "?")
    return Markdown(f"[{sign} {escape(words.get(name, name))}]{{.state-{name.replace('_', '-')}}}")
