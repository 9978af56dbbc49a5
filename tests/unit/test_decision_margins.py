"""Objectives, margins, the model in use, limits on buckets and the traffic's mix: from a run's files to the decision."""

import math
import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from made_run import MadeModel, make_run

from assay.decision.compare import Found, Measure
from assay.decision.decide import decide
from assay.decision.evidence import Evidence
from assay.decision.incumbent import against
from assay.decision.recommend import Candidate
from assay.decision.settings import Margins
from assay.decision.stage import Choice
from assay.decision.words import against_incumbent
from assay.records.aggregate import aggregate
from assay.records.metrics import TABLES
from assay.records.settings import Aggregation
from assay.records.writing import write_table
from assay.stats.distributions import t_two_sided
from assay.stats.effect import Centred
from assay.stats.interval import Interval
from assay.stats.ratios import Difference

MODELS = {
    "swift": MadeModel(e2e_ms=150, usd_per_million=0.5, accuracy=0.95),
    "near": MadeModel(e2e_ms=153, usd_per_million=0.505, accuracy=0.95),
    "dear": MadeModel(e2e_ms=152, usd_per_million=5.0, accuracy=0.95),
    "wrong": MadeModel(e2e_ms=150, usd_per_million=0.3, accuracy=0.1),
}

Decide = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Decide:
    """Decides from one made-up run, whatever is asked of it."""
    folder = tmp_path_factory.mktemp("run")
    made = make_run(folder, MODELS, levels=(4,), requests=120, prompts=60)
    settings = {"dataset_of_interest": "short", "models": made.models, "judges": made.judges}
    rows = aggregate(Aggregation.model_validate(settings), **made.inputs())
    tables: dict[str, Any] = {name: folder / "tables" / f"{name}.parquet" for name in ("cells", "models")}
    for name, path in tables.items():
        write_table(path, TABLES[name], rows[name])
    inputs: dict[str, Any] = {name: paths for name, paths in made.inputs().items() if name != "statuses"}

    def of(
        limits: dict[str, Any] | None = None, traffic: dict[str, Any] | None = None, **decision: Any
    ) -> dict[str, Any]:
        choice = {
            "models": made.models,
            "limits": limits or {},
            "decision": decision,
            "dataset_of_interest": "short",
            "traffic": traffic,
            "concurrency": (4,),
        }
        return decide(Choice.model_validate(choice), **tables, **inputs)

    return of


def model(found: dict[str, Any], name: str) -> dict[str, Any]:
    made: dict[str, Any] = next(each for each in found["models"] if each["model"] == name)
    return made


RIGHT = {"accuracy": {"min": 0.6}}


def test_those_within_the_margin_of_a_winner_are_as_good(run: Decide) -> None:
    found = run(RIGHT, objective="cheapest", margins={"cost": 0.05})
    assert (found["answer"], found["model"], found["as_good"]) == ("winner", "swift", ["near"])
    assert found["margins"]["cost"] == 0.05
    assert found["sentence"].endswith("; near is as good within the margin of 5 %.")
    told = {(each["a"], each["b"]): each for each in found["equivalence"]}
    near, dear = told["swift", "near"], told["swift", "dear"]
    assert near["equivalent"] and near["p"] <= 0.05 and (near["aspect"], near["unit"]) == ("cost", "relative")
    assert -0.05 < near["low"] <= near["high"] < 0.05 and near["confidence"] == pytest.approx(0.9)
    assert not dear["equivalent"] and dear["p"] > 0.99
    without = run(RIGHT, objective="cheapest")
    assert (without["model"], without["as_good"], without["equivalence"]) == ("swift", [], [])
    tight = run(RIGHT, objective="cheapest", margins={"cost": 0.001})
    assert tight["as_good"] == []


