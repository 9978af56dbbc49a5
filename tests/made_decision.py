"""What a decision says beside its answer, made up for the models of `finished_run`: margins, incumbent, other limits, buckets."""

from typing import Any

import finished_run

COST = "cost_usd_per_10k_transactions"


def details(models: int = 3, bucket_count: int = 4) -> dict[str, Any]:
    """Keys of decision.json that stand beside those of `finished_run.decision`."""
    names = finished_run.MODELS[:models]
    buckets = [bucket["name"] for bucket in finished_run.buckets(bucket_count)]
    return {
        "objective_metric": COST,
        "latency_metric": "e2e_ms_p50",
        "weights": None,
        "margins": {"cost": 0.05, "latency": 0.1, "accuracy": 0.02, "score": None},
        "traffic": None,
        "as_good": ["steady"],
        "equivalence": [_equal("swift", "steady", -0.03, 0.02, True), _equal("swift", "frugal", -0.8, 2.5, False)],
        "incumbent": {
            "model": "frugal",
            "confidence": 0.95,
            "against": [
                _held("swift", "non_inferior", -0.38, -0.45, -0.31, "non_inferior", True),
                _held("steady", "undecided", 0.02, -0.08, 0.12, "undecided", False),
                {"model": "zephyr", "verdict": "not_evaluated", "p_adjusted": None, "aspects": []},
            ],
            "sentence": "swift is not worse than frugal, in use now.",
        },
        "what_would_change": [
            {
                "metric": "ttft_ms_p95",
                "bucket": None,
                "bound": "max",
                "limit": 2500.0,
                "ranges": [
                    _range(None, 1200.0, "none_qualifies", None, []),
                    _range(1200.0, 1700.0, "winner", "swift", ["swift"]),
                    _range(1700.0, None, "undecided", None, ["swift", "steady"]) | {"current": True},
                ],
                "sentence": "TTFT, at most 2,500 ms is asked: below 1,200 ms no model qualifies.",
            },
            {
                "metric": "accuracy",
                "bucket": buckets[0],
                "bound": "min",
                "limit": 0.8,
                "ranges": [_range(None, None, "winner", "swift", ["swift"]) | {"current": True}],
                "sentence": "Accuracy: no other limit would change the answer: swift.",
            },
        ],
        "by_bucket": [
            {
                "bucket": bucket,
                **({"answer": "winner", "model": "swift"} if place else {"answer": "none_qualifies", "model": None}),
                "candidates": ["swift"] if place else [],
                "as_good": ["steady"] if place == 1 else [],
                "sentence": "Use swift.",
                "models": [
                    {
                        "model": name,
                        "qualifies": "yes" if place else "no",
                        "objective_value": None if name == "frugal" else 4.2 + place,
                        "objective_low": 4.0,
                        "objective_high": 5.0,
                        "limits": [],
                    }
                    for name in names
                ],
            }
            for place, bucket in enumerate(buckets)
        ],
        "registered": {
            "state": "changed",
            "sha256": "9a" * 32,
            "at_utc": "2026-11-01T09:59:00+00:00",
            "first_request_utc": "2026-11-01T10:00:00+00:00",
            "changes": [{"key": "limits.accuracy.min", "then": 0.75, "now": 0.8}],
            "measurements": 9,
            "measurements_by_this_rule": 0,
            "others_between": 0,
            "sentence": "The rule changed after the first measured request.",
        },
    }  # fmt: skip


def with_levels(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Models' entries of a decision, each with the loads at which it keeps the limits."""
    return [
        entry
        | {
            "highest_concurrency": [16, 4, None][place % 3],
            "highest_rate_rps": 2.5 if place == 0 else None,
            "levels": [
                {"load": load, "state": "met" if step + place < 3 else "missed"}
                for step, load in enumerate(("c1", "c4", "c16", "r2.5"))
            ],
        }
        for place, entry in enumerate(entries)
    ]


def _equal(a: str, b: str, low: float, high: float, equivalent: bool) -> dict[str, Any]:
    found = {"aspect": "cost", "unit": "relative", "margin": 0.05, "confidence": 0.9}
    return {"a": a, "b": b, **found, "low": low, "high": high, "equivalent": equivalent, "p": 0.01 if equivalent else 0.9}  # fmt: skip


def _held(
    model: str, verdict: str, difference: float, low: float, high: float, state: str, superior: bool
) -> dict[str, Any]:
    common = {
        "low": low,
        "high": high,
        "state": state,
        "superior": superior,
        "more": None,
        "counted": "prompts",
    }
    aspects = (("cost", COST, "relative", 0.05), ("accuracy", "accuracy", "absolute", 0.02))
    return {
        "model": model,
        "verdict": verdict,
        "p_adjusted": 0.01,
        "aspects": [
            {"aspect": aspect, "metric": metric, "unit": unit, "margin": margin, "difference": difference, **common}
            for aspect, metric, unit, margin in aspects
        ],
    }  # fmt: skip


def _range(
    low: float | None, high: float | None, answer: str, model: str | None, candidates: list[str]
) -> dict[str, Any]:
    return {
        "from": low,
        "to": high,
        "answer": answer,
        "model": model,
        "candidates": candidates,
        "current": False,
    }
