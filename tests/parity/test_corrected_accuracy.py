"""On real verdicts of judges and a person's: with 300 labels, corrected accuracy holds the person's as often as it claims.

Nine models' answers to 200 questions; a draw labels the answers to some 34 of these, in random order. The truth is the share
that the person calls right. Seeded; more draws: `python benchmarks/corrected.py`.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.judging.panel import majority
from assay.labels.evidence import estimates
from assay.stats.prediction_powered import rogan_gladen
from assay.stats.shares import wilson

_DATA = Path(os.environ.get("ASSAY_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
_VERDICTS = _DATA / "judges" / "triviaqa_verdicts.csv"

pytestmark = pytest.mark.skipif(
    not _VERDICTS.is_file(), reason="the shared verdicts are not here (ASSAY_SHARED_DATA)"
)

CLAIM = 0.95
LABELS = 300
DRAWS = 300
ALL = {"all": 1.0}


def answers(panel: Sequence[str]) -> pd.DataFrame:
    """What the stage has of each answer, with `right` by the majority of `panel` and `truth` by the person."""
    found = pd.read_csv(_VERDICTS, dtype={"item": str})
    said = found[list(panel)]
    decided = [
        majority(int(yes), int(no), len(panel))
        for yes, no in zip((said == 1).sum(axis=1), (said == 0).sum(axis=1), strict=True)
    ]
    right = pd.Series(decided).map({"correct": 1.0, "incorrect": 0.0}).astype("float64")
    made = {"model": found["exam_taker"], "prompt_id": found["item"], "source": None, "bucket": "all"}
    return pd.DataFrame(
        {**made, "times": 1.0, "right": right, "truth": found["HumanJudgement"].astype(float)}
    )


def covered(panel: Sequence[str]) -> pd.DataFrame:
    """By model: how often the truth lay in the interval, corrected, uncorrected, and by pooled Rogan-Gladen."""
    rows = answers(panel)
    truth = rows.groupby("model")["truth"].mean()
    prompt = pd.factorize(rows["prompt_id"])[0]
    draw = np.random.default_rng(11)
    found = []
    for _ in range(DRAWS):
        turn = draw.permutation(prompt.max() + 1)[prompt]
        labelled = turn <= np.sort(turn)[LABELS - 1]
        said = rows.assign(label=rows["truth"].where(labelled))
        both = said.loc[labelled & said["right"].notna()]
        hits = both["right"] == both["label"]
        of = both["label"] == 1
        sensitivity, specificity = (
            (int((hits & of).sum()), int(of.sum())),
            (int((hits & ~of).sum()), int((~of).sum())),
        )
        for model, estimate in estimates(said, ALL).items():
            mine = rows.loc[rows["model"] == model, "right"].dropna()
            corrected = estimate.interval(CLAIM)
            plain = wilson(float(mine.mean()), len(mine), CLAIM)
            pooled = rogan_gladen(float(mine.mean()), len(mine), sensitivity, specificity, CLAIM)
            bounds = (corrected, plain, None if pooled is None else pooled[1])
            held = [one is not None and one.low <= truth[model] <= one.high for one in bounds]
            found.append((model, *held, estimate.value - truth[model], estimate.n))
    columns = ["model", "corrected", "uncorrected", "pooled", "error", "n"]
    return pd.DataFrame(found, columns=columns).groupby("model").mean()


LEAST = CLAIM - 3 * (CLAIM * (1 - CLAIM) / DRAWS) ** 0.5


@pytest.mark.parametrize("panel", [("Llama-7B", "Llama-13B", "Gemma-2B"), ("Gemma-2B",)])
def test_corrected_accuracy_holds_the_persons_for_every_model_where_the_others_miss(
    panel: Sequence[str],
) -> None:
    by_model = covered(panel)
    assert len(by_model) == 9
    assert by_model["n"].between(33, 34).all()
    assert (by_model["corrected"] >= LEAST).all()
    assert by_model["corrected"].mean() >= CLAIM
    assert by_model["error"].abs().max() < 0.012
    assert by_model["uncorrected"].min() == 0.0
    assert by_model["uncorrected"].mean() < 0.9
    assert by_model["pooled"].min() < 0.65
    assert by_model["pooled"].mean() < 0.9


def test_a_panel_that_hardly_errs_is_corrected_by_little() -> None:
    by_model = covered(("GPT-4", "Llama3-70B", "JudgeLM"))
    assert (by_model["corrected"] >= LEAST).all()
    assert by_model["error"].abs().max() < 0.012
