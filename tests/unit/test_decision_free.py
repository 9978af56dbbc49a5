"""Costs without doubt: models that are free, and models that cost the same to the last cent."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_run import MadeModel, make_run

from assay.decision.compare import held_to_swaps
from assay.decision.decide import decide
from assay.decision.stage import Choice
from assay.records.aggregate import aggregate
from assay.records.metrics import TABLES
from assay.records.settings import Aggregation
from assay.records.writing import write_table
from assay.stats import ratios
from assay.stats.ratios import Difference
from assay.stats.swap import Spent


def decided(folder: Path, models: dict[str, MadeModel], *decisions: dict[str, Any]) -> list[dict[str, Any]]:
    """What is decided of one made-up run with 20 source documents, by each of `decisions`."""
    made = make_run(folder, models, buckets=("short",), levels=(4,), requests=40, prompts=40)
    settings = {"dataset_of_interest": "short", "models": made.models, "judges": made.judges}
    rows = aggregate(Aggregation.model_validate(settings), **made.inputs())
    tables: dict[str, Any] = {name: folder / f"{name}.parquet" for name in ("cells", "models")}
    for name, path in tables.items():
        write_table(path, TABLES[name], rows[name])
    inputs: dict[str, Any] = {name: paths for name, paths in made.inputs().items() if name != "statuses"}
    common = {"models": made.models, "dataset_of_interest": "short", "concurrency": (4,)}
    return [
        decide(Choice.model_validate(common | {"decision": decision}), **tables, **inputs)
        for decision in decisions
    ]


def test_the_same_tokens_at_the_same_price_are_equivalent_with_any_number_of_documents(
    tmp_path: Path,
) -> None:
    same = MadeModel(output_tokens=20, accuracy=1)
    by_cost, by_success = decided(
        tmp_path, {"one": same, "other": same}, {}, {"objective": "cheapest_success"}
    )
    for found in (by_cost, by_success):
        assert found["answer"] == "equivalent"
        (pair,) = found["comparisons"]
        assert (pair["difference"], pair["low"], pair["high"]) == (0, 0, 0)
    assert "the same cost on every prompt" in by_cost["sentence"]


def test_who_is_never_right_has_no_dollars_per_correct_answer_and_why_is_said(tmp_path: Path) -> None:
    models = {"wrong": MadeModel(accuracy=0), "right": MadeModel()}
    (found,) = decided(tmp_path, models, {"objective": "cheapest_success"})
    assert any("is unknown: none of its answers is correct" in reason for reason in found["reasons"])


@pytest.mark.parametrize("free", ["one", "other"])
def test_what_is_free_is_surely_cheaper_than_what_is_not(tmp_path: Path, free: str) -> None:
    paid = "other" if free == "one" else "one"
    models = {name: MadeModel(usd_per_million=0 if name == free else 1) for name in ("one", "other")}
    margins = {"margins": {"cost": 0.05, "score": 0.05}}
    found = decided(
        tmp_path,
        models,
        {"incumbent": "one"} | margins,
        {"objective": "cheapest_success"} | margins,
        {"objective": "weighted", "weights": {"cost": 1, "latency": 1, "accuracy": 1}} | margins,
    )
    for each in found:
        assert (each["answer"], each["model"], each["as_good"]) == ("winner", free, [])
        assert f"100 % less than {paid}" in each["sentence"]
        assert not any("can't be compared" in reason for reason in each["reasons"])
    (held,) = found[0]["incumbent"]["against"]
    assert held["verdict"] == ("inferior" if free == "one" else "non_inferior")
    assert "inf" not in found[0]["incumbent"]["sentence"].replace("infinitely", "")


def test_an_interval_leaves_out_the_0_that_its_test_leaves_out() -> None:
    draw = np.random.default_rng(5)
    ours, theirs, ones = draw.lognormal(0.0, 0.4, 20), draw.lognormal(0.0, 0.4, 20), np.ones(20)
    documents = np.arange(20)

    def held(dearer: float) -> Difference:
        above = ours * dearer
        first, second = (ratios.ratio(each, ones, ones, documents, 20) for each in (above, theirs))
        assert first is not None and second is not None
        spent = Spent(above[:, None], ones[:, None], theirs[:, None], ones[:, None], np.ones(1))
        found = held_to_swaps(ratios.relative_difference(first, second, 0.95), spent, 0.95)
        assert found is not None
        return found

    low, high = 1.0, 4.0
    for _ in range(14):
        middle = (low + high) / 2.0
        low, high = (low, middle) if held(middle).p <= 0.05 else (middle, high)
    barely, not_quite = held(high), held(low)
    assert 0.045 < barely.p <= 0.05 < not_quite.p
    assert barely.interval.low >= 0.0 > not_quite.interval.low
