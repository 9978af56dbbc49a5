"""Simulates runs judged by the simulator's judges: does accuracy as the report corrects it hold the truth, and uncorrected?

    python benchmarks/judged.py [--runs 2000] [--out benchmarks/results/judged.json]

Three models answer the same prompts, of which some are hard for all, some with the same words, some prompts twice. Two of the
models are equally often right. Three judges (`assay.simulator.verdicts`, as the simulator has them) have another sensitivity and
specificity for each model, and a share of their errors in common; what they reply is read as a judge's reply is (`assay.judging`),
and the panel's majority counts. People label the first items of the sample, now in the middle of a prompt, in a file that is read
like any other; the tables are those of the accuracy stage. Seeded; nothing is sent and no clock is read.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from assay.accuracy import corrected  # noqa: E402
from assay.accuracy.inputs import Inputs  # noqa: E402
from assay.accuracy.settings import AccuracySettings  # noqa: E402
from assay.judging.parsing import parse  # noqa: E402
from assay.labels.labels import COLUMNS, write_rows  # noqa: E402
from assay.labels.sample import sample  # noqa: E402
from assay.metrics.answer_id import answer_id  # noqa: E402
from assay.records.rated import panel_of, rated_answers, rated_prompts  # noqa: E402
from assay.records.settings import Named  # noqa: E402
from assay.simulator.answer_key import Entry  # noqa: E402
from assay.simulator.behaviour import JudgesAnswers  # noqa: E402
from assay.simulator.chance import digest  # noqa: E402
from assay.simulator.requests import Ask  # noqa: E402
from assay.simulator.verdicts import Draws, verdict  # noqa: E402

CLAIM = 0.95
PROMPTS, LABELLED = {"short": 70, "long": 30}, 150
MIX = {"short": 0.8, "long": 0.2}
TRUTH = {"swift": 0.8, "steady": 0.8, "brisk": 0.6}
RATES = {
    "swift": {"sensitivity": 0.92, "specificity": 0.7},
    "steady": {"sensitivity": 0.97, "specificity": 0.45},
    "brisk": {"sensitivity": 0.9, "specificity": 0.85},
}
"""Of each judge, by the model that it judges."""
SHARED_ERRORS = 0.5
ASK = Ask("Is it correct?", "", questions=("Is it correct?",))


def answered(draw: np.random.Generator) -> pd.DataFrame:
    """Answers in the order of the prompts, as the score stage has them, with `truth`."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    hard = {bucket: draw.random(n) for bucket, n in PROMPTS.items()}
    for model, (bucket, n) in [(model, each) for model in TRUTH for each in PROMPTS.items()]:
        for position in range(n):
            prompt = hashlib.sha256(f"{bucket} {position}".encode()).hexdigest()[:16]
            for time in range(1 + (position % 3 == 0)):
                ease = hard[bucket][position] if draw.random() < 0.5 else draw.random()
                right = bool(ease < TRUTH[model])
                own = "" if draw.random() < 0.5 else f" says {model}, {time}"
                text = f"{'right' if right else f'wrong {draw.integers(3)}'}{own}"
                answer = answer_id(prompt, text)
                row = rows.setdefault(
                    (model, answer),
                    {
                        "model": model, "answer_id": answer, "prompt_id": prompt, "bucket": bucket, "position": position,
                        "source": prompt, "question": "?", "answers": ["right"], "text": text, "times": 0.0, "score": 0.0,
                        "stop_reason_max_tokens": 0.0, "truth": right,
                    },
                )  # fmt: skip
                row["times"] += 1.0
    return pd.DataFrame(rows.values())


def judged(answers: pd.DataFrame, run: int) -> pd.DataFrame:
    """What each judge says of each answer, as the judge stage has it."""
    judges = {
        f"judge-{name}": JudgesAnswers.model_validate(
            {"kind": "judge", "by_model": RATES, "shared_errors": SHARED_ERRORS, "malformed": 0.02}
        )
        for name in "abc"
    }
    made = []
    for label, judge in judges.items():
        for model, answer, prompt, truth in zip(
            answers["model"], answers["answer_id"], answers["prompt_id"], answers["truth"], strict=True
        ):
            about = digest(label, run, model, answer)
            draws = Draws(about, digest("all", run, model, answer), about)
            said = parse(verdict(judge, draws, Entry(10, correct=bool(truth), model=model), ASK).text)
            made.append((model, label, answer, prompt, str(said.verdict), np.nan))
    return pd.DataFrame(made, columns=["model", "judge", "answer_id", "prompt_id", "verdict", "rating"])


