"""The table of judges: how each one worked, and how far it agrees with the others, with itself, and with the dataset's metric.

Every share of agreement is 1 less the mean distance of two sayings that run from 0 to 1, so one formula serves verdicts, of
which it is the share that is the same, and ratings. Leaves to others: pairs and the whole panel (`agreement`), and what becomes
of models without some of the judges (`families`, `left_out`).
"""

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assay.accuracy.inputs import Inputs
from assay.accuracy.length import length_trend
from assay.accuracy.votes import KEYS, Votes, family_of, votes
from assay.judging.agreement import Coefficient, Pair, concordance, pair
from assay.judging.panel import COUNTS
from assay.records.metric import Metric, Value
from assay.records.verdict_cost import verdict_cost_usd
from assay.stats.paired import share_difference
from assay.stats.quantiles import Sorted
from assay.stats.shares import clustered

Floats = NDArray[np.float64]

INVALID = ("unparseable", "refused", "abstained", "failed")
"""What a judge that was asked may give in place of a verdict."""


def _interval(name: str, unit: str, formula: str) -> tuple[Metric, ...]:
    return (
        Metric(name, unit, formula),
        Metric(f"{name}_low", unit, "lower end of its interval, clustered by source document"),
        Metric(f"{name}_high", unit, "upper end of its interval, clustered by source document"),
    )


COLUMNS: tuple[Metric, ...] = (
    Metric("judge", "", "the judge's label, or panel for the majority (or mean) of all", "text"),
    Metric("judge_id", "", "Bedrock model id, inference profile id or ARN", "text"),
    Metric("family", "", "its family: as judges.families says, else as its id tells", "text"),
    Metric(
        "working",
        "",
        "yes, or no where it stated no verdict on more than half of what it was asked; null where it was asked nothing",
        "text",
    ),
    Metric("n", "answers", "distinct answers put to it; one that two models gave counts for each", "count"),
    Metric("n_verdicts", "answers", "those it gave a verdict on", "count"),
    Metric(
        "correct_share",
        "share",
        "correct over those: its prevalence; with ratings of 1 to 5 the mean of (rating - 1) / 4",
    ),
    *_interval(
        "invalid_rate",
        "share",
        "answers put to it that it gave no verdict on, over n; for the panel, those without a majority (or a mean)",
    ),
    Metric(
        "unparseable", "answers", "those whose reply states no single verdict, also after a repair", "count"
    ),
    Metric("refused", "answers", "those it declined to grade", "count"),
    Metric("abstained", "answers", "those it said that it was unsure of", "count"),
    Metric("failed", "answers", "those that it could not be asked about, all tries failed", "count"),
    Metric("ties", "answers", "of the panel: those with as many judges for as against", "count"),
    Metric(
        "not_asked",
        "answers",
        "answers beside those of n that it wasn't asked about, since the budget was spent or enough was known; for the "
        "panel, those without a majority for that reason",
        "count",
    ),
    Metric(
        "repaired",
        "answers",
        "those whose verdict is that of a second asking, the first reply being unreadable",
        "count",
    ),
    Metric(
        "n_reused",
        "answers",
        "those of n whose reply was taken from another run's ledger: it cost this run nothing; for the panel, of all judges",
        "count",
    ),
    Metric(
        "agreement_with_panel",
        "share",
        "same verdict as the panel, of which it is a part, where both have one; of ratings, 1 less the mean distance over 4",
    ),
    *_interval(
        "agreement_with_others",
        "share",
        "the same with the panel of all judges but this one (its majority or mean, and its own quorum)",
    ),
    Metric("agreement_with_others_n", "answers", "answers that this was seen on", "count"),
    *_interval(
        "kappa_with_others",
        "",
        "Cohen's kappa with that; of ratings, Lin's concordance with the others' mean, which is kappa with quadratic weights",
    ),
    *_interval("ac1_with_others", "", "Gwet's AC1 with that; null with ratings"),
    *_interval(
        "leniency",
        "share",
        "its correct share less the mean of the other judges', on the same answers: above 0 it is milder than they are",
    ),
    Metric(
        "kappa_mean",
        "",
        "Cohen's kappa with each other judge, averaged (of ratings with quadratic weights); for the panel, over all pairs",
    ),
    Metric("ac1_mean", "", "Gwet's AC1 (of ratings AC2) likewise"),
    *_interval(
        "agreement_with_metric",
        "share",
        "same verdict as the dataset's own metric, where that is decisive (docs/judges.md); of ratings, 1 less the mean "
        "distance from 5 or 1, over 4",
    ),
    Metric("agreement_with_metric_n", "answers", "answers that this was seen on", "count"),
    *_interval(
        "sensitivity",
        "share",
        "of answers that the metric surely calls correct, those it calls correct; of ratings the mean of (rating - 1) / 4",
    ),
    Metric("sensitivity_n", "answers", "answers that this was seen on", "count"),
    *_interval(
        "specificity",
        "share",
        "of answers that the metric surely calls incorrect, those it calls incorrect; of ratings 1 less the mean of "
        "(rating - 1) / 4",
    ),
    Metric("specificity_n", "answers", "answers that this was seen on", "count"),
    *_interval(
        "unchanged_share",
        "share",
        "of answers that it was asked about twice, those that it said the same of; an unreadable reply is a saying too",
    ),
    Metric("unchanged_n", "answers", "answers that this was seen on", "count"),
    *_interval(
        "length_slope",
        "share per doubling",
        "by how much its share of correct rises with every doubling of an answer's words, among answers of one model of which "
        "the others say the same; of ratings (rating - 1) / 4",
    ),
    Metric("length_slope_n", "answers", "answers that this was seen on", "count"),
    Metric(
        "input_tokens",
        "tokens",
        "sent to it, by the service's own count; an answer of several models once",
        "count",
    ),
    Metric("output_tokens", "tokens", "received from it, likewise", "count"),
    Metric(
        "cost_usd",
        "US dollars",
        "dollars of all tries, a lower bound where requests_cost_unknown isn't 0; null where the price is unknown or by "
        "the hour",
    ),
    Metric("requests_cost_unknown", "attempts", "tries of which it isn't known what they cost", "count"),
    Metric("e2e_ms_p50", "ms", "end-to-end time of a reply, median"),
    Metric("e2e_ms_p95", "ms", "end-to-end time of a reply, 95th percentile"),
)

