"""Where people's labels correct accuracy, limits and the choice go by it, and the decision says so."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_run import MadeModel, make_run

from assay.decision.decide import decide
from assay.decision.stage import Choice
from assay.labels.labels import COLUMNS, item_of, write_rows
from assay.records.aggregate import aggregate
from assay.records.metrics import TABLES
from assay.records.settings import Aggregation
from assay.records.writing import write_table


def own_texts(path: Path) -> None:
    """Let each model say the same in words of its own, so that its answers have labels of their own."""
    table = pq.read_table(path)
    rows = [
        row | {"answer_id": hashlib.sha256(f"{row['model']} {row['answer_id']}".encode()).hexdigest()[:16]}
        for row in table.to_pylist()
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def decided(
    folder: Path,
    models: Mapping[str, MadeModel],
    labels: Mapping[str, tuple[int, float]],
    objective: str = "cheapest",
    least: float | None = None,
    unsure: int = 0,
    scale: bool = False,
) -> dict[str, Any]:
    """A decision on 200 prompts. `labels`: by model how many answers are labelled, and of those that the panel calls right
    the share that people call right (every so-manieth is wrong); what the panel calls wrong is wrong."""
    run = make_run(folder, dict(models), requests=400, prompts=200, levels=(1,))
    for path in (*run.answers, *run.verdicts):
        own_texts(path)
    for path in run.verdicts if scale else ():
        table = pq.read_table(path)
        rated = [
            row | {"verdict": "rated", "rating": 5.0 if row["verdict"] == "correct" else 1.0}
            for row in table.to_pylist()
        ]
        pq.write_table(pa.Table.from_pylist(rated, schema=table.schema), path)
    settings = {"dataset_of_interest": "short", "models": run.models, "judges": run.judges}
    rows = aggregate(Aggregation.model_validate(settings), **run.inputs())
    tables = {name: folder / "tables" / f"{name}.parquet" for name in ("cells", "models")}
    for name, path in tables.items():
        write_table(path, TABLES[name], rows[name])
    said: dict[str, int | str] = {}
    for path in run.answers:
        answers = [row for row in pq.read_table(path).to_pylist() if row["bucket"] == "short"]
        if not answers:
            continue
        n, kept = labels.get(answers[0]["model"], (0, 1.0))
        for place, answer in enumerate(answers[:n]):
            right = answer["text"] == "right" and int(place * (1 - kept)) == int((place + 1) * (1 - kept))
            said.setdefault(
                answer["answer_id"], "skip" if place < unsure else 1 + 4 * right if scale else int(right)
            )
    file = folder / "labels.csv"
    write_rows(file, COLUMNS, [{"item": item_of(answer), "label": label} for answer, label in said.items()])
    inputs = run.inputs()
    del inputs["statuses"]
    choice = Choice.model_validate(
        {
            "models": run.models,
            "limits": {} if least is None else {"accuracy": {"min": least}},
            "decision": {"objective": objective},
            "dataset_of_interest": "short",
            "concurrency": [1],
            "labels": {"seed": 1, "verdict": "scale" if scale else "correctness"},
        }
    )
    found = decide(choice, **tables, **inputs, labels=file if said else None)
    json.dumps(found, allow_nan=False)
    return found


def test_a_limit_that_the_panel_would_call_kept_is_missed_by_the_labels(tmp_path: Path) -> None:
    swift = {"swift": MadeModel(accuracy=0.95)}
    by_panel = decided(tmp_path / "panel", swift, {}, least=0.8)
    assert by_panel["models"][0]["limits"][0]["state"] == "met"
    assert by_panel["models"][0]["accuracy_by"] == "panel"
    found = decided(tmp_path / "people", swift, {"swift": (120, 0.5)}, least=0.8)
    (model,) = found["models"]
    (limit,) = model["limits"]
    assert limit["state"] == "missed"
    assert (limit["unit"], limit["n"]) == ("labels", 120)
    assert model["accuracy_by"] == "people"
    assert model["accuracy_labels"] == 120
    assert limit["value"] == pytest.approx(0.475, abs=0.05)
    assert "Accuracy is corrected by labels of people: swift (120)." in found["reasons"]


def test_peoples_ratings_make_a_score_and_no_share_of_right_answers(tmp_path: Path) -> None:
    found = decided(tmp_path, {"swift": MadeModel(accuracy=0.95)}, {"swift": (120, 0.5)}, scale=True)
    assert found["models"][0]["accuracy_by"] == "people_ratings"
    told = " ".join([found["sentence"], *found["reasons"]])
    assert "by people's ratings" in told
    assert "correctly" not in told and "own metric" not in told


def test_many_answers_that_people_were_unsure_of_are_said(tmp_path: Path) -> None:
    swift = {"swift": MadeModel(accuracy=0.95)}
    found = decided(tmp_path, swift, {"swift": (120, 0.5)}, unsure=14)
    assert found["models"][0]["accuracy_labels"] == 106
    (said,) = [reason for reason in found["reasons"] if "unsure" in reason]
    assert said.startswith("People were unsure of many answers (14 of 120 of swift)")


def test_too_few_labels_leave_the_panel_to_decide(tmp_path: Path) -> None:
    found = decided(tmp_path, {"swift": MadeModel(accuracy=0.95)}, {"swift": (8, 0.5)}, least=0.8)
    assert found["models"][0]["accuracy_by"] == "panel"
    assert found["models"][0]["limits"][0]["state"] == "met"
    assert not any("labels" in reason for reason in found["reasons"])


def test_the_most_accurate_is_chosen_by_the_labels(tmp_path: Path) -> None:
    """The panel takes in whatever talker says, and so would choose it."""
    models = {"talker": MadeModel(accuracy=0.97), "honest": MadeModel(accuracy=0.75)}
    assert decided(tmp_path / "panel", models, {}, "most_accurate")["model"] == "talker"
    labels = {"talker": (150, 0.5), "honest": (150, 1.0)}
    found = decided(tmp_path / "people", models, labels, "most_accurate")
    assert (found["answer"], found["model"]) == ("winner", "honest")
    (pair,) = found["comparisons"]
    assert pair["difference"] == pytest.approx(-0.26, abs=0.1)
    assert found["margin"]["low"] > 0


def test_models_are_not_compared_by_two_measures(tmp_path: Path) -> None:
    models = {"talker": MadeModel(accuracy=0.97), "honest": MadeModel(accuracy=0.75)}
    found = decided(tmp_path, models, {"talker": (150, 0.5)}, "most_accurate")
    assert found["model"] == "talker"
    talker, honest = found["models"]
    assert (talker["accuracy_by"], honest["accuracy_by"]) == ("people", "panel")
    assert talker["objective_value"] == pytest.approx(0.97, abs=0.04)
    assert any(
        reason.startswith("honest has too few labels") and "what all are compared by" in reason
        for reason in found["reasons"]
    )


def test_dollars_per_correct_answer_are_said_to_go_by_the_judges(tmp_path: Path) -> None:
    models = {"talker": MadeModel(accuracy=0.97), "honest": MadeModel(accuracy=0.75)}
    found = decided(tmp_path, models, {"talker": (150, 0.5), "honest": (150, 1.0)}, "cheapest_success")
    assert any("which labels don't correct" in reason for reason in found["reasons"])


def test_a_model_without_an_answer_has_no_accuracy_to_be_compared(tmp_path: Path) -> None:
    models = {"swift": MadeModel(), "down": MadeModel(error_rate=1.0)}
    found = decided(tmp_path, models, {"swift": (120, 0.9)}, "fastest")
    assert (found["answer"], found["model"]) == ("winner", "swift")
    (pair,) = found["aspects"]["accuracy"]
    assert pair["difference"] is None and pair["better"] is None
