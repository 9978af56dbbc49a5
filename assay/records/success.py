"""What an answer costs that is worth something: one that is correct, or correct and within the limits on latency.

The dollars are those of all measured requests, of failed and retried ones too, as far as they are known; they are spread
over the answers that are correct. So a model that fails, or errs, pays for it here, where the cost of a transaction is
blind to both. Leaves to others: which answers are right (`rated`), what a request costs (`measured`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from assay.metrics.answer_id import answer_id
from assay.records import reading
from assay.records.sample import Sample
from assay.stats import mover, ratios, shares
from assay.stats.interval import Interval

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_TEXT = pa.dictionary(pa.int32(), pa.string())


def right_of(records: Sequence[Path], rated: pd.DataFrame) -> Floats:
    """How correct each record's answer is, in the order of `reading.read_records`.

    `rated` are the answers with `right` and `unjudged`. What failed is 0, and so is, to be on the safe side, an answer
    without a verdict. NaN is one that judges weren't asked about, and one that isn't among `rated`: a ramp's, say, since those
    aren't scored.
    """
    columns = {"model": _TEXT, "prompt_id": _TEXT, "text": _TEXT, "ok": pa.bool_()}
    frame = reading.read(records, columns, ("model", "prompt_id", "ok"))
    made = np.zeros(len(frame))
    answered = (frame["ok"].fillna(False).astype(bool) & frame["text"].notna()).to_numpy()
    given = frame.loc[answered, ["model", "prompt_id", "text"]]
    distinct = given.drop_duplicates()
    known = {
        (model, name): 0.0 if math.isnan(right) and not unjudged else right
        for model, name, right, unjudged in zip(
            rated["model"], rated["answer_id"], rated["right"], rated["unjudged"], strict=True
        )
    }
    found = [
        known.get((model, answer_id(prompt_id, text)), math.nan)
        for model, prompt_id, text in distinct.itertuples(index=False, name=None)
    ]
    worth = distinct.assign(right=np.array(found, dtype=np.float64))
    made[answered] = given.merge(worth, on=["model", "prompt_id", "text"], how="left")["right"].to_numpy()
    return made


def successes(sample: Sample, within: bool) -> Floats | None:
    """What each measured request counts: 0 to 1; None where it isn't known, or `within` limits that there aren't.

    `within` leaves out answers whose request broke a limit on latency.
    """
    found = sample.successes
    if found is None or (within and (found.kept is None or not sample.valid)):
        return None
    return found.right * found.kept if within and found.kept is not None else found.right


def share(sample: Sample, within: bool) -> float | None:
    """Correct answers (`within`: and within the limits on latency) over measured requests."""
    good, found = successes(sample, within), sample.successes
    return None if good is None or found is None else float((found.judged_weight * good).sum())


def share_interval(sample: Sample, within: bool) -> Interval | None:
    """Its interval, prompts clustered by source document: see `assay.stats.shares.clustered`."""
    good, found = successes(sample, within), sample.successes
    if good is None or found is None:
        return None
    judged = found.judged_weight > 0
    documents = np.unique(found.source[judged], return_inverse=True)[1].astype(np.int64)
    return shares.clustered(good[judged], documents, sample.confidence, found.judged_weight[judged])


def cost_per_success(sample: Sample, within: bool) -> float | None:
    """Dollars per correct answer: sum(weight x dollars of all tries) / sum(weight x correct).

    Where judges weren't asked about all answers, the lower sum is that of the others, weighed up to all requests.
    None where the price is unknown, where nobody said what is correct, and where nothing is.
    """
    parts = _parts(sample, within)
    return None if parts is None else parts.paid.value / parts.share


def cost_per_success_interval(sample: Sample, within: bool) -> Interval | None:
    """Of `cost_per_success`: from t for the dollars and Wilson's for the share, both clustered by source document, with
    their correlation (`assay.stats.mover`). None for fewer than 2 documents."""
    parts = _parts(sample, within)
    if parts is None:
        return None
    paid = ratios.interval(parts.paid, sample.confidence)
    bounds = share_interval(sample, within)
    if paid is None or bounds is None:
        return None
    together = mover.correlation(parts.paid.moved, parts.moved)
    return mover.ratio_interval(parts.paid.value, paid, parts.share, bounds, together)


@dataclass(frozen=True, slots=True)
class _Parts:
    paid: ratios.Ratio
    """Dollars per measured request."""
    share: float
    """Correct answers per measured request."""
    moved: Floats
    """By how much each document moved that."""


def _parts(sample: Sample, within: bool) -> _Parts | None:
    good, found, paid = successes(sample, within), sample.successes, sample.attempts
    if good is None or found is None or sample.cost_usd is None:
        return None
    there = float((found.judged_weight * good).sum())
    if not there > 0:
        return None
    documents = np.unique(paid.source)
    tries, requests = np.searchsorted(documents, paid.source), np.searchsorted(documents, found.source)
    usd = paid.weight * np.where(paid.cost_known, paid.cost_usd, 0.0)
    mean = float(usd.sum())
    moved_usd = np.bincount(tries, usd, len(documents)) - mean * np.bincount(
        requests, found.weight, len(documents)
    )
    moved: Floats = np.bincount(requests, found.judged_weight * (good - there), len(documents)).astype(
        np.float64
    )
    return _Parts(ratios.Ratio(mean, moved_usd), there, moved)


def by_document(sample: Sample, sources: Codes) -> tuple[Floats, Floats]:
    """Weighted dollars and weighted correct answers of each source document, as columns; see `cost_ratio`."""
    good, found, paid = successes(sample, False), sample.successes, sample.attempts
    assert good is not None and found is not None
    usd = paid.weight * np.where(paid.cost_known, paid.cost_usd, 0.0)
    above = np.bincount(np.searchsorted(sources, paid.source), usd, len(sources))
    right = found.judged_weight * good
    below = np.bincount(np.searchsorted(sources, found.source), right, len(sources))
    return above[:, None].astype(np.float64), below[:, None].astype(np.float64)


def cost_ratio(sample: Sample, sources: Codes) -> ratios.Ratio | None:
    """Dollars per correct answer as a ratio over source documents, to be compared with that of another model.

    `sources` are the numbers of all documents of both, in rising order: the clusters. None where the price is unknown, or
    nobody said what is correct, or nothing is.
    """
    if successes(sample, False) is None or sample.cost_usd is None:
        return None
    above, below = (column[:, 0] for column in by_document(sample, sources))
    right = float(below.sum())
    if not right > 0:
        return None
    value = float(above.sum()) / right
    return ratios.Ratio(value, (above - value * below) / right, below / right)


def hourly_cost_per_success(per_transaction: float | None, sample: Sample, within: bool) -> float | None:
    """Of provisioned throughput: dollars per answered request, over the share of the answered that is correct."""
    there = share(sample, within)
    answered = _answered(sample)
    if per_transaction is None or not there or not answered:
        return None
    return per_transaction * answered / there


def hourly_cost_per_success_interval(
    per_transaction: float | None, bounds: Interval | None, sample: Sample, within: bool
) -> Interval | None:
    """Its interval, from that of dollars per answered request: throughput and correctness are taken as independent."""
    there, of_share, answered = share(sample, within), share_interval(sample, within), _answered(sample)
    if per_transaction is None or bounds is None or not there or of_share is None or not answered:
        return None
    scaled = Interval(of_share.low / answered, min(1.0, of_share.high / answered))
    return mover.ratio_interval(per_transaction, bounds, there / answered, scaled)


def _answered(sample: Sample) -> float:
    return float((sample.requests.weight * sample.requests.ok).sum())
