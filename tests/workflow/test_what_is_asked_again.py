"""What is asked of the service again, counted in the ledger, and by the simulator itself."""

import hashlib
from collections import Counter

import pyarrow.parquet as parquet
from runs import LEVELS, Workflow, model
from service import Service

MEASURED = 4
"""Measured requests of each cell in the tiny benchmark."""


def newly_sent(workflow: Workflow) -> Counter[str]:
    """What a run sends beyond what was sent before it."""
    before = workflow.sent()
    workflow.run("aggregate")
    return workflow.sent() - before


def measured(workflow: Workflow) -> Counter[str]:
    """Measured requests sent so far, by model, load and bucket."""
    return workflow.sent("measured")


def test_a_new_bucket_sends_the_requests_of_that_bucket_only(finished: Workflow) -> None:
    before = measured(finished)
    finished.changed()["buckets"].append({"name": "middling", "min": 600, "max": 800, "n": 4})
    sent = newly_sent(finished)
    judged = sent.pop("sim.judge-a-v1:0")
    assert {key.split()[-1] for key in sent} == {"middling"}
    assert measured(finished) - before == Counter(
        {f"sim.{name}-v1:0 c{level} middling": MEASURED for name in ("swift", "steady") for level in LEVELS}
    )
    assert 0 < judged <= 2 * 2 * 4, "each answer once, and since they are so few, each a second time"


def test_a_new_judge_sends_its_own_requests_only(finished: Workflow) -> None:
    finished.changed()["judges"]["panel"].append(model("judge-b"))
    assert newly_sent(finished).keys() == {"sim.judge-b-v1:0"}


def test_a_new_model_sends_its_own_requests_and_those_of_its_judging(finished: Workflow) -> None:
    finished.changed()["models"].append(model("scholar"))
    asked = {key.split()[0] for key in newly_sent(finished)}
    assert asked <= {"sim.scholar-v1:0", "sim.judge-a-v1:0"}
    assert "sim.scholar-v1:0" in asked


def test_edited_code_and_what_was_there_before_send_nothing(finished: Workflow) -> None:
    for module in ("sender/connection.py", "judging/prompt.py", "prompts/draw.py"):
        with (finished.folder / "assay" / module).open("a", encoding="utf-8") as file:
            file.write("\n# edited\n")
    finished.changed()["load"]["concurrency"] = [1]
    finished.changed()["limits"] = {"error_rate": {"max": 0.5}}
    assert newly_sent(finished) == Counter()
    finished.changed()["load"]["concurrency"] = [1, 2]
    assert newly_sent(finished) == Counter()


def test_more_requests_buy_the_difference(finished: Workflow) -> None:
    before = measured(finished)
    finished.changed()["load"]["requests"] = MEASURED + 2
    finished.run("aggregate")
    bought = measured(finished) - before
    assert set(bought.values()) == {2}
    assert len(bought) == 2 * len(LEVELS) * 2


def test_the_service_itself_saw_the_new_bucket_only(service: Service) -> None:
    del service.workflow.changed()["judges"]
    service.workflow.run("aggregate")
    before = len(service.ended())
    assert before == len(service.received()) == service.workflow.sent().total()

    service.workflow.changed()["buckets"].append({"name": "middling", "min": 600, "max": 800, "n": 4})
    service.workflow.run("aggregate")
    prompts = parquet.read_table(service.workflow.results / "prompts" / "prompts.parquet").to_pylist()
    middling = {
        hashlib.sha256(row["text"].encode()).hexdigest() for row in prompts if row["bucket"] == "middling"
    }
    assert {line["prompt_sha256"] for line in service.ended()[before:]} == middling
    assert len(service.ended()) == service.workflow.sent().total()