Row = dict[str, Value]


def rows(inputs: Inputs) -> list[Row]:
    """One row per judge, in the order of the benchmark, and one named `panel`; none without judges."""
    if inputs.panel is None or not inputs.settings.judges:
        return []
    found = votes(inputs)
    confidence = inputs.settings.confidence
    panel = found.by([True] * len(found.judges))
    pairs = {
        (a, b): pair(found.ratings[:, a], found.ratings[:, b], found.clusters, found.scale, confidence)
        for a, b in combinations(range(len(found.judges)), 2)
    }
    by_judge = dict(tuple(inputs.verdicts.groupby(inputs.verdicts["judge"].astype(object), sort=False)))
    working = found.working
    made = []
    for at, judge in enumerate(found.judges):
        mine = by_judge.get(judge.label, inputs.verdicts.iloc[:0])
        mine = mine.loc[mine["verdict"] != "not_asked"]
        bought = _bought(mine)
        times = Sorted.of(mine["e2e_ms"].dropna().to_numpy(dtype=np.float64))
        row: Row = {
            "judge": judge.label,
            "judge_id": judge.id,
            "family": family_of(judge, inputs.settings.families),
            "working": {True: "yes", False: "no", None: None}[working[at]],
            **_outcomes(found, at, confidence),
            "repaired": int(mine["repaired"].fillna(False).astype(bool).sum()),
            "n_reused": int(mine["reused"].fillna(False).astype(bool).sum()),
            **_said(found, found.said[:, at], confidence),
            "agreement_with_panel": _alike(found.said[:, at], panel),
            **_beside_others(found, at, confidence),
            **_averages([two for judges, two in pairs.items() if at in judges]),
            **_unchanged(mine, found, confidence),
            "input_tokens": int(bought["input_tokens"].sum()),
            "output_tokens": int(bought["output_tokens"].sum()),
            "cost_usd": verdict_cost_usd(bought, judge.price_in(inputs.prices)),
            "requests_cost_unknown": int(bought["tries_cost_unknown"].sum()),
            "e2e_ms_p50": times.quantile(0.5),
            "e2e_ms_p95": times.quantile(0.95),
        }
        made.append(row)
    return [*made, _panel_row(inputs, found, panel, made, list(pairs.values()))]


