"""The panel's verdict on an answer: what the majority of its judges says (PoLL, Verga et al. 2024, arXiv:2404.18796), or the
mean of their ratings where judges give 1 to 5.

Every judge on the panel counts in the quorum, whether or not it gave a verdict; only stated verdicts vote. So a
judge that abstains, refuses or fails can make an answer undecided, but can't turn it right or wrong.
"""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import pandas as pd

from assay.errors import InputError
from assay.judging.parsing import Verdict

PanelVerdict = Literal["correct", "incorrect", "rated", "tie", "none"]
"""`rated` comes with the mean of the ratings; `tie`: as many judges say correct as incorrect; `none`: half of the judges or
fewer stated a verdict."""

COUNTS: tuple[str, ...] = get_args(Verdict)

_COLUMNS = ["model", "judge", "answer_id", "prompt_id", "verdict"]


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

    `verdicts` are frames of the judge stage (columns model, judge, answer_id, prompt_id, verdict, and `rating` where there are
    ratings), of any models and in any split; `judges` are the labels of the whole panel. Columns of the result: model,
    answer_id, prompt_id, `panel` (a PanelVerdict), `rating` (the mean, 1 to 5, where `panel` is rated; else NaN), for every
    name of a verdict (`COUNTS`) the number of judges who gave it, and `missing`, those of the panel without any row for the answer:
    these numbers sum to the judges on the panel. InputError if a judge is not of the panel, judged an answer twice, gave a
    verdict of another name, a rating that is none, or if an answer has ratings beside verdicts.
    """
    frames = [_with_rating(frame) for frame in verdicts if len(frame)]
    if not frames:
        return pd.DataFrame(
            columns=["model", "answer_id", "prompt_id", "panel", "rating", *COUNTS, "missing"]
        )
    together = pd.concat(frames, ignore_index=True)
    _check(together, judges)
    votes = pd.DataFrame({name: (together["verdict"] == name).astype("int64") for name in COUNTS})
    votes["rating"] = together["rating"].where(together["verdict"] == "rated", 0.0)
    keys = ["model", "answer_id", "prompt_id"]
    votes[keys] = together[keys].astype(object)
    table = votes.groupby(keys, sort=False)[[*COUNTS, "rating"]].sum().reset_index()
    table["missing"] = len(judges) - table[list(COUNTS)].sum(axis=1)
    _check_one_kind(table)
    quorum = 2 * table["rated"] > len(judges)
    rating = (table.pop("rating") / table["rated"]).where(quorum)
    panel: list[PanelVerdict] = [
        "rated" if rated else majority(correct, incorrect, len(judges))
        for rated, correct, incorrect in zip(
            quorum.tolist(), table["correct"].tolist(), table["incorrect"].tolist(), strict=True
        )
    ]
    table.insert(3, "panel", panel)
    table.insert(4, "rating", rating)
    return table


def _with_rating(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that the panel needs; a frame of verdicts that are no ratings may lack those."""
    if "rating" in frame:
        return frame[[*_COLUMNS, "rating"]].astype({"rating": "float64"})
    return frame[_COLUMNS].assign(rating=math.nan)


def idle_judges(verdicts: pd.DataFrame) -> list[str]:
    """Labels of the judges that stated no verdict on more than half of what they were asked, in alphabetical order.

    `verdicts` are rows of the judge stage, of all models (columns judge, verdict).
    """
    asked = verdicts.loc[verdicts["verdict"] != "not_asked"]
    stated = asked["verdict"].isin(["correct", "incorrect", "rated"]).groupby(asked["judge"]).mean()
    return sorted(str(judge) for judge in stated.index[stated < 0.5])


def _check(verdicts: pd.DataFrame, judges: Sequence[str]) -> None:
    if strangers := sorted(set(verdicts["judge"]) - set(judges)):
        raise InputError(
            f"verdicts of the judge {strangers[0]!r}, who is not on the panel ({', '.join(judges)})"
        )
    if unknown := sorted(set(verdicts["verdict"]) - set(COUNTS)):
        raise InputError(f"a verdict {unknown[0]!r}; expected one of {', '.join(COUNTS)}")
    rated = verdicts.loc[verdicts["verdict"] == "rated"]
    if len(wrong := rated.loc[~rated["rating"].between(1, 5)]):
        row = wrong.iloc[0]
        raise InputError(
            f"the judge {row['judge']!r} rated the answer {row['answer_id']} of {row['model']!r} with {row['rating']}; "
            "expected a number from 1 to 5: run the judge stage again"
        )
    twice = verdicts[verdicts.duplicated(["model", "judge", "answer_id"])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(
            f"the judge {row['judge']!r} has two verdicts on the answer {row['answer_id']} of {row['model']!r}; "
            "expected one: were two runs' verdicts given together?"
        )


def _check_one_kind(table: pd.DataFrame) -> None:
    if len(mixed := table.loc[(table["rated"] > 0) & (table["correct"] + table["incorrect"] > 0)]):
        row = mixed.iloc[0]
        raise InputError(
            f"the answer {row['answer_id']} of {row['model']!r} has ratings beside verdicts of correct and incorrect; expected "
            "one kind (judges.verdict): run the judge stage again"
        )