def test_models_that_cant_be_told_apart_are_equivalent_only_within_a_margin(run: Decide) -> None:
    apart = run(objective="fastest")
    assert apart["answer"] == "undecided"
    found = run(objective="fastest", margins={"latency": 0.2})
    assert found["answer"] == "equivalent"
    assert sorted(found["candidates"]) == sorted(MODELS)
    assert (
        "are equivalent: they differ at 4 in flight by less than the margin of 20 % in median"
        in found["sentence"]
    )
    assert all(each["equivalent"] for each in found["equivalence"]) and len(found["equivalence"]) == 6
    small = run(objective="fastest", margins={"latency": 0.002})
    assert small["answer"] == "undecided"
    assert "nor are they shown to be within the margin of 0.2 %" in small["sentence"]


def test_equivalent_models_have_to_keep_the_limits_surely(run: Decide) -> None:
    undecided = {"e2e_ms_p99": {"max": 300}}  # too few requests for a 99th percentile
    found = run(undecided, objective="fastest", margins={"latency": 0.2})
    assert found["answer"] == "undecided"


def test_any_latency_can_be_what_fastest_is_about(run: Decide) -> None:
    found = run(objective="fastest", latency="ttft_ms_p90", margins={"latency": 0.3})
    assert found["objective_metric"] == "ttft_ms_p90_all"
    assert found["latency_metric"] == "ttft_ms_p90"
    assert "time to first token (90th percentile)" in found["sentence"]
    assert all(
        each["objective_low"] < each["objective_value"] < each["objective_high"] for each in found["models"]
    )


def test_dollars_per_correct_answer_make_a_cheap_model_dear_that_errs(run: Decide) -> None:
    assert run(objective="cheapest")["model"] == "wrong"
    found = run(objective="cheapest_success")
    assert found["objective_metric"] == "cost_usd_per_10k_correct_answers"
    assert "wrong" not in found["candidates"]
    wrong, swift = model(found, "wrong"), model(found, "swift")
    assert wrong["objective_value"] > swift["objective_value"]
    assert wrong["objective_low"] < wrong["objective_value"] < wrong["objective_high"]
    pair = next(each for each in found["comparisons"] if {each["a"], each["b"]} == {"swift", "wrong"})
    assert pair["better"] == "swift"
    assert pair["relative"] == pytest.approx(swift["objective_value"] / wrong["objective_value"] - 1)
    assert "per 10,000 correct answers" in found["sentence"]


def test_weights_decide_by_the_product_of_ratios(run: Decide) -> None:
    found = run(objective="weighted", weights={"cost": 3, "accuracy": 1})
    assert found["weights"] == {"cost": 0.75, "accuracy": 0.25}
    by_aspect = {
        aspect: {(each["a"], each["b"]): each for each in pairs} for aspect, pairs in found["aspects"].items()
    }
    pair = next(each for each in found["comparisons"] if (each["a"], each["b"]) == ("swift", "wrong"))
    cost = 1 + by_aspect["cost"]["swift", "wrong"]["relative"]
    accuracy = model(found, "swift")["accuracy"] / model(found, "wrong")["accuracy"]
    assert 1 + pair["relative"] == pytest.approx(cost**0.75 / accuracy**0.25, rel=1e-6)
    assert any("cost per transaction 75 % and accuracy 25 %" in reason for reason in found["reasons"])
    swift, dear = model(found, "swift"), model(found, "dear")
    assert (
        swift["objective_low"] < swift["objective_value"] < swift["objective_high"] < dear["objective_value"]
    )
    assert any(
        re.search(r"about [\d,]+ more requests and prompts would tell", line) for line in found["reasons"]
    )
    accurate = run(objective="weighted", weights={"accuracy": 1})
    assert "wrong" not in accurate["candidates"], "more accuracy makes a score better"