def _bought(verdicts: pd.DataFrame) -> pd.DataFrame:
    """One judge's verdicts without those that cost nothing more: what several models answered alike is asked once."""
    return verdicts.sort_values("tries", ascending=False, kind="stable").drop_duplicates("answer_id")


def _outcomes(found: Votes, at: int, confidence: float) -> Row:
    """What came of asking one judge."""
    mine, asked = found.outcomes[:, at], found.asked[:, at]
    without = np.where(np.isnan(found.said[asked, at]), 1.0, 0.0)
    counts: Row = {name: int((mine == COUNTS.index(name)).sum()) for name in (*INVALID, "not_asked")}
    n = int(asked.sum())
    return {"n": n, **counts, **_mean("invalid_rate", without, found.clusters[asked], confidence)}


def _said(found: Votes, said: Floats, confidence: float) -> Row:
    """How much of it is correct, and how it stands to the dataset's metric where that decides."""
    stated = ~np.isnan(said)
    decided = stated & ~np.isnan(found.decisive)
    right, wrong = stated & (found.decisive == 1.0), stated & (found.decisive == 0.0)
    return {
        "n_verdicts": int(stated.sum()),
        "correct_share": float(said[stated].mean()) if stated.any() else None,
        **_mean(
            "agreement_with_metric",
            1.0 - np.abs(said[decided] - found.decisive[decided]),
            found.clusters[decided],
            confidence,
        ),
        "agreement_with_metric_n": int(decided.sum()),
        **_mean("sensitivity", said[right], found.clusters[right], confidence),
        "sensitivity_n": int(right.sum()),
        **_mean("specificity", 1.0 - said[wrong], found.clusters[wrong], confidence),
        "specificity_n": int(wrong.sum()),
    }


def _beside_others(found: Votes, at: int, confidence: float) -> Row:
    """One judge against the panel of all others; nothing where it is alone."""
    if len(found.judges) < 2:
        return {"agreement_with_others_n": 0, "length_slope_n": 0}
    others = found.by([place != at for place in range(len(found.judges))])
    said = found.said[:, at]
    both = ~(np.isnan(said) | np.isnan(others))
    clusters = found.clusters[both]
    made: Row = {
        **_mean("agreement_with_others", 1.0 - np.abs(said[both] - others[both]), clusters, confidence),
        "agreement_with_others_n": int(both.sum()),
    }
    if found.kind == "correctness":
        two = pair(said, others, found.clusters, found.scale, confidence)
        made |= _coefficient("kappa_with_others", two.kappa) | _coefficient("ac1_with_others", two.ac1)
    else:
        made |= _coefficient("kappa_with_others", concordance(said, others, found.clusters, confidence))
    made |= _leniency(found, at, confidence)
    n, trend = length_trend(found, at, others, confidence)
    made["length_slope_n"] = n
    if trend is not None:
        made["length_slope"] = trend.slope
        # A judge that never leaves the others shows no spread to tell an error by.
        if trend.standard_error > 0.0:
            made |= {"length_slope_low": trend.interval.low, "length_slope_high": trend.interval.high}
    return made


