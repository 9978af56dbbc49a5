"""On the real verdicts of nine judges, kappas against a person and the panels' majorities are the published ones."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assay.accuracy.votes import decided
from assay.judging.agreement import VERDICTS, agreement, pair, panel
from assay.judging.panel import majority

_DATA = Path(os.environ.get("ASSAY_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
_VERDICTS = _DATA / "judges" / "triviaqa_verdicts.csv"

pytestmark = pytest.mark.skipif(
    not _VERDICTS.is_file(), reason="the shared verdicts are not here (ASSAY_SHARED_DATA)"
)

_TOLERANCE = 0.001

KAPPAS = [
    ("GPT-4", 0.794),
    ("Llama3-70B", 0.812),
    ("Mistral-7B", 0.724),
    ("Llama-70B", 0.677),
    ("Llama-7B", 0.674),
    ("Llama3-8B", 0.651),
    ("JudgeLM", 0.630),
    ("Llama-13B", 0.602),
    ("Gemma-2B", 0.425),
    ("EM", 0.497),
    ("Contains", 0.707),
]
"""Cohen's kappa of each judge, exact match and containment against the person."""


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[bool]]:
    """Each judge's verdicts, a blank taken for incorrect, as where the kappas were published."""
    with _VERDICTS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    raters = [name for name in rows[0] if name not in ("item", "exam_taker")]
    return {name: [bool(row[name].strip()) and float(row[name]) == 1 for row in rows] for name in raters}


@pytest.fixture(scope="module")
def items() -> NDArray[np.int64]:
    """The number of the question that each answer is to: several models answered each."""
    with _VERDICTS.open(newline="") as file:
        names = [row["item"] for row in csv.DictReader(file)]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


@pytest.mark.parametrize(("judge", "kappa"), KAPPAS)
def test_a_judges_kappa_against_the_person_is_the_published_one(
    verdicts: dict[str, list[bool]], judge: str, kappa: float
) -> None:
    found = agreement(verdicts[judge], verdicts["HumanJudgement"])
    assert found.n == 1798
    assert found.kappa == pytest.approx(kappa, abs=_TOLERANCE)


@pytest.mark.parametrize(
    ("judges", "kappa"),
    [(("Llama3-8B", "Mistral-7B", "Llama-13B"), 0.770), (("GPT-4", "Llama3-70B", "JudgeLM"), 0.850)],
)
def test_a_panels_majority_has_the_published_kappa(
    verdicts: dict[str, list[bool]], judges: tuple[str, ...], kappa: float
) -> None:
    said = zip(*(verdicts[judge] for judge in judges), strict=True)
    by_panel = [majority(sum(votes), len(votes) - sum(votes), len(judges)) == "correct" for votes in said]
    assert agreement(by_panel, verdicts["HumanJudgement"]).kappa == pytest.approx(kappa, abs=_TOLERANCE)
    stated = np.column_stack([np.array(verdicts[judge], dtype=np.float64) for judge in judges])
    assert decided(stated, "correctness").tolist() == [float(one) for one in by_panel]


def test_the_tables_kappa_is_the_same_with_an_interval_clustered_by_question(
    verdicts: dict[str, list[bool]], items: NDArray[np.int64]
) -> None:
    person = np.array(verdicts["HumanJudgement"], dtype=np.float64)
    wider = 0
    for judge, kappa in KAPPAS:
        found = pair(np.array(verdicts[judge], dtype=np.float64), person, items, VERDICTS, 0.95).kappa
        assert found.value == pytest.approx(kappa, abs=_TOLERANCE)
        assert found.low is not None and found.high is not None
        assert found.low < kappa < found.high
        apart = pair(
            np.array(verdicts[judge], dtype=np.float64), person, np.arange(len(person)), VERDICTS, 0.95
        )
        assert apart.kappa.low is not None and apart.kappa.high is not None
        wider += found.high - found.low > apart.kappa.high - apart.kappa.low
    assert wider == len(KAPPAS), (
        "nine models answered each question: 1,798 answers aren't as many observations"
    )


def test_fleiss_kappa_of_two_judges_lies_at_cohens_where_both_are_as_mild(
    verdicts: dict[str, list[bool]], items: NDArray[np.int64]
) -> None:
    names = ("GPT-4", "Llama3-70B")
    both = np.column_stack([np.array(verdicts[judge], dtype=np.float64) for judge in names])
    two, all_of_them = pair(both[:, 0], both[:, 1], items, VERDICTS, 0.95), panel(both, items, VERDICTS, 0.95)
    assert all_of_them.kappa.value == pytest.approx(two.kappa.value, abs=0.005)
    assert all_of_them.ac1.value == pytest.approx(two.ac1.value)
    # Alpha differs from Fleiss' kappa by the 2 * 1798 ratings being drawn without replacement.
    assert all_of_them.alpha.value == pytest.approx(all_of_them.kappa.value, abs=0.001)


def test_blanks_are_missing_verdicts_to_alpha(items: NDArray[np.int64]) -> None:
    with _VERDICTS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = (
        "Mistral-7B",
        "Llama-7B",
        "Llama-13B",
        "Llama3-8B",
        "Gemma-2B",
        "Llama-70B",
        "Llama3-70B",
        "GPT-4",
    )
    ratings = np.array(
        [[float(row[name]) if row[name].strip() else np.nan for name in names] for row in rows]
    )
    missing = np.isnan(ratings).sum()
    found = panel(ratings, items, VERDICTS, 0.95)
    assert missing == 69
    assert found.n == 1797  # one answer has no two verdicts
    filled = panel(np.nan_to_num(ratings), items, VERDICTS, 0.95)
    assert found.alpha.value is not None and filled.alpha.value is not None
    assert found.alpha.value != filled.alpha.value
    # By hand: the pairs of verdicts that differ within an answer, beside those of verdicts drawn from anywhere.
    differ, paired, yes = 0.0, 0.0, 0.0
    for row in ratings:
        said = row[~np.isnan(row)]
        if len(said) > 1:
            paired, yes = paired + len(said), yes + said.sum()
            differ += 2.0 * said.sum() * (len(said) - said.sum()) / (len(said) - 1)
    assert found.alpha.value == pytest.approx(1 - (paired - 1) * differ / (2 * yes * (paired - yes)))