def test_a_limit_on_a_bucket_is_held_against_that_bucket(run: Decide) -> None:
    limits = {"error_rate": {"max": 0.5}, "buckets": {"long": {"e2e_ms_p50": {"max": 120}}}}
    found = run(limits, objective="cheapest")
    assert found["answer"] == "none_qualifies"
    on_all, on_long = model(found, "swift")["limits"]
    assert (on_all["bucket"], on_all["state"], on_all["miss"]) == (None, "met", None)
    assert (on_long["bucket"], on_long["metric"], on_long["state"]) == ("long", "e2e_ms_p50", "missed")
    miss = on_long["miss"]
    assert miss["relative"] == pytest.approx(on_long["value"] / 120 - 1)
    assert miss["low"] == pytest.approx(on_long["low"] / 120 - 1)
    assert miss["low"] < miss["relative"] < miss["high"]
    assert (
        f"misses median end-to-end time in long: {on_long['value_in_words']}, where at most 120 ms"
        in found["sentence"]
    )
    assert " % too much)" in found["sentence"]
    by_share = run({"accuracy": {"min": 0.9999}, "buckets": {"long": {"accuracy": {"min": 0.01}}}})
    (miss,) = [limit["miss"] for limit in model(by_share, "wrong")["limits"] if limit["state"] == "missed"]
    assert miss["low"] < miss["relative"] < miss["high"] < 1
    assert "points too little)" in " ".join(by_share["reasons"])


def test_models_are_compared_on_the_traffics_mix_and_limits_held_on_the_dataset_of_interest(
    run: Decide,
) -> None:
    short, long = (
        model(run(traffic={"buckets": {bucket: 1}, "rate_rps": 1}), "swift")["objective_value"]
        for bucket in ("short", "long")
    )
    assert long > short
    found = run(
        {"cost_usd_per_10k_transactions": {"max": 1e6}}, {"buckets": {"short": 1, "long": 3}, "rate_rps": 2}
    )
    assert model(found, "swift")["objective_value"] == pytest.approx(short / 4 + 3 * long / 4)
    (limit,) = model(found, "swift")["limits"]
    assert limit["value"] == pytest.approx(short)
    assert found["traffic"]["buckets"] == {"short": 0.25, "long": 0.75}
    assert found["traffic"]["transactions_per_month"] == pytest.approx(2 * 730 * 3600)
    assert any("traffic's mix (short 25 %, long 75 %)" in reason for reason in found["reasons"])
    assert run()["traffic"] is None


def test_a_challenger_has_to_hold_every_margin(run: Decide) -> None:
    found = run(incumbent="swift", margins={"cost": 0.1, "latency": 0.2, "accuracy": 0.2})["incumbent"]
    assert (found["model"], found["confidence"]) == ("swift", 0.95)
    verdicts = {each["model"]: each["verdict"] for each in found["against"]}
    assert verdicts == {"near": "non_inferior", "dear": "inferior", "wrong": "inferior"}
    near, dear, wrong = ({each["aspect"]: each for each in one["aspects"]} for one in found["against"])
    assert [each["state"] for each in near.values()] == ["non_inferior"] * 3
    assert dear["cost"]["state"] == "inferior" and dear["cost"]["low"] > 0.1
    assert dear["latency"]["state"] == "non_inferior" and dear["latency"]["high"] < 0.2
    assert wrong["accuracy"]["state"] == "inferior" and wrong["accuracy"]["unit"] == "absolute"
    assert wrong["cost"]["superior"] and not dear["cost"]["superior"]
    assert (
        "near is not worse by more than the margins (cost 10 %, latency 20 %, accuracy 20 points)"
        in found["sentence"]
    )
    assert "dear is worse by more than the margins: cost is " in found["sentence"]
    assert (
        "accuracy is " in found["sentence"]
        and "points less, where 20 points less are allowed" in found["sentence"]
    )
    assert run()["incumbent"] is None