def _leniency(found: Votes, at: int, confidence: float) -> Row:
    """Beside the others' mean and not their majority, which is more extreme than any of them where all err alike."""
    beside = np.delete(found.said, at, axis=1)
    stated = (~np.isnan(beside)).sum(axis=1)
    here = ~np.isnan(found.said[:, at]) & (stated > 0)
    if not here.any():
        return {"leniency": None}
    mine, mean = found.said[here, at], np.nansum(beside[here], axis=1) / stated[here]
    milder = share_difference(mine, mean, found.clusters[here], confidence)
    made: Row = {"leniency": float((mine - mean).mean())}
    if milder is not None:
        made |= {"leniency_low": milder.interval.low, "leniency_high": milder.interval.high}
    return made


def _unchanged(verdicts: pd.DataFrame, found: Votes, confidence: float) -> Row:
    """How often a judge said the same when it was asked the same again; a request that failed is no saying."""
    silent = ("failed", "not_asked")
    again = verdicts.loc[verdicts["verdict_again"].notna()]
    again = again.loc[~again["verdict"].isin(silent) & ~again["verdict_again"].isin(silent)]
    place = pd.MultiIndex.from_frame(found.answers[KEYS].astype(object))
    rows = place.get_indexer(pd.MultiIndex.from_frame(again[KEYS].astype(object)))
    alike = again["verdict"].eq(again["verdict_again"])
    rated = again["verdict"].eq("rated") & alike
    alike &= ~rated | again["rating"].eq(again["rating_again"])
    same = np.where(alike.to_numpy()[rows >= 0], 1.0, 0.0)
    return {
        **_mean("unchanged_share", same, found.clusters[rows[rows >= 0]], confidence),
        "unchanged_n": len(same),
    }


def _panel_row(
    inputs: Inputs, found: Votes, panel: Floats, judges: Sequence[Row], pairs: Sequence[Pair]
) -> Row:
    table = inputs.panel
    assert table is not None
    untold = table["panel"].eq("none") & (table["not_asked"] > 0)
    unjudged = int(untold.sum())
    costs = [row["cost_usd"] for row in judges]
    known = [float(cost) for cost in costs if isinstance(cost, int | float)]
    told = pd.MultiIndex.from_frame(table.loc[~untold, KEYS].astype(object))
    asked = np.asarray(pd.MultiIndex.from_frame(found.answers[KEYS].astype(object)).isin(told))
    without = np.where(np.isnan(panel[asked]), 1.0, 0.0)

    def total(name: str) -> int:
        return sum(int(row[name] or 0) for row in judges)

    return {
        "judge": "panel",
        **_said(found, panel, inputs.settings.confidence),
        "n": len(table) - unjudged,
        **_mean("invalid_rate", without, found.clusters[asked], inputs.settings.confidence),
        "ties": int(table["panel"].eq("tie").sum()),
        "not_asked": unjudged,
        "repaired": total("repaired"),
        "n_reused": total("n_reused"),
        **_averages(pairs),
        "input_tokens": total("input_tokens"),
        "output_tokens": total("output_tokens"),
        "cost_usd": sum(known) if len(known) == len(costs) else None,
        "requests_cost_unknown": total("requests_cost_unknown"),
    }


def _alike(a: Floats, b: Floats) -> float | None:
    both = ~(np.isnan(a) | np.isnan(b))
    return float(1.0 - np.abs(a[both] - b[both]).mean()) if both.any() else None


def _averages(pairs: Sequence[Pair]) -> Row:
    kappas = [two.kappa.value for two in pairs if two.kappa.value is not None]
    hard = [two.ac1.value for two in pairs if two.ac1.value is not None]
    return {"kappa_mean": fmean(kappas) if kappas else None, "ac1_mean": fmean(hard) if hard else None}


def _mean(name: str, values: Floats, clusters: NDArray[np.int64], confidence: float) -> Row:
    """A mean of values from 0 to 1 with its interval; nothing where there is no value."""
    if not len(values):
        return {name: None}
    bounds = clustered(values, clusters, confidence)
    made: Row = {name: float(values.mean())}
    return made if bounds is None else made | {f"{name}_low": bounds.low, f"{name}_high": bounds.high}


def _coefficient(name: str, found: Coefficient) -> Row:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
