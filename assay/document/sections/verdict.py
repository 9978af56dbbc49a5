"""The verdict box: the choice in a sentence, its reasons, the question that it answers, and what would change it."""

from typing import Any

from assay.decision.settings import Bounds
from assay.document.reported import Reported, interest
from assay.tables import choice
from assay.tables.metrics import asked, in_prose, margin
from assay.tables.numbers import percent

MOST_CHANGES = 3
"""So many sentences on what would change the choice stand in the box; the table has the rest."""


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    benchmark, decision = run.benchmark, run.decision
    changing = choice.changing(decision)
    mix = benchmark.traffic.buckets if benchmark.traffic else None
    named = interest(mix or benchmark.dataset_of_interest, run.buckets)
    return {
        "sentence": one_line(decision),
        "wanted": _wanted(run),
        "mix": named if named != interest(benchmark.dataset_of_interest, run.buckets) else None,
        "limits": [
            *_limits(benchmark.limits),
            *(
                line
                for bucket, bounds in benchmark.limits.buckets.items()
                for line in _limits(bounds, bucket)
            ),
        ],
        "margins": _margins(run),
        "changing": changing[:MOST_CHANGES],
        "changing_more": len(changing[MOST_CHANGES:]),
        "registered": _registered(decision.get("registered") or {}),
    }


def one_line(decision: dict[str, Any]) -> str:
    """The recommendation on one line of plain text."""
    return " ".join(str(decision.get("sentence", "")).split())


def _registered(told: dict[str, Any]) -> str | None:
    """Since when the rule is as it is; where it changed, the section on it has the details."""
    if told.get("state") == "changed":
        return "The rule that this choice goes by was changed after measuring had begun"
    return str(told["sentence"]).rstrip(".") if told.get("sentence") else None


def _wanted(run: Reported) -> str:
    """What is asked for among the models that keep the limits, in words."""
    chosen = run.benchmark.decision
    latency = in_prose(chosen.latency)
    match chosen.objective:
        case "cheapest":
            return "the cheapest by dollars per transaction"
        case "cheapest_success":
            return "the cheapest by dollars per correct answer"
        case "fastest":
            return f"the fastest by {latency}"
        case "most_accurate":
            return "the most accurate"
        case "weighted":
            names = {"cost": "cost per transaction", "latency": latency, "accuracy": "accuracy"}
            shares = chosen.weights.shares if chosen.weights else {}
            parts = [f"{names[name]} ({percent(share)})" for name, share in shares.items()]
            return f"the best by weights of {choice.joined(parts)}"


def _limits(bounds: Bounds, bucket: str | None = None) -> list[str]:
    """Each limit in words, such as `TTFT p95 at most 600 ms`."""
    return [
        f"{in_prose(name, bucket)} at {'most' if bound.max is not None else 'least'} "
        f"{asked(name, bound.max if bound.max is not None else bound.min)}"
        for name, bound in bounds.named.items()
    ]


def _margins(run: Reported) -> list[str]:
    """Differences that don't matter, in words."""
    margins = run.benchmark.decision.margins
    names = {"cost": "cost", "latency": in_prose(run.benchmark.decision.latency), "accuracy": "accuracy"}
    found = [
        f"{margin(most, 'absolute' if name == 'accuracy' else 'relative')} in {names[name]}"
        for name, most in margins.of_aspects.items()
    ]
    return [
        *found,
        *([f"{margin(margins.score, 'relative')} in the weighted score"] if margins.score else []),
    ]
