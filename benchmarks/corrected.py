"""Simulates accuracy corrected by people's labels: does its interval hold the truth, and how much narrower is it?

    python benchmarks/corrected.py [--runs 2000] [--verdicts triviaqa_verdicts.csv] [--out benchmarks/results/corrected.json]

- worlds: models whose accuracy is known, judged by a panel whose sensitivity and specificity are; prompts that share documents,
  where right answers and the judges' errors come together; few labels. Corrected as the stage does it, beside the labels alone
  (Wilson), beside the estimate and 1.96 standard errors (Wald), and beside no correction.
- verdicts, with a file of real judges' verdicts beside a person's (columns item, exam_taker, HumanJudgement, and a column for
  each judge): draws of 300 labels. Once for the answers at hand, whose truth is the person's share, and once for prompts drawn
  anew from these, with replacement: the interval is about prompts like them.

Seeded; nothing is sent and no clock is read.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.labels.evidence import NO_VERDICT, PREDICTED, RIGHT, WRONG  # noqa: E402
from assay.stats.distributions import normal_quantile  # noqa: E402
from assay.stats.interval import Interval  # noqa: E402
from assay.stats.prediction_powered import Estimate, Evidence, rogan_gladen  # noqa: E402
from assay.stats.shares import clustered  # noqa: E402

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

CLAIM = 0.95
LABELS = 300
PANELS = (
    ("Llama3-8B", "Mistral-7B", "Llama-13B"),
    ("GPT-4", "Llama3-70B", "JudgeLM"),
    ("Llama-7B", "Llama-13B", "Gemma-2B"),
    ("Gemma-2B",),
)


@dataclass(frozen=True)
class World:
    """Documents of prompts, of which some are labelled."""

    documents: int
    prompts: int
    """Of each document."""
    labels: int
    accuracy: float
    sensitivity: float
    specificity: float
    alike: float
    """Correlation within a document, of right answers and of the judges' errors."""
    silent: float = 0.05
    """Share of answers without a verdict of the panel."""


DESIGNS = (
    (200, 1, 33, 0.0),
    (60, 1, 30, 0.0),
    (500, 1, 100, 0.0),
    (60, 5, 100, 0.2),
    (20, 10, 50, 0.2),
    (8, 4, 30, 0.2),
)
JUDGES = ((0.7, 0.5), (0.85, 0.7), (0.95, 0.6), (0.99, 0.9))
WORLDS = tuple(
    World(documents, prompts, labels, accuracy, *judge, alike)
    for (documents, prompts, labels, alike), accuracy, judge in product(
        DESIGNS, (0.5, 0.7, 0.85, 0.95), JUDGES
    )
)


def evidence(stratum: Codes, label: Floats, documents: Codes) -> Evidence:
    """Prompts with one answer each."""
    n = len(stratum)
    drawn = (~np.isnan(label)).astype(np.float64)
    return Evidence(np.full(n, 1.0 / n), np.arange(n), documents, stratum, label, drawn, True, PREDICTED)


def drawn_world(world: World, draw: np.random.Generator) -> Evidence:
    n = world.documents * world.prompts
    documents = np.repeat(np.arange(world.documents), world.prompts)

    def varied(mean: float) -> Floats:
        if not world.alike:
            return np.full(n, mean)
        known = 1 / world.alike - 1
        return draw.beta(known * mean, known * (1 - mean), world.documents)[documents]

    right = draw.random(n) < varied(world.accuracy)
    said = np.where(
        right, draw.random(n) < varied(world.sensitivity), draw.random(n) < varied(1 - world.specificity)
    )
    stratum = np.where(said, RIGHT, WRONG).astype(np.int64)
    stratum[draw.random(n) < world.silent] = NO_VERDICT
    label = np.full(n, math.nan)
    chosen = draw.permutation(n)[: world.labels]
    label[chosen] = right[chosen]
    return evidence(stratum, label, documents)


def wald(found: Estimate) -> Interval:
    """The estimate and 1.96 standard errors, from the influences of documents."""
    sums = np.bincount(found.evidence.cluster, weights=found.influence)
    half = normal_quantile(0.5 + CLAIM / 2) * math.sqrt(float(np.square(sums).sum()))
    return Interval(found.value - half, found.value + half)


def tried(found: Estimate) -> dict[str, Interval | None]:
    """The interval of each method."""
    told = found.evidence
    labelled, stated = ~np.isnan(told.label), told.stratum != NO_VERDICT
    says = (told.stratum == RIGHT).astype(np.float64)
    return {
        "corrected": found.interval(CLAIM),
        "wald": wald(found),
        "labels_alone": clustered(told.label[labelled], told.cluster[labelled], CLAIM),
        "uncorrected": clustered(says[stated], told.cluster[stated], CLAIM),
    }


def summed(found: Sequence[dict[str, Interval | None]], truths: Sequence[float]) -> dict[str, Any]:
    """Of each method, the share that held the truth and the mean half-width."""
    made: dict[str, Any] = {}
    for method in found[0]:
        bounds = [one[method] for one in found]
        there = [(one, truth) for one, truth in zip(bounds, truths, strict=True) if one is not None]
        made[method] = {
            "covered": round(sum(one.low <= truth <= one.high for one, truth in there) / len(found), 4),
            "half_width": round(sum(one.high - one.low for one, _ in there) / 2 / max(1, len(there)), 4),
        }
    return made


