"""The table of judges: how each one did, and how far they agree with each other and with the dataset's metric."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean

import numpy as np
import pandas as pd

from assay.accuracy.inputs import Inputs
from assay.judging.agreement import agreement
from assay.prices.book import Price
from assay.records.metrics import Metric, Value
from assay.records.settings import Named
from assay.records.verdict_cost import verdict_cost_usd
from assay.stats.quantiles import Sorted

COLUMNS: tuple[Metric, ...] = (
    Metric("judge", "", "the judge's label, or panel for the majority of all", "text"),
    Metric("judge_id", "", "Bedrock model id, inference profile id or ARN", "text"),
    Metric("n", "answers", "distinct answers put to it", "count"),
    Metric("n_verdicts", "answers", "those it said correct or incorrect of", "count"),
    Metric("correct_share", "share", "correct over those"),
    Metric(
        "unparseable_rate",
        "share",
        "replies that held no verdict, over all put to it; for the panel, answers without a majority",
    ),
    Metric("failed", "answers", "answers that it could not be asked about, all tries failed", "count"),
    Metric(
        "not_asked",
        "answers",
        "answers beside those of n that it wasn't asked about, since the budget was spent or enough was known; for the "
        "panel, those without a majority for that reason",
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
        "same verdict as the panel's majority, of which it is a part; where both have one",
    ),
    Metric(
        "agreement_with_metric",
        "share",
        "same verdict as the dataset's own metric, where that is decisive: 1 means correct, 0 incorrect",
    ),
    Metric("agreement_with_metric_n", "answers", "answers that this was seen on", "count"),
    Metric(
        "kappa_mean",
        "",
        "Cohen's kappa with each other judge, averaged; for the panel, over all pairs",
    ),
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
)

_STATED = {"correct": 1.0, "incorrect": 0.0}


def judge_rows(
    verdicts: pd.DataFrame,
    panel: pd.DataFrame,
    answers: pd.DataFrame,
    judges: Sequence[Named],
    prices: Mapping[str, Price],
) -> list[dict[str, Value]]:
    """One row per judge, in the order given, and one named `panel`; columns `COLUMNS`."""
    keys = ["model", "answer_id"]
    stated = verdicts.assign(said=verdicts["verdict"].map(_STATED).astype("float64"))
    said = {
        judge.label: stated.loc[stated["judge"] == judge.label].set_index(keys)["said"] for judge in judges
    }
    majority = panel.set_index(keys)["panel"].map(_STATED).astype("float64")
    unjudged = int((panel["panel"].eq("none") & (panel["not_asked"] > 0)).sum())
    scores = answers.set_index(keys)["score"].astype("float64")
    decisive = scores.where((scores == 0.0) | (scores == 1.0))
    kappas = {(a.label, b.label): _kappa(said[a.label], said[b.label]) for a, b in combinations(judges, 2)}
    rows = []
    for judge in judges:
        given = stated.loc[stated["judge"] == judge.label]
        mine = given.loc[given["verdict"] != "not_asked"]
        failed = int((mine["verdict"] == "failed").sum())
        unparseable = int((mine["verdict"] == "unparseable").sum())
        bought = _bought(mine)
        times = mine["e2e_ms"].dropna().to_numpy(dtype=np.float64)
        row: dict[str, Value] = {
            "judge": judge.label,
            "judge_id": judge.id,
            **_agreements(said[judge.label], majority, decisive),
            "n": len(mine),
            "unparseable_rate": unparseable / len(mine) if len(mine) else None,
            "failed": failed,
            "not_asked": len(given) - len(mine),
            "n_reused": int(mine["reused"].fillna(False).sum()),
            "kappa_mean": _average([kappa for pair, kappa in kappas.items() if judge.label in pair]),
            "input_tokens": int(bought["input_tokens"].sum()),
            "output_tokens": int(bought["output_tokens"].sum()),
            "cost_usd": verdict_cost_usd(bought, judge.price_in(prices)),
            "requests_cost_unknown": int(bought["tries_cost_unknown"].sum()),
            "e2e_ms_p50": Sorted.of(times).quantile(0.5),
        }
        rows.append(row)
    if judges:
        rows.append(_panel_row(rows, majority, decisive, list(kappas.values()), len(panel), unjudged))
    return rows


def _bought(verdicts: pd.DataFrame) -> pd.DataFrame:
    """One judge's verdicts without those that cost nothing more: what several models answered alike is asked once."""
    return verdicts.sort_values("tries", ascending=False, kind="stable").drop_duplicates("answer_id")


def _panel_row(
    rows: Sequence[Mapping[str, Value]],
    majority: "pd.Series[float]",
    decisive: "pd.Series[float]",
    kappas: Sequence[float | None],
    answers: int,
    unjudged: int,
) -> dict[str, Value]:
    n = answers - unjudged
    costs = [row["cost_usd"] for row in rows]
    known = [float(cost) for cost in costs if isinstance(cost, int | float)]
    return {
        "judge": "panel",
        "judge_id": None,
        **_agreements(majority, majority, decisive),
        "agreement_with_panel": None,
        "n": n,
        "unparseable_rate": float(majority.isna().sum() - unjudged) / n if n else None,
        "failed": 0,
        "not_asked": unjudged,
        "n_reused": sum(int(row["n_reused"] or 0) for row in rows),
        "kappa_mean": _average(kappas),
        "input_tokens": sum(int(row["input_tokens"] or 0) for row in rows),
        "output_tokens": sum(int(row["output_tokens"] or 0) for row in rows),
        "cost_usd": sum(known) if len(known) == len(costs) else None,
        "requests_cost_unknown": sum(int(row["requests_cost_unknown"] or 0) for row in rows),
        "e2e_ms_p50": None,
    }


def _agreements(
    said: "pd.Series[float]", majority: "pd.Series[float]", decisive: "pd.Series[float]"
) -> dict[str, Value]:
    stated = said.dropna()
    with_panel = _both(said, majority)
    with_metric = _both(said, decisive)
    return {
        "n_verdicts": len(stated),
        "correct_share": float(stated.mean()) if len(stated) else None,
        "agreement_with_panel": float((with_panel["a"] == with_panel["b"]).mean())
        if len(with_panel)
        else None,
        "agreement_with_metric": float((with_metric["a"] == with_metric["b"]).mean())
        if len(with_metric)
        else None,
        "agreement_with_metric_n": len(with_metric),
    }


def _both(a: "pd.Series[float]", b: "pd.Series[float]") -> pd.DataFrame:
    """The answers on which both say something."""
    return pd.DataFrame({"a": a, "b": b.reindex(a.index)}).dropna()


def _kappa(a: "pd.Series[float]", b: "pd.Series[float]") -> float | None:
    both = _both(a, b)
    return agreement(both["a"].tolist(), both["b"].tolist()).kappa


def _average(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def rows(inputs: Inputs) -> list[dict[str, Value]]:
    """One row per judge, and one named `panel`; none without judges."""
    if inputs.panel is None:
        return []
    return judge_rows(inputs.verdicts, inputs.panel, inputs.answers, inputs.settings.judges, inputs.prices)
