"""The panel's verdict on an answer: what the majority of its judges says (PoLL, Verga et al. 2024, arXiv:2404.18796).

Every judge on the panel counts in the quorum, whether or not it gave a verdict; only stated verdicts vote. So a
judge that fails can make an answer undecided, but can't turn it right or wrong.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import pandas as pd

from assay.errors import InputError
from assay.judging.parsing import Verdict

PanelVerdict = Literal["correct", "incorrect", "tie", "none"]
"""`tie`: as many judges say correct as incorrect; `none`: half of the judges or fewer stated a verdict."""

COUNTS: tuple[str, ...] = get_args(Verdict)


def majority(correct: int, incorrect: int, judges: int) -> PanelVerdict:
    """The verdict of a panel of `judges`, of whom `correct` and `incorrect` stated the one or the other.

    The majority of the stated verdicts, if more than half of the judges stated one; else "none".
    """
    if 2 * (correct + incorrect) <= judges:
        return "none"
    if correct == incorrect:
        return "tie"
    return "correct" if correct > incorrect else "incorrect"


def panel_table(verdicts: Sequence[pd.DataFrame], judges: Sequence[str]) -> pd.DataFrame:
    """One row per answer, in the order in which the answers first appear, with the panel's verdict on it.

    `verdicts` are frames of the judge stage (columns model, judge, answer_id, prompt_id, verdict), of any models and
    in any split; `judges` are the labels of the whole panel. Columns of the result: model, answer_id, prompt_id,
    `panel` (a PanelVerdict), the number of judges who said `correct`, `incorrect`, `unparseable` and `failed`, or were
    `not_asked`, and `missing`, those of the panel without any row for the answer. InputError if a judge is not of the
    panel, judged an answer twice, or gave a verdict of another name.
    """
    columns = ["model", "judge", "answer_id", "prompt_id", "verdict"]
    frames = [frame[columns] for frame in verdicts if len(frame)]
    if not frames:
        return pd.DataFrame(columns=["model", "answer_id", "prompt_id", "panel", *COUNTS, "missing"])
    together = pd.concat(frames, ignore_index=True)
    _check(together, judges)
    votes = pd.DataFrame({name: (together["verdict"] == name).astype("int64") for name in COUNTS})
    votes[["model", "answer_id", "prompt_id"]] = together[["model", "answer_id", "prompt_id"]].astype(object)
    table = votes.groupby(["model", "answer_id", "prompt_id"], sort=False)[list(COUNTS)].sum().reset_index()
    table["missing"] = len(judges) - table[list(COUNTS)].sum(axis=1)
    panel = [
        majority(correct, incorrect, len(judges))
        for correct, incorrect in zip(table["correct"].tolist(), table["incorrect"].tolist(), strict=True)
    ]
    table.insert(3, "panel", panel)
    return table


def _check(verdicts: pd.DataFrame, judges: Sequence[str]) -> None:
    if strangers := sorted(set(verdicts["judge"]) - set(judges)):
        raise InputError(
            f"verdicts of the judge {strangers[0]!r}, who is not on the panel ({', '.join(judges)})"
        )
    if unknown := sorted(set(verdicts["verdict"]) - set(COUNTS)):
        raise InputError(f"a verdict {unknown[0]!r}; expected one of {', '.join(COUNTS)}")
    twice = verdicts[verdicts.duplicated(["model", "judge", "answer_id"])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(
            f"the judge {row['judge']!r} has two verdicts on the answer {row['answer_id']} of {row['model']!r}; "
            "expected one: were two runs' verdicts given together?"
        )