def tables(run: int, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables `corrected` and `corrected_differences` of one run."""
    draw = np.random.default_rng([3, run])
    answers = answered(draw)
    said = judged(answers, run)
    judges = list(said["judge"].unique())
    panel = panel_of(said, judges)
    rated = rated_answers(answers, panel)
    prompts = answers.drop_duplicates("prompt_id")[["prompt_id", "bucket", "position"]]
    items = sample(answers, prompts, MIX, seed=run).head(LABELLED)
    truth = dict(zip(answers["answer_id"], answers["truth"], strict=True))
    labels = folder / "labels.csv"
    given = zip(items["item"], items["answer_id"], strict=True)
    write_rows(labels, COLUMNS, [{"item": item, "label": int(truth[answer])} for item, answer in given])
    asked = answers.loc[answers.index.repeat(answers["times"].astype(int)), ["model", "bucket", "prompt_id"]]
    records = asked.reset_index(drop=True).assign(role="measured", ok=True)
    settings = AccuracySettings(
        models=tuple(Named(label=model, id=model) for model in TRUTH),
        judges=tuple(Named(label=judge, id=judge) for judge in judges),
        dataset_of_interest=MIX,
        seed=run,
    )
    ratings = rated_prompts(rated, records, {})
    inputs = Inputs(settings, ratings, rated, said, panel, {}, labels)
    return pd.DataFrame(corrected.rows(inputs)), pd.DataFrame(corrected.difference_rows(inputs))


def held(rows: pd.DataFrame, name: str, truth: float) -> dict[str, float]:
    """How often an interval held the truth, how wide it is, and how far its middle figure is off on the mean."""
    low, high = rows[f"{name}_low"].astype(float), rows[f"{name}_high"].astype(float)
    return {
        "covered": round(float(((low <= truth) & (truth <= high)).mean()), 4),
        "half_width": round(float((high - low).mean() / 2), 4),
        "off": round(float(rows[name].astype(float).mean() - truth), 4),
    }


def summed(accuracies: pd.DataFrame, differences: pd.DataFrame) -> dict[str, Any]:
    models = {
        model: {"truth": truth, "labels": round(float(mine["n_labels"].mean()), 1)}
        | {name: held(mine, column, truth) for name, column in (("corrected", "corrected"), ("uncorrected", "accuracy"))}
        for model, truth in TRUTH.items()
        for mine in [accuracies.loc[accuracies["model"] == model]]
    }  # fmt: skip
    pairs = {}
    for a, b in combinations(TRUTH, 2):
        mine = differences.loc[(differences["model"] == a) & (differences["other"] == b)]
        pairs[f"{a} less {b}"] = held(mine, "difference", TRUTH[a] - TRUTH[b]) | {
            "told_apart": round(float(mine["better"].notna().mean()), 4)
        }
    truth = differences["model"].map(TRUTH) - differences["other"].map(TRUTH)
    found = np.where(
        differences["better"].isna(), 0, np.where(differences["better"] == differences["model"], 1, -1)
    )
    wrong = (found != 0) & (found != np.sign(np.round(truth, 9)))
    return {"models": models, "pairs": pairs, "runs_with_a_wrong_finding": round(float(wrong.groupby(differences["run"]).any().mean()), 4)}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--runs", type=int, default=2000)
    made.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "judged.json")
    given = made.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = [tables(run, Path(folder)) for run in range(given.runs)]
    accuracies, differences = (
        pd.concat([each[part].assign(run=run) for run, each in enumerate(found)], ignore_index=True)
        for part in (0, 1)
    )
    result = {"runs": given.runs} | summed(accuracies, differences)
    print(json.dumps(result, indent=1))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