def test_what_isnt_shown_to_be_worse_isnt_shown_to_be_as_good(run: Decide) -> None:
    found = run(incumbent="swift", margins={"accuracy": 0.005})["incumbent"]
    near = next(each for each in found["against"] if each["model"] == "near")
    assert near["verdict"] == "undecided"
    (accuracy,) = near["aspects"]
    assert accuracy["state"] == "undecided" and accuracy["counted"] == "prompts"
    assert re.search(
        r"of near it can't be said yet: accuracy is [\d.]+ points (more|less), where 0\.5 points less are",
        found["sentence"],
    )
    met = run(RIGHT, incumbent="swift", margins={"latency": 0.5})["incumbent"]
    assert "but wrong misses a limit" in met["sentence"]


def test_every_pair_is_compared_in_every_aspect(run: Decide) -> None:
    found = run({"accuracy": {"min": 0.6}}, objective="fastest")["aspects"]
    assert {aspect: len(pairs) for aspect, pairs in found.items()} == {"cost": 6, "latency": 6, "accuracy": 6}
    pair = next(each for each in found["accuracy"] if (each["a"], each["b"]) == ("swift", "wrong"))
    assert pair["better"] == "swift" and pair["relative"] is None and pair["low"] > 0


def test_the_level_is_the_one_that_carries_the_traffic() -> None:
    def of(**settings: Any) -> Choice:
        named = [{"label": "a", "id": "a"}]
        return Choice.model_validate({"models": named, "dataset_of_interest": "x"} | settings)

    assert of(rates_rps=(1, 4), concurrency=(8,), traffic={"rate_rps": 2}).level.name == "r4"
    assert of(rates_rps=(1, 4), concurrency=(8,), traffic={"rate_rps": 5}).level.name == "c8"
    assert of(rates_rps=(1, 4), traffic={"rate_rps": 2}, limits={"rate_rps": 1}).level.name == "r1"


def test_the_same_models_are_told_apart_the_same_whoever_else_is_there(run: Decide) -> None:
    """A score that went by the best or the worst figure would change with the models that are beside it."""
    found = run(objective="weighted", weights={"cost": 1, "latency": 1})
    few = run({"accuracy": {"min": 0.6}}, objective="weighted", weights={"cost": 1, "latency": 1})
    of = {(each["a"], each["b"]): each["relative"] for each in found["comparisons"]}
    assert ("swift", "wrong") in of and not any(
        "wrong" in (each["a"], each["b"]) for each in few["comparisons"]
    )
    assert {pair: value for pair, value in of.items() if "wrong" not in pair} == {
        (each["a"], each["b"]): each["relative"] for each in few["comparisons"]
    }


class OneDifference:
    """Evidence in which every model differs from every other one by the same difference."""

    confidence = 0.95
    settings = Choice.model_validate({"models": [], "dataset_of_interest": "x", "concurrency": (4,)})

    def __init__(self, models: int, difference: Difference) -> None:
        self.models = tuple("abcdef"[:models])
        self.difference = difference

    def found(self, *_: Any) -> Found:
        return Found(self.difference, 100)


@pytest.mark.parametrize(("models", "superior"), [(2, True), (3, False)])
def test_that_a_model_is_better_than_the_one_in_use_is_claimed_of_all_at_once(
    models: int, superior: bool
) -> None:
    log, error = math.log(0.95), 0.023
    p = t_two_sided(log / error, 1000)
    assert 0.025 < p < 0.05
    effect = Centred((log,), error, 1000)
    made = OneDifference(
        models, Difference(math.expm1(log), error, Interval(-0.09, -0.006), p, effect=effect)
    )
    candidates = [Candidate(name, "yes", None, [], 1.0, 0.9, 1.1, {}) for name in made.models]
    held = against("a", Measure(), Margins(cost=0.1), cast(Evidence, made), candidates, {"x": 1.0})
    assert [each.verdict for each in held] == ["non_inferior"] * (models - 1)
    assert [each.aspects[0].superior for each in held] == [superior] * (models - 1)
    assert ("is better by" in against_incumbent("a", held, candidates)) == superior
