"""The table of tasks holds LongBench's published scores and averages: of a real model's predictions, and of its leaderboard."""

import json
import os
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from made_ratings import inputs_of, rating

from assay.accuracy import tasks
from assay.accuracy.longbench import averages
from assay.metrics.longbench import METRIC_OF_SET
from assay.metrics.scores import score

_DATA = (
    Path(os.environ.get("ASSAY_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "predictions"
)

_TASKS = {
    ("multi-document QA", "English"): ("hotpotqa",),
    ("few-shot learning", "English"): ("triviaqa", "samsum", "trec"),
    ("single-document QA", "Chinese"): ("multifieldqa_zh",),
    ("summarization", "English"): ("qmsum",),
    ("summarization", "Chinese"): ("vcsum",),
    ("summarization", "all"): ("qmsum", "vcsum"),
    ("synthetic tasks", "English"): ("passage_retrieval_en", "passage_count"),
    ("synthetic tasks", "all"): ("passage_retrieval_en", "passage_count", "passage_retrieval_zh"),
    ("code completion", "all"): ("lcc",),
}


@pytest.mark.skipif(not _DATA.is_dir(), reason="the shared predictions are not here (ASSAY_SHARED_DATA)")
def test_eleven_sets_and_their_averages_are_the_published_ones() -> None:
    published = json.loads((_DATA / "scores.json").read_text())
    ratings: list[dict[str, Any]] = []
    for name in published:
        lines = (_DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        for number, row in enumerate(map(json.loads, lines)):
            found = score(row["pred"], row["answers"], METRIC_OF_SET[name], name, row["all_classes"])
            ratings.append(rating("llama", f"{name}-{number}", found, dataset=name, length=row["length"]))
    rows = tasks.rows(inputs_of(ratings, METRIC_OF_SET))
    sets = {row["name"]: row for row in rows if row["scope"] == "set" and row["part_by"] is None}
    assert sets.keys() == published.keys()
    for name, expected in published.items():
        assert sets[name]["metric_score_percent"] == pytest.approx(expected, abs=0.01)
        low, high = sets[name]["metric_score_low"], sets[name]["metric_score_high"]
        assert 0 <= float(low or 0) < expected / 100 < float(high or 0) <= 1
    by_task = {(row["name"], row["language"]): row for row in rows if row["scope"] == "task"}
    for key, names in _TASKS.items():
        assert by_task[key]["metric_score_percent"] == pytest.approx(
            fmean(published[name] for name in names), abs=0.01
        )
    overall = {(row["name"], row["language"]): row for row in rows if row["benchmark"] == "LongBench"}
    english = ("multi-document QA", "few-shot learning", "summarization", "synthetic tasks")
    assert overall["mean of tasks", "English"]["metric_score_percent"] == pytest.approx(
        fmean(
            [fmean(published[name] for name in _TASKS[task, "English"]) for task in english]
            + [published["lcc"]]
        ),
        abs=0.01,
    )
    assert overall["mean of sets", "all"]["metric_score_percent"] == pytest.approx(
        fmean(published.values()), abs=0.01
    )
    assert (overall["mean of sets", "all"]["sets"], overall["mean of sets", "all"]["sets_published"]) == (
        11,
        21,
    )


_LEADERBOARD: dict[str, dict[str, float]] = {
    "GPT-3.5-Turbo-16k": {
        "narrativeqa": 23.6, "qasper": 43.3, "multifieldqa_en": 52.3, "multifieldqa_zh": 61.2,
        "hotpotqa": 51.6, "2wikimqa": 37.7, "musique": 26.9, "dureader": 28.7,
        "gov_report": 29.5, "qmsum": 23.4, "multi_news": 26.7, "vcsum": 16.0,
        "trec": 68.0, "triviaqa": 91.4, "samsum": 41.7, "lsht": 29.2,
        "passage_count": 4.5, "passage_retrieval_en": 71.0, "passage_retrieval_zh": 77.5,
        "lcc": 54.7, "repobench-p": 53.6,
    },
    "ChatGLM3-6B-32k": {
        "narrativeqa": 26.0, "qasper": 43.3, "multifieldqa_en": 51.7, "multifieldqa_zh": 62.3,
        "hotpotqa": 54.4, "2wikimqa": 44.9, "musique": 40.4, "dureader": 44.78,
        "gov_report": 36.8, "qmsum": 23.9, "multi_news": 27.9, "vcsum": 17.8,
        "trec": 79.0, "triviaqa": 87.1, "samsum": 38.2, "lsht": 42.0,
        "passage_count": 2.0, "passage_retrieval_en": 99.0, "passage_retrieval_zh": 94.0,
        "lcc": 57.66, "repobench-p": 54.76,
    },
}  # fmt: skip
"""Scores by set that LongBench's own leaderboard gives two models."""

_AVERAGES: dict[str, dict[tuple[str, str], float]] = {
    "GPT-3.5-Turbo-16k": {
        ("mean of tasks", "English"): 44.0, ("mean of tasks", "Chinese"): 44.5,
        ("single-document QA", "English"): 39.8, ("multi-document QA", "English"): 38.7,
        ("summarization", "English"): 26.5, ("few-shot learning", "English"): 67.1,
        ("synthetic tasks", "English"): 37.8, ("code completion", "all"): 54.1,
        ("single-document QA", "Chinese"): 61.2, ("synthetic tasks", "Chinese"): 77.5,
    },
    "ChatGLM3-6B-32k": {
        ("mean of tasks", "English"): 48.5, ("mean of tasks", "Chinese"): 52.8,
        ("single-document QA", "English"): 40.3, ("multi-document QA", "English"): 46.6,
        ("summarization", "English"): 29.5, ("few-shot learning", "English"): 68.1,
        ("synthetic tasks", "English"): 50.5, ("code completion", "all"): 56.2,
    },
}  # fmt: skip
"""The averages that it gives them, to one decimal."""


@pytest.mark.parametrize("model", _LEADERBOARD)
def test_averages_are_made_as_the_leaderboard_makes_them(model: str) -> None:
    scores = _LEADERBOARD[model]
    found = {(one.name, one.language): one for one in averages(scores, METRIC_OF_SET)}
    for key, expected in _AVERAGES[model].items():
        mean = sum(scores[name] * weight for name, weight in found[key].weights.items())
        assert mean == pytest.approx(expected, abs=0.1), key
        assert len(found[key].weights) == found[key].published
        assert sum(found[key].weights.values()) == pytest.approx(1)
