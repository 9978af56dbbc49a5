"""On the real verdicts of nine judges, kappas against a person and the panels' majorities are the published ones."""

import csv
import os
from pathlib import Path

import pytest

from assay.judging.agreement import agreement
from assay.judging.panel import majority

_DATA = Path(os.environ.get("ASSAY_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
_VERDICTS = _DATA / "judges" / "triviaqa_verdicts.csv"

pytestmark = pytest.mark.skipif(
    not _VERDICTS.is_file(), reason="the shared verdicts are not here (ASSAY_SHARED_DATA)"
)

_TOLERANCE = 0.001


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[bool]]:
    """Each judge's verdicts, a blank taken for incorrect, as where the kappas were published."""
    with _VERDICTS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    raters = [name for name in rows[0] if name not in ("item", "exam_taker")]
    return {name: [bool(row[name].strip()) and float(row[name]) == 1 for row in rows] for name in raters}


@pytest.mark.parametrize(
    ("judge", "kappa"),
    [
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
    ],
)
def test_a_judges_kappa_against_the_person_is_the_published_one(
    verdicts: dict[str, list[bool]], judge: str, kappa: float
) -> None:
    found = agreement(verdicts[judge], verdicts["HumanJudgement"])
    assert found.n == 1798
    assert found.kappa == pytest.approx(kappa, abs=_TOLERANCE)


@pytest.mark.parametrize(
    ("panel", "kappa"),
    [(("Llama3-8B", "Mistral-7B", "Llama-13B"), 0.770), (("GPT-4", "Llama3-70B", "JudgeLM"), 0.850)],
)
def test_a_panels_majority_has_the_published_kappa(
    verdicts: dict[str, list[bool]], panel: tuple[str, ...], kappa: float
) -> None:
    said = zip(*(verdicts[judge] for judge in panel), strict=True)
    decided = [majority(sum(votes), len(votes) - sum(votes), len(panel)) == "correct" for votes in said]
    assert agreement(decided, verdicts["HumanJudgement"]).kappa == pytest.approx(kappa, abs=_TOLERANCE)
