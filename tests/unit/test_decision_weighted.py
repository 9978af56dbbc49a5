"""How the aspects of a weighted score go together, and what that makes of its error."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from assay.decision.compare import Measure, find
from assay.decision.settings import Aspect
from assay.decision.weighted import Documents, rated_by_both
from assay.records.sample import Attempts, Requests, Sample
from assay.stats.dependent import Moved

Floats = NDArray[np.float64]

SHARES = {"x": 1.0}
NAMES = ("a", "b")


def sample(usd: Floats, e2e_ms: Floats, source: NDArray[np.int64], blocks: int = 1, **others: Any) -> Sample:
    n = len(usd)
    weight, nothing, true = np.full(n, 1.0 / n), np.full(n, np.nan), np.ones(n, bool)
    block = np.arange(n) * blocks // n
    requests: dict[str, Any] = dict.fromkeys(Requests.__dataclass_fields__, nothing) | {
        "weight": weight,
        "block": block,
        "ok": true,
        "error": np.full(n, None, dtype=object),
        "e2e_ms": e2e_ms,
        "source": source,
    }
    attempts = Attempts(weight, weight, block, np.ones(n), ~true, e2e_ms, nothing, usd, true, source)
    documents = np.array([f"d{place}" for place in range(int(source.max()) + 1)], dtype=object)
    return Sample(4, 0.95, Requests(**requests), attempts, **({"documents": documents} | others))


def rated(right: tuple[Floats, Floats], source: NDArray[np.int64]) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame(
            {
                "model": name,
                "bucket": "x",
                "prompt_id": [f"p{place}" for place in range(len(source))],
                "source": [f"d{place}" for place in source],
                "accuracy": each,
            }
        )
        for name, each in zip(NAMES, right, strict=True)
    )


def drawn(
    draw: np.random.Generator, documents: int, together: float
) -> tuple[dict[str, Sample], pd.DataFrame, tuple[float, float, float]]:
    """Two models on two prompts of each document. Where the first model is dear on a document, it is late there and errs there
    too, the more so the larger `together` is. With the log ratios of cost, median latency and accuracy."""
    source = np.repeat(np.arange(documents), 2)
    hard = draw.normal(size=documents)[source]
    samples, right = {}, []
    for name in NAMES:
        mine = together * hard if name == "a" else 0.0

        def own() -> Floats:
            return math.sqrt(1 - together**2) * draw.normal(size=2 * documents)

        usd, e2e = np.exp(0.3 * (mine + own())), 200 * np.exp(0.3 * (mine + own()))
        samples[name] = sample(usd, e2e, source)
        right.append((mine + own() < 0.8).astype(np.float64))
    ratios = (
        math.log(samples["a"].attempts.cost_usd.mean() / samples["b"].attempts.cost_usd.mean()),
        math.log(np.median(samples["a"].requests.e2e_ms) / np.median(samples["b"].requests.e2e_ms)),
        math.log(right[0].mean() / right[1].mean()),
    )
    return samples, rated((right[0], right[1]), source), ratios


def moves(samples: dict[str, Sample], prompts: pd.DataFrame) -> list[Moved]:
    documents = Documents(samples["a"], samples["b"], rated_by_both("a", "b", prompts, SHARES), SHARES)
    found = [documents.cost(), documents.latency("e2e_ms", 0.5, None, 0.95), documents.accuracy()]
    assert all(each is not None for each in found)
    return [each for each in found if each is not None]


def test_documents_tell_how_cost_latency_and_accuracy_go_together() -> None:
    """Their correlations are those of the ratios over many worlds."""
    draw = np.random.default_rng(21)
    seen, said = [], []
    for _ in range(250):
        samples, prompts, ratios = drawn(draw, 60, 0.85)
        seen.append(ratios)
        said.append(np.corrcoef([each.amount for each in moves(samples, prompts)]))
    over_worlds, by_documents = np.corrcoef(np.array(seen).T), np.mean(said, axis=0)
    assert over_worlds[0, 1] > 0.2 and over_worlds[0, 2] < -0.2 and over_worlds[1, 2] < -0.15
    # Of 250 worlds a correlation is known to about .06.
    assert np.abs(over_worlds - by_documents).max() < 0.17


def test_what_a_document_moves_is_about_what_is_gone_without_it() -> None:
    samples, prompts, _ = drawn(np.random.default_rng(5), 50, 0.5)
    cost, latency, accuracy = moves(samples, prompts)
    assert (cost.whole, latency.whole, accuracy.whole) == (True, False, True)
    for each in (cost, latency, accuracy):
        assert each.amount.sum() == pytest.approx(0.0, abs=1e-9) and each.present.all()
    source = samples["a"].attempts.source
    usd = [samples[name].attempts.cost_usd for name in NAMES]
    right = [rows["accuracy"].to_numpy() for _, rows in prompts.groupby("model")]
    for values, told in ((usd, cost), (right, accuracy)):
        whole = math.log(values[0].mean() / values[1].mean())
        gone = [
            whole - math.log(values[0][source != place].mean() / values[1][source != place].mean())
            for place in range(50)
        ]
        assert np.abs(np.array(gone) - told.amount).max() < 0.05 * np.abs(told.amount).max()


def error(
    samples: dict[str, Sample], prompts: pd.DataFrame, weights: Mapping[Aspect, float]
) -> tuple[float, float]:
    """That of the weighted score, and the sum of its parts', each times its weight."""

    def of(shares: Mapping[Aspect, float]) -> float:
        measure = Measure("weighted", "e2e_ms_p50", shares)
        found = find(measure, "a", "b", samples, prompts, SHARES, 0.95).difference
        assert found is not None
        return found.standard_error

    return of(weights), sum(weight * of({aspect: 1.0}) for aspect, weight in weights.items())


