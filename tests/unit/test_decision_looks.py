"""The decision looked at while it is being measured: what went out stays out, and every look claims what all may."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from made_run import MadeModel, MadeRun, make_run

from assay.decision.compare import Adjusted
from assay.decision.compare import Tested as Pair
from assay.decision.decide import decide, standing
from assay.decision.looks import Looked, Out, looked
from assay.decision.stage import Choice
from assay.errors import InputError
from assay.records.aggregate import aggregate
from assay.records.metrics import TABLES
from assay.records.settings import Aggregation
from assay.records.writing import write_table
from assay.stats.multiplicity import holm
from assay.stats.sequential import levels, sequential_p
from assay.stopping.looks import Look, after_blocks

CHEAP = MadeModel(e2e_ms=150, usd_per_million=0.5)
DEAR = MadeModel(e2e_ms=200, usd_per_million=5.0)


def look(number: int, of: int = 4, blocks: int = 4, least_requests: int = 0) -> Look:
    return Look(number=number, of=of, blocks=blocks, least_requests=least_requests)


def at_look(
    folder: Path,
    run: MadeRun,
    planned: Look,
    earlier: list[Path],
    objective: str = "cheapest",
    confidence: float = 0.95,
    **limits: Any,
) -> tuple[dict[str, Any], Path]:
    """The decision of one look, from the blocks that were measured by then."""
    inputs = run.inputs()
    for name in ("records", "statuses"):
        inputs[name] = [path for path in inputs[name] if int(path.stem[1:]) <= planned.after[-1]]
    aggregated = {"dataset_of_interest": "short", "models": run.models, "judges": run.judges}
    rows = aggregate(Aggregation.model_validate(aggregated), **inputs)
    tables = {name: folder / f"tables{planned.number}" / f"{name}.parquet" for name in ("cells", "models")}
    for name, path in tables.items():
        write_table(path, TABLES[name], rows[name])
    del inputs["statuses"]
    choice = {
        "models": run.models,
        "limits": limits,
        "decision": {"objective": objective, "confidence": confidence},
        "dataset_of_interest": "short",
        "concurrency": (4,),
        "look": planned.model_dump(),
    }
    found = decide(Choice.model_validate(choice), **tables, **inputs, earlier=earlier)
    path = folder / f"look{planned.number}.json"
    path.write_text(json.dumps(found, allow_nan=False), "utf-8")
    return found, path


def made(folder: Path, models: dict[str, MadeModel], **kwargs: Any) -> MadeRun:
    return make_run(folder, models, levels=(4,), blocks=4, **({"requests": 60} | kwargs))


def test_looks_are_spread_evenly_over_the_blocks() -> None:
    assert after_blocks(5, 5) == (1, 2, 3, 4, 5)
    assert after_blocks(2, 5) == (3, 5)
    assert after_blocks(3, 10) == (4, 7, 10)
    assert look(2, of=2, blocks=5).shares == (0.6, 1.0)
    with pytest.raises(ValueError, match="at most as many looks as blocks"):
        look(1, of=5, blocks=4)


def test_a_winner_ends_it_and_the_decision_is_that_of_the_look(tmp_path: Path) -> None:
    run = made(tmp_path, {"swift": CHEAP, "dear": DEAR})
    first, path = at_look(tmp_path, run, look(1), [])
    assert (first["answer"], first["model"]) == ("winner", "swift")
    assert first["look"]["more"] == []
    assert standing(first, "swift") == {
        "more": False,
        "reason": "decided after look 1 of 4: a winner stands",
    }
    assert standing(first, "dear")["reason"].startswith("out after look 1 of 4: swift is better by cost")
    last, _ = at_look(tmp_path, run, look(4), [path])
    assert last["look"]["number"] == 1
    assert last["sentence"].endswith("Decided after look 1 of 4, when 1 of 4 blocks was measured.")
    assert "95 % interval over all looks" in last["sentence"]
    assert any(reason.startswith("dear was out after look 1 of 4") for reason in last["reasons"])


def test_another_confidence_is_spent_over_the_looks_and_said_as_it_is(tmp_path: Path) -> None:
    run = made(tmp_path, {"swift": CHEAP, "dear": DEAR})
    found, _ = at_look(tmp_path, run, look(2), [], confidence=0.995)
    assert 1 - found["look"]["confidence"] == pytest.approx(levels(0.005, look(2).shares)[-1])
    assert "(99.5 % interval over all looks" in found["sentence"]


def test_without_enough_requests_a_look_ends_nothing(tmp_path: Path) -> None:
    run = made(tmp_path, {"swift": CHEAP, "dear": DEAR})
    first, path = at_look(tmp_path, run, look(1, least_requests=61), [])
    assert first["look"]["more"] == ["swift", "dear"]
    assert first["look"]["tests"] == []
    assert standing(first, "dear") == {"more": True, "reason": None}
    second, _ = at_look(tmp_path, run, look(2, least_requests=61), [path])
    assert second["look"]["more"] == []
    assert second["look"]["out"]["dear"]["look"] == 2


def test_one_block_of_several_decides_no_latency(tmp_path: Path) -> None:
    """A sitting by itself says nothing of others, however many requests it holds."""
    run = made(tmp_path, {"swift": CHEAP, "slow": MadeModel(e2e_ms=900)}, requests=400)
    limit = {"e2e_ms_p50": {"max": 500}}
    first, path = at_look(tmp_path, run, look(1), [], "fastest", **limit)
    assert [model["qualifies"] for model in first["models"]] == ["undecided", "undecided"]
    assert first["comparisons"][0]["difference"] is None
    assert first["look"]["more"] == ["swift", "slow"]
    last, _ = at_look(tmp_path, run, look(4), [path], "fastest", **limit)
    assert (last["answer"], last["model"]) == ("winner", "swift")
    assert "misses median end-to-end time" in " ".join(last["reasons"])


def test_what_misses_a_limit_goes_out_and_the_others_go_on(tmp_path: Path) -> None:
    run = made(tmp_path, {"swift": CHEAP, "twin": CHEAP, "dear": DEAR})
    limit = {"cost_usd_per_10k_transactions": {"max": 20}}
    first, path = at_look(tmp_path, run, look(1), [], "most_accurate", **limit)
    assert first["look"]["more"] == ["swift", "twin"]
    assert "out after look 1 of 4: misses cost" in standing(first, "dear")["reason"]
    assert standing(first, "swift") == {"more": True, "reason": None}
    last, _ = at_look(tmp_path, run, look(4), [path], "most_accurate", **limit)
    assert last["candidates"] == ["swift", "twin"]
    assert last["sentence"].endswith("So it stands after look 4 of 4, when 4 of 4 blocks were measured.")


def test_who_failed_in_the_first_hour_is_waited_for(tmp_path: Path) -> None:
    """No test compares a model without a median: an hour in which it was down must not end it, nor decide for the others."""
    run = made(tmp_path / "run", {"swift": CHEAP, "shaky": DEAR})
    down = made(tmp_path / "down", {"shaky": MadeModel(error_rate=0.8)})
    shutil.copy(down.records[0], run.records[4])
    first, path = at_look(tmp_path, run, look(1), [], "fastest")
    assert (first["answer"], first["candidates"]) == ("undecided", ["swift", "shaky"])
    assert first["look"]["more"] == ["swift", "shaky"]
    last, _ = at_look(tmp_path, run, look(4), [path], "fastest")
    assert last["look"]["number"] == 4
    assert [pair["difference"] is not None for pair in last["comparisons"]] == [True]


@pytest.mark.parametrize(
    "hindered",
    [
        MadeModel(statuses={("c4", 1): ("capped", "the budget")}),
        MadeModel(usd_per_million=None),
        MadeModel(error_rate=0.97),
    ],
)
def test_who_will_never_be_evaluated_is_not_waited_for(tmp_path: Path, hindered: MadeModel) -> None:
    run = made(tmp_path, {"swift": CHEAP, "lame": hindered}, requests=200)
    objective = "cheapest" if hindered.usd_per_million is None else "fastest"
    found, _ = at_look(tmp_path, run, look(3), [], objective)
    assert found["look"]["awaited"] == []
    assert (found["answer"], found["look"]["more"]) == ("winner", [])


def test_a_model_that_went_out_stays_out(tmp_path: Path) -> None:
    """Whatever the rest of the data would say of it."""
    run = made(tmp_path, {"swift": CHEAP, "twin": CHEAP})
    first = tmp_path / "first.json"
    gone = {"twin": {"look": 1, "why": "swift is better by cost"}}
    earlier = {"number": 1, "of": 4, "out": gone, "more": ["swift"], "tests": []}
    first.write_text(json.dumps({"look": earlier}), "utf-8")
    found, _ = at_look(tmp_path, run, look(2), [first])
    assert found["candidates"] == ["swift"]
    assert found["look"]["out"]["twin"] == gone["twin"]


def test_the_p_values_of_all_looks_are_adjusted_together() -> None:
    planned = look(2)
    before = (Pair("a", "b", 0.2, "a"), Pair("a", "c", 1e-7, "a"), Pair("b", "c", 0.5, "b"))
    now = [Pair("a", "b", 0.001, "b"), Pair("a", "c", 0.5, "c"), Pair("b", "c", 0.4, "b")]
    found = Looked(planned, {}, (before,)).adjust(now)
    p_values = [
        sequential_p([then.p, later.p], planned.shares) for then, later in zip(before, now, strict=True)
    ]
    assert [one.p for one in found] == pytest.approx(holm(p_values))
    # What was found at the first look isn't undone by the second, which sees the other one ahead.
    assert [one.ahead for one in found] == ["b", "a", "b"]


def test_pairs_with_a_model_that_is_out_keep_what_was_found_and_count_no_more() -> None:
    tests = (Pair("a", "b", 0.01, "a"), Pair("a", "c", 1e-9, "a"), Pair("b", "c", 0.02, "b"))
    out = {"c": Out(1, "a is better")}
    kept = {frozenset(("a", "c")): Adjusted(0.003, "a")}
    noted: list[tuple[Pair, Adjusted]] = []
    found = Looked(look(2), out, (tests,), kept).adjust(tests, noted)
    alone = sequential_p([0.01, 0.01], look(2).shares)
    assert found == [Adjusted(pytest.approx(alone), "a"), Adjusted(0.003, "a"), Adjusted(1.0, None)]
    assert [test for test, _ in noted] == list(tests)


def test_intervals_at_a_look_are_at_its_own_level() -> None:
    wide = [Looked(look(number)).confidence(0.95) for number in (1, 2, 3, 4)]
    assert [1 - confidence for confidence in wide] == pytest.approx(levels(0.05, look(4).shares), abs=1e-9)
    assert wide == sorted(wide, reverse=True)
    assert wide[-1] == pytest.approx(0.956, abs=0.001)


def test_files_that_are_no_decision_of_a_look_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "decision.json"
    path.write_text('{"answer": "winner"}', "utf-8")
    with pytest.raises(InputError, match="is not the decision of a look"):
        looked(look(2), [path])
