"""Stopping early, as the workflow does it: what is decided or known gets no more blocks, and a change buys the rest."""

import json
from collections import Counter, defaultdict
from typing import Any

import pyarrow.parquet as parquet
from runs import Workflow, model

BLOCKS = 2
OF_A_BLOCK = 8


def small(project: Workflow) -> dict[str, Any]:
    """One bucket and one level in blocks, for one model."""
    benchmark = project.changed()
    benchmark["buckets"] = [{"name": "large", "min": 300, "max": 600, "n": 16}]
    benchmark["load"] = {
        "concurrency": [2], "requests": BLOCKS * OF_A_BLOCK, "blocks": BLOCKS, "warmup": 1,
    }  # fmt: skip
    benchmark["models"] = [model("swift")]
    benchmark["preflight"] = {"enabled": False}
    del benchmark["judges"]
    benchmark["limits"] = {}
    return benchmark


def prices(**usd: float) -> dict[str, dict[str, float]]:
    """Of an output token twice as much as of one of input."""
    return {
        f"sim.{name}-v1:0": {"input_usd_per_million": each, "output_usd_per_million": 2 * each}
        for name, each in usd.items()
    }


def measured_blocks(project: Workflow) -> dict[str, list[int]]:
    """The blocks of each model in which anything was sent, as the ledger has it."""
    found: dict[str, set[int]] = defaultdict(set)
    for path in (project.results / "ledger").glob("invoke*.jsonl"):
        for line in map(json.loads, path.read_text("utf-8").splitlines()):
            if line["line"] == "dispatched":
                found[line["tags"]["model"]].add(line["tags"]["block"])
    return {name: sorted(blocks) for name, blocks in found.items()}


def decision(project: Workflow) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.results / "decision" / "decision.json").read_text("utf-8"))
    return found


def test_what_is_decided_gets_no_more_blocks_and_without_looks_all_are_bought(project: Workflow) -> None:
    benchmark = small(project)
    benchmark["models"] = [model("swift"), model("steady"), model("scholar")]
    benchmark["prices"] = prices(swift=1.0, steady=1.0, scholar=20.0)
    benchmark["limits"] = {"cost_usd_per_10k_transactions": {"max": 30}}
    benchmark["decision"] = {"objective": "fastest"}
    benchmark["stop"] = {"looks": BLOCKS, "min_requests": OF_A_BLOCK}
    project.run("decide")

    # Dear from its first block on; which of the others is faster, one block can't tell.
    both = [0, 1]
    assert measured_blocks(project) == {
        "sim.scholar-v1:0": [0], "sim.swift-v1:0": both, "sim.steady-v1:0": both
    }  # fmt: skip
    first = json.loads((project.results / "looks" / "1" / "scholar.json").read_text("utf-8"))
    assert first["more"] is False
    assert "misses cost per 10,000 transactions" in first["reason"]
    found = decision(project)
    assert found["look"]["number"] == 2
    assert "scholar" not in found["candidates"]
    status = json.loads((project.results / "records" / "scholar" / "c2" / "b1.json").read_text("utf-8"))
    assert (status["status"], status["requests_sent"]) == ("complete", 0)
    assert status["cells"]["large"]["stopped"] == first["reason"]
    cells = parquet.read_table(project.results / "tables" / "cells.parquet").to_pylist()
    dear = next(cell for cell in cells if cell["model"] == "scholar")
    assert (dear["status"], dear["n"], dear["ended_early"]) == ("complete", OF_A_BLOCK, first["reason"])

    before = project.sent()
    with (project.folder / "assay" / "decision" / "words.py").open("a", encoding="utf-8") as file:
        file.write("\n# edited\n")
    project.run("decide")
    assert project.sent() == before
    assert decision(project)["look"] == found["look"]

    del project.changed()["stop"]
    project.run("decide")
    assert set(map(tuple, measured_blocks(project).values())) == {tuple(range(BLOCKS))}
    assert all(sent == BLOCKS * OF_A_BLOCK for sent in project.sent("measured").values())
    assert "look" not in decision(project)


def test_a_winner_ends_the_measurement_of_all(project: Workflow) -> None:
    benchmark = small(project)
    benchmark["models"].append(model("scholar"))
    benchmark["judges"] = {"panel": [model("judge-a")]}
    benchmark["prices"] = prices(swift=1.0, scholar=20.0, **{"judge-a": 1.0})
    benchmark["stop"] = {"looks": 2, "min_requests": OF_A_BLOCK}
    project.run("decide")
    assert set(map(tuple, measured_blocks(project).values())) == {(0,)}
    found = decision(project)
    assert (found["answer"], found["model"], found["look"]["number"]) == ("winner", "swift", 1)
    assert found["sentence"].endswith("Decided after look 1 of 2, when 1 of 2 blocks was measured.")
    assert project.plan("decide") == {}


def test_without_looks_there_is_no_look(project: Workflow) -> None:
    small(project)["stop"] = {"e2e_p50": "5 %"}
    assert not any("look" in rule for rule in project.plan())


def test_a_cell_ends_when_it_is_known_and_a_narrower_width_buys_the_rest(project: Workflow) -> None:
    benchmark = small(project)
    benchmark["load"] |= {"blocks": 5, "requests": 5 * OF_A_BLOCK}
    benchmark["stop"] = {"e2e_p50": "95 %", "min_requests": 4 * OF_A_BLOCK}
    project.run("aggregate")
    assert measured_blocks(project) == {"sim.swift-v1:0": [0, 1, 2, 3]}
    (cell,) = parquet.read_table(project.results / "tables" / "cells.parquet").to_pylist()
    assert (cell["status"], cell["blocks"], cell["n"]) == ("complete", 4, 4 * OF_A_BLOCK)
    half = (cell["e2e_ms_p50_high"] - cell["e2e_ms_p50_low"]) / 2 / cell["e2e_ms_p50"]
    assert cell["ended_early"] == (
        f"e2e_p50 is known to {100 * half:.2g} % (95 % asked), from 32 requests in 4 of 5 blocks"
    )
    before = project.sent("measured")
    project.changed()["stop"]["e2e_p50"] = "0.001 %"
    project.run("aggregate")
    assert measured_blocks(project) == {"sim.swift-v1:0": [0, 1, 2, 3, 4]}
    assert project.sent("measured") - before == Counter({"sim.swift-v1:0 c2 large": OF_A_BLOCK})
    (cell,) = parquet.read_table(project.results / "tables" / "cells.parquet").to_pylist()
    assert (cell["blocks"], cell["ended_early"]) == (5, None)
