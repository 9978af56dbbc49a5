"""On a real model's predictions our scores are the published ones, to 0.01 on the scale of 0 to 100."""

import json
import os
from pathlib import Path

import pytest

from assay.metrics.longbench import METRIC_OF_SET
from assay.metrics.scores import score

_DATA = (
    Path(os.environ.get("ASSAY_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "predictions"
)

_SETS = (
    "hotpotqa",
    "triviaqa",
    "multifieldqa_zh",
    "qmsum",
    "samsum",
    "vcsum",
    "trec",
    "passage_retrieval_en",
    "passage_retrieval_zh",
    "passage_count",
    "lcc",
)


@pytest.mark.skipif(not _DATA.is_dir(), reason="the shared predictions are not here (ASSAY_SHARED_DATA)")
@pytest.mark.parametrize("name", _SETS)
def test_a_sets_score_is_the_published_one(name: str) -> None:
    published = json.loads((_DATA / "scores.json").read_text())
    rows = [json.loads(line) for line in (_DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    scores = [
        score(row["pred"], row["answers"], METRIC_OF_SET[name], name, row["all_classes"]) for row in rows
    ]
    assert set(published) == set(_SETS)
    assert round(100 * sum(scores) / len(scores), 2) == pytest.approx(published[name], abs=0.01)


@pytest.mark.skipif(not _DATA.is_dir(), reason="the shared predictions are not here (ASSAY_SHARED_DATA)")
def test_code_similarity_by_levenshtein_is_another_figure_than_the_published_one() -> None:
    rows = [json.loads(line) for line in (_DATA / "lcc.jsonl").read_text(encoding="utf-8").splitlines()]
    scores = [score(row["pred"], row["answers"], "code_similarity_levenshtein", "lcc") for row in rows]
    published = json.loads((_DATA / "scores.json").read_text())["lcc"]
    assert 100 * sum(scores) / len(scores) == pytest.approx(64.9, abs=0.05)
    assert published == pytest.approx(63.2, abs=0.05)
