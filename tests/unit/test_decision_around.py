"""What stands around a decision says what the rule itself would: by bucket, under other limits, and on frontiers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from made_run import MadeModel, make_run
from test_decision import tables_of

from assay.decision.decide import decide
from assay.decision.stage import Choice

MODELS = {
    "swift": MadeModel(e2e_ms=150, usd_per_million=0.5, accuracy=0.8),
    "steady": MadeModel(e2e_ms=200, usd_per_million=0.8, accuracy=0.9),
    "slow": MadeModel(e2e_ms=900, usd_per_million=0.1, accuracy=0.7),
    "poor": MadeModel(e2e_ms=1000, usd_per_million=2.0, accuracy=0.1),
}
LIMITS: dict[str, Any] = {
    "e2e_ms_p95": {"max": 500},
    "error_rate": {"max": 0.1},
    "buckets": {"long": {"e2e_ms_p95": {"max": 400}}},
}


class Made:
    """A made-up run, to be decided on in several ways."""

    def __init__(self, folder: Path, models: dict[str, MadeModel] = MODELS, blocks: int = 1) -> None:
        self.run = make_run(folder, models, requests=80, levels=(1, 4), blocks=blocks)
        self.folder = folder
        self.inputs = self.run.inputs()
        del self.inputs["statuses"]
        self.tables: dict[str, dict[str, Any]] = {}

    def decision(
        self, interest: Any, limits: dict[str, Any], earlier: Sequence[Path] = (), **more: Any
    ) -> dict[str, Any]:
        name = str(interest)
        if name not in self.tables:
            self.tables[name] = tables_of(self.run, self.folder / name.replace(" ", ""), interest)
        choice = {
            "models": self.run.models,
            "limits": limits,
            "dataset_of_interest": interest,
            "concurrency": (1, 4),
            "decision": {"margins": {"cost": 0.05}},
        }
        return decide(
            Choice.model_validate(choice | more), **self.tables[name], **self.inputs, earlier=earlier
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("around"))


BOTH = {"short": 1, "long": 1}


def test_a_bucket_is_decided_as_if_it_were_all_traffic(made: Made) -> None:
    found = {each["bucket"]: each for each in made.decision(BOTH, LIMITS)["by_bucket"]}
    assert list(found) == ["short", "long"]
    for bucket in found:
        own = {key: value for key, value in LIMITS.items() if key != "buckets"}
        if bucket in LIMITS["buckets"]:
            own["buckets"] = {bucket: LIMITS["buckets"][bucket]}
        alone = made.decision(bucket, own)
        for key in ("answer", "model", "candidates", "as_good"):
            assert found[bucket][key] == alone[key]
        for mine, theirs in zip(found[bucket]["models"], alone["models"], strict=True):
            assert mine == {key: theirs[key] for key in mine}
        assert f"in {bucket}" in found[bucket]["sentence"]
    assert [limit["bucket"] for limit in found["short"]["models"][0]["limits"]] == [None, None]
    assert [limit["bucket"] for limit in found["long"]["models"][0]["limits"]] == [None, None, "long"]


def test_a_limit_within_a_stretch_is_answered_as_the_stretch_says(made: Made) -> None:
    found = made.decision(BOTH, LIMITS)
    told = {(each["metric"], each["bucket"]): each for each in found["what_would_change"]}
    assert list(told) == [("e2e_ms_p95", None), ("error_rate", None), ("e2e_ms_p95", "long")]
    asked = 0
    for (metric, bucket), each in told.items():
        (current,) = [stretch for stretch in each["ranges"] if stretch["current"]]
        assert (current["answer"], current["model"]) == (found["answer"], found["model"])
        for stretch in each["ranges"]:
            ends = (stretch["from"] or 0.0, stretch["to"] or 2.0 * (stretch["from"] or 1.0))
            bound = {"max": ends[0] + 0.99 * (ends[1] - ends[0])}
            changed = {metric: bound} if bucket is None else {"buckets": {bucket: {metric: bound}}}
            again = made.decision(BOTH, LIMITS | changed)
            for key in ("answer", "model", "candidates"):
                assert again[key] == stretch[key]
            asked += 1
    assert asked >= 8
    assert "swift" in told["e2e_ms_p95", None]["sentence"]


def test_without_its_limits_a_cheaper_model_wins_and_that_is_told(made: Made) -> None:
    (told,) = made.decision(BOTH, {"e2e_ms_p95": {"max": 500}})["what_would_change"]
    assert told["ranges"][-1]["model"] == "slow" and told["ranges"][-1]["to"] is None
    assert told["sentence"].endswith("on slow.")


def test_frontiers_hold_every_model_that_was_evaluated_and_name_who_gives_up_something(made: Made) -> None:
    told = made.decision(BOTH, LIMITS)["pareto"]
    assert [point["model"] for point in told["points"]] == list(MODELS)
    assert {point["model"]: point["qualifies"] for point in told["points"]}["slow"] == "no"
    assert told["all_three"]["frontier"] == ["slow", "swift", "steady"]
    (poor,) = told["all_three"]["dominated"]
    assert poor["model"] == "poor" and set(poor["sure_by"]) == {"swift", "steady", "slow"}
    assert told["metrics"] == {
        "cost": "cost_usd_per_10k_transactions",
        "latency": "e2e_ms_p50_all",
        "accuracy": "accuracy",
    }
    swift = told["points"][0]
    assert swift["cost_low"] < swift["cost"] < swift["cost_high"]


def test_equal_models_dominate_each_other_by_chance_at_most_and_never_surely(tmp_path: Path) -> None:
    equal = Made(tmp_path, {"one": MadeModel(output_tokens=30), "two": MadeModel(output_tokens=30)})
    told = equal.decision("short", {})["pareto"]
    assert all(not each["sure_by"] for each in told["all_three"]["dominated"])


def test_a_model_that_was_not_measured_whole_is_on_no_frontier(tmp_path: Path) -> None:
    capped = MadeModel(statuses={("c4", 1): ("capped", "the cap is reached")})
    told = Made(tmp_path, {"swift": MODELS["swift"], "capped": capped}).decision("short", LIMITS)
    assert [point["model"] for point in told["pareto"]["points"]] == ["swift"]
    assert {each["model"]: each["qualifies"] for each in told["by_bucket"][1]["models"]}[
        "capped"
    ] == "not_evaluated"


def test_at_the_last_look_all_of_it_is_said_at_the_level_of_that_look(tmp_path: Path) -> None:
    looked = Made(tmp_path, {"swift": MODELS["swift"], "steady": MODELS["steady"]}, blocks=2)
    look = {"number": 1, "of": 2, "blocks": 2}
    # Nothing is out after it, since it has too few requests to end anything.
    first = looked.decision("short", {}, look=look | {"least_requests": 1000})
    assert "by_bucket" not in first
    (tmp_path / "look.json").write_text(json.dumps(first))
    last = looked.decision("short", LIMITS, earlier=[tmp_path / "look.json"], look=look | {"number": 2})
    assert last["pareto"]["confidence"] == last["look"]["confidence"] > 0.95
    assert [each["bucket"] for each in last["by_bucket"]] == ["short", "long"]
    (current,) = [stretch for stretch in last["what_would_change"][0]["ranges"] if stretch["current"]]
    assert (current["answer"], current["model"]) == (last["answer"], last["model"])