def worlds(runs: int) -> list[dict[str, Any]]:
    made = []
    for number, world in enumerate(WORLDS):
        draw = np.random.default_rng([1, number])
        found = [tried(Estimate(drawn_world(world, draw))) for _ in range(runs)]
        made.append(asdict(world) | summed(found, [world.accuracy] * runs))
    return made


def panel_strata(rows: pd.DataFrame, panel: Sequence[str]) -> Codes:
    said = rows[list(panel)]
    yes, no = (said == 1).sum(axis=1).to_numpy(), (said == 0).sum(axis=1).to_numpy()
    stratum = np.where(yes > no, RIGHT, WRONG)
    stratum[(yes == no) | (2 * (yes + no) <= len(panel))] = NO_VERDICT
    return stratum.astype(np.int64)


def real(path: Path, panel: Sequence[str], runs: int, anew: bool) -> dict[str, Any]:
    """By model and over all; `anew`: prompts are drawn with replacement from those that there are."""
    rows = pd.read_csv(path, dtype={"item": str})
    stratum, truth = panel_strata(rows, panel), rows["HumanJudgement"].to_numpy(dtype=np.float64)
    prompt, model = pd.factorize(rows["item"])[0], pd.factorize(rows["exam_taker"])
    shares = [float(truth[model[0] == number].mean()) for number in range(len(model[1]))]
    draw = np.random.default_rng([2, anew])
    found: dict[str, list[dict[str, Interval | None]]] = {name: [] for name in model[1]}
    for _ in range(runs):
        count = prompt.max() + 1
        asked = draw.integers(0, count, count) if anew else draw.permutation(count)
        per_prompt = len(rows) / count
        labelled = np.arange(count) < math.ceil(LABELS / per_prompt)
        answers = []
        for number in range(len(model[1])):
            row_of = np.full(count, -1)
            mine = np.flatnonzero(model[0] == number)
            row_of[prompt[mine]] = mine
            taken, there = row_of[asked], row_of[asked] >= 0
            answers.append((taken[there], labelled[there], np.flatnonzero(there)))
        both = np.concatenate([taken[marked] for taken, marked, _ in answers])
        both = both[stratum[both] != NO_VERDICT]
        hits, of = (stratum[both] == RIGHT) == (truth[both] == 1), truth[both] == 1
        rates = (int((hits & of).sum()), int(of.sum())), (int((hits & ~of).sum()), int((~of).sum()))
        for name, (taken, marked, place) in zip(model[1], answers, strict=True):
            label = np.where(marked, truth[taken], math.nan)
            one = Estimate(evidence(stratum[taken], label, place))
            stated = stratum[taken] != NO_VERDICT
            says = float((stratum[taken][stated] == RIGHT).mean())
            pooled = rogan_gladen(says, int(stated.sum()), *rates, CLAIM)
            found[name].append(tried(one) | {"pooled_rogan_gladen": None if pooled is None else pooled[1]})
    by_model = {
        name: summed(found[name], [share] * runs) for name, share in zip(model[1], shares, strict=True)
    }
    methods = next(iter(by_model.values()))
    over_all = {
        method: {
            "covered": round(float(np.mean([one[method]["covered"] for one in by_model.values()])), 4),
            "least": min(one[method]["covered"] for one in by_model.values()),
            "half_width": round(float(np.mean([one[method]["half_width"] for one in by_model.values()])), 4),
        }
        for method in methods
    }
    return {"panel": list(panel), "prompts_drawn_anew": anew, "over_all": over_all, "by_model": by_model}


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--runs", type=int, default=2000)
    made.add_argument("--verdicts", type=Path, help="real verdicts beside a person's, CSV")
    made.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "corrected.json")
    arguments = made.parse_args()
    simulated = worlds(arguments.runs)
    held = {method: [world[method]["covered"] for world in simulated] for method in ("corrected", "wald")}
    for method in ("corrected", "labels_alone", "wald", "uncorrected"):
        shares = [world[method]["covered"] for world in simulated]
        widths = [world[method]["half_width"] for world in simulated]
        print(
            f"{method}: of {len(shares)} worlds covered {min(shares):.3f} to {max(shares):.3f}, mean {np.mean(shares):.3f}; "
            f"mean half-width {np.mean(widths):.3f}"
        )
    found = [
        real(arguments.verdicts, panel, arguments.runs, anew)
        for panel in (PANELS if arguments.verdicts else ())
        for anew in (False, True)
    ]
    for one in found:
        told = {name: (each["covered"], each["least"]) for name, each in one["over_all"].items()}
        print(
            f"{', '.join(one['panel'])}{', prompts drawn anew' if one['prompts_drawn_anew'] else ''}: {told}"
        )
    result = {
        "runs": arguments.runs,
        "least_covered": {name: min(shares) for name, shares in held.items()},
        "worlds": simulated,
        "verdicts": found,
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