def test_a_score_is_surer_than_the_sum_of_its_parts_errors_where_documents_show_it() -> None:
    samples, prompts, _ = drawn(np.random.default_rng(8), 60, 0.0)
    found, bound = error(samples, prompts, {"cost": 0.4, "latency": 0.3, "accuracy": 0.3})
    assert 0.5 * bound < found < 0.75 * bound


def test_the_bound_stands_with_few_documents_and_with_a_price_by_the_hour() -> None:
    samples, prompts, _ = drawn(np.random.default_rng(9), 11, 0.0)
    found, bound = error(samples, prompts, {"cost": 0.5, "latency": 0.5})
    assert found == pytest.approx(bound)
    samples, prompts, _ = drawn(np.random.default_rng(9), 40, 0.0)
    nameless = {name: Sample(4, 0.95, each.requests, each.attempts) for name, each in samples.items()}
    found, bound = error(nameless, prompts, {"cost": 0.5, "latency": 0.5})
    assert found == pytest.approx(bound), "nobody knows which documents"
    hourly = {
        name: Sample(
            4,
            0.95,
            each.requests,
            each.attempts,
            in_flight_mean=4.0,
            usd_per_hour=20.0,
            documents=each.documents,
        )
        for name, each in samples.items()
    }
    found, bound = error(hourly, prompts, {"cost": 0.5, "latency": 0.5})
    assert found == pytest.approx(bound), "its cost goes by its throughput, as its latency does"


def test_uneven_documents_make_a_score_of_costs_as_unsure_as_costs_are() -> None:
    """The jackknife's error alone claims too much there."""
    draw = np.random.default_rng(4)
    source = np.repeat(np.arange(14), [60, 30, *[1] * 12])
    samples = {
        name: sample(np.exp(draw.normal(size=len(source))), np.ones(len(source)), source) for name in NAMES
    }
    prompts = rated((np.ones(len(source)), np.ones(len(source))), source)
    score = find(Measure("weighted", "e2e_ms_p50", {"cost": 1.0}), "a", "b", samples, prompts, SHARES, 0.95)
    cost = find(Measure("cheapest"), "a", "b", samples, prompts, SHARES, 0.95)
    assert score.difference is not None and cost.difference is not None
    assert score.difference.standard_error > 1.02 * cost.difference.standard_error
    assert score.difference.interval.low <= cost.difference.interval.low + 1e-9
    assert score.difference.interval.high >= cost.difference.interval.high - 1e-9
