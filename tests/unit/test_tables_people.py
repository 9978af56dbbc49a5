"""The report's section on people says what labels corrected, what they didn't, and what to do where there are none."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from assay.document.settings import ReportSettings
from assay.document.template import fill
from assay.tables.people import by_model, corrected_words, section

TEMPLATE = Path(__file__).parents[2] / "report" / "sections" / "people.qmd.j2"
SETTINGS = {
    "benchmark": {
        "run": {"name": "made"},
        "endpoint": {"kind": "simulator", "behaviour": "config/simulator/default.yaml"},
        "dataset": {"kind": "synthetic"},
        "buckets": [{"name": "short", "min": 1, "max": 500, "n": 10}],
        "dataset_of_interest": "short",
        "models": [{"label": "swift", "id": "sim.swift-v1:0"}],
        "judges": {"panel": [{"label": "judge-a", "id": "sim.judge-a-v1:0"}]},
        "load": {"concurrency": [1], "requests": 10},
    },
    "commands": ["make report"],
}
ROW: dict[str, Any] = {
    "model": "swift",
    "accuracy": 0.9,
    "accuracy_low": 0.85,
    "accuracy_high": 0.94,
    "corrected": None,
    "corrected_low": None,
    "corrected_high": None,
    "difference": None,
    "n_labels": 0,
    "n_labels_unused": 0,
    "n_unsure": 0,
    "n_prompts": 200,
    "unlabelled_share": 1.0,
    "labels_needed": 120,
    "reason": "no labels were handed in",
}
CORRECTED = ROW | {
    "corrected": 0.8,
    "corrected_low": 0.73,
    "corrected_high": 0.86,
    "difference": -0.1,
    "n_labels": 60,
    "unlabelled_share": 0.7,
    "rogan_gladen_pooled": 0.7,
    "reason": None,
}
RATER: dict[str, Any] = {
    "rater": "panel",
    "model": "all",
    "n": 57,
    "n_no_verdict": 3,
    "people_tied": 0,
    "sensitivity": 0.95,
    "n_right": 48,
    "specificity": 0.6,
    "n_wrong": 9,
    "agreement": 0.9,
    "kappa": 0.7,
    "ac1": 0.8,
}
AMONG: dict[str, Any] = {
    "rater": "people",
    "model": "all",
    "n": 10,
    "n_no_verdict": 2,
    "people_tied": 1,
    "agreement": 0.9,
    "n_left_out": 4,
}


def text(corrected: list[dict[str, Any]], people: list[dict[str, Any]]) -> str:
    tables = {"corrected": pd.DataFrame(corrected), "people": pd.DataFrame(people)}
    values = section(tables, ReportSettings.model_validate(SETTINGS))
    made = fill(
        TEMPLATE,
        {
            "people": values,
            "benchmark": SimpleNamespace(decision=SimpleNamespace(objective="most_accurate")),
            "interest": ["short"],
            "confidence": 0.95,
        },
    )
    return " ".join(made.replace("\\", "").split())


def test_without_labels_it_says_that_accuracy_is_what_judges_say_and_what_to_do() -> None:
    found = text([ROW], [])
    assert "Accuracy is what judges say" in found
    assert "`snakemake label`" in found
    assert "it takes about 120 of swift" in found
    assert "tbl-corrected" not in found


def test_with_labels_it_has_both_accuracies_and_what_they_rest_on() -> None:
    found = text([CORRECTED], [RATER, AMONG])
    assert "People labelled 60 of the answers" in found
    assert (
        "| swift | 90 % [(85 % to 94 %)]{.interval} | 80 % [(73 % to 86 %)]{.interval} | -10.0 | 60 | 0 | 70 % | 120 |"
        in found
    )
    assert "Limits on accuracy and the choice go by it" in found
    assert "| panel | all models | 95 % | 48 | 60 % | 9 | 90 % | 0.70 | 0.80 | 3 |" in found
    assert "2 answers were skipped" in found
    assert "4 labelled answers are none of this run's" in found
    assert "said the same in 90 % of these" in found


def test_models_that_are_not_corrected_are_named_with_the_reason() -> None:
    steady = ROW | {
        "model": "steady",
        "n_labels": 6,
        "n_labels_unused": 7,
        "reason": "6 labels, where 10 are the least",
    }
    found = text([CORRECTED, steady], [RATER, AMONG])
    assert "- steady: 6 labels, where 10 are the least." in found
    assert "7 labels of models' answers don't count" in found


def test_many_answers_that_people_were_unsure_of_are_warned_of() -> None:
    few, many = ({"n_unsure": n, "corrected_least": 0.7, "corrected_most": 0.85} for n in (6, 7))
    assert "| 60 | 6 (70 % to 85 %) |" in text([CORRECTED | few], [RATER, AMONG])
    assert "callout-warning" not in text([CORRECTED | few], [RATER, AMONG])
    found = text([CORRECTED | many], [RATER, AMONG])
    assert "More than one in ten of the answers drawn of swift have no label" in found


def test_the_headline_says_by_how_many_labels_a_figure_is_corrected() -> None:
    rows = by_model({"corrected": pd.DataFrame([CORRECTED])})
    assert corrected_words(rows["swift"]).replace("\\", "") == "80 % [(73 % to 86 %; 60 labels)]{.interval}"
    assert corrected_words({}) == "too few labels"
