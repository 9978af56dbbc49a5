"""A judge that can't be asked doesn't end the run while another works; it is said, and it is tried again the next time."""

import json

from runs import MODELS, model
from service import Service

ABSENT = {"label": "absent", "id": "sim.absent-v1:0"}


def test_a_judge_that_is_not_there_is_left_out_loudly_and_asked_again_by_the_next_run(
    service: Service,
) -> None:
    run = service.workflow
    benchmark = run.changed()
    benchmark["load"] |= {"concurrency": [2]}
    benchmark["preflight"] = {"enabled": False}
    benchmark["judges"] = {"panel": [model("judge-a"), ABSENT], "asked_twice": 2}
    printed = run.run("aggregate")
    assert "judge absent isn't working on swift: resource_not_found" in printed
    for name in MODELS:
        of = {
            judge: json.loads((run.results / "verdicts" / name / f"{judge}.json").read_text("utf-8"))
            for judge in ("judge-a", "absent")
        }
        assert (of["judge-a"]["working"], of["absent"]["working"]) == (True, False)
        assert of["absent"]["failed"] == of["judge-a"]["correct"] + of["judge-a"]["incorrect"] > 0

    plan = run.plan("aggregate")
    assert plan == {"judge_absent": len(MODELS), "aggregate": 1}, "only that judge, until it works"
    sent = run.sent("judge", "judge_again")
    run.run("aggregate")
    again = run.sent("judge", "judge_again")
    assert again["sim.judge-a-v1:0"] == sent["sim.judge-a-v1:0"], "nothing that was answered is asked again"
    assert again[ABSENT["id"]] > sent[ABSENT["id"]]

    run.changed()["judges"]["panel"] = [ABSENT]
    printed = run.snakemake("--cores", "4", "aggregate", succeeds=False)
    assert "error: no judge of the panel is working" in printed
    assert "absent: resource_not_found" in printed
