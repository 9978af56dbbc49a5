"""`snakemake spent` prints what the run has cost, by its ledger, and sends nothing."""

import re

from runs import JUDGES, MODELS, Workflow


def test_a_finished_run_says_what_it_has_spent(finished: Workflow) -> None:
    sent = finished.sent()
    said = finished.run("spent")
    lines = {
        (words[1], words[2]): words for words in map(str.split, said.splitlines()) if words[:1] == ["tiny"]
    }
    assert {("invoke", model) for model in MODELS} | {("judge", judge) for judge in JUDGES} <= set(lines)
    by_model = int(lines["invoke", "swift"][4].replace(",", ""))
    assert by_model == sum(count for what, count in sent.items() if what.startswith("sim.swift-v1:0 c"))
    assert re.search(r"Unknown prices: .*sim\.steady", said)
    assert finished.sent() == sent
