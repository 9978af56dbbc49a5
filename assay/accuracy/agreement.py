"""The table `agreement`: how far each pair of judges agrees, and the whole panel. What the figures are: `assay.judging.agreement`."""

from itertools import combinations

from assay.accuracy.inputs import Inputs
from assay.accuracy.votes import votes
from assay.judging.agreement import Coefficient, pair, panel
from assay.records.metric import Metric, Value

_LOW = "lower end of its interval, clustered by source document; null where it can't be told"
_HIGH = "upper end of its interval"

COLUMNS: tuple[Metric, ...] = (
    Metric("judge", "", "the judge's label, or panel for all judges together", "text"),
    Metric("other", "", "the other judge's label; null for the panel", "text"),
    Metric("n", "answers", "answers that both gave a verdict on; for the panel, two judges or more", "count"),
    Metric(
        "raw",
        "share",
        "of those, the ones with the same verdict (or rating); for the panel, of the pairs of verdicts on an answer, averaged",
    ),
    Metric("raw_low", "share", _LOW),
    Metric("raw_high", "share", _HIGH),
    Metric(
        "prevalence_judge",
        "share",
        "of those, correct to the first (of ratings the mean of (rating - 1) / 4)",
    ),
    Metric("prevalence_other", "share", "the same of the other; null for the panel"),
    Metric("kappa", "", "Cohen's of a pair, Fleiss' of the panel; of ratings with quadratic weights"),
    Metric("kappa_low", "", _LOW),
    Metric("kappa_high", "", _HIGH),
    Metric("ac1", "", "Gwet's AC1; of ratings AC2, with quadratic weights"),
    Metric("ac1_low", "", _LOW),
    Metric("ac1_high", "", _HIGH),
    Metric("alpha", "", "of the panel: Krippendorff's, nominal; of ratings interval"),
    Metric("alpha_low", "", _LOW),
    Metric("alpha_high", "", _HIGH),
)


def rows(inputs: Inputs) -> list[dict[str, Value]]:
    """One row per pair of judges, in the benchmark's order, then one of the panel; none with fewer than two judges."""
    if inputs.panel is None or len(inputs.settings.judges) < 2:
        return []
    found = votes(inputs)
    confidence, ratings, scale = inputs.settings.confidence, found.ratings, found.scale
    made: list[dict[str, Value]] = []
    for a, b in combinations(range(len(found.judges)), 2):
        two = pair(ratings[:, a], ratings[:, b], found.clusters, scale, confidence)
        made.append(
            {
                "judge": found.judges[a].label,
                "other": found.judges[b].label,
                "n": two.n,
                "prevalence_judge": _share(two.means[0], found.kind),
                "prevalence_other": _share(two.means[1], found.kind),
                **_told("raw", two.raw),
                **_told("kappa", two.kappa),
                **_told("ac1", two.ac1),
            }
        )
    all_of_them = panel(ratings, found.clusters, scale, confidence)
    stated = found.said[~(found.said != found.said)]
    made.append(
        {
            "judge": "panel",
            "n": all_of_them.n,
            "prevalence_judge": float(stated.mean()) if len(stated) else None,
            **_told("raw", all_of_them.raw),
            **_told("kappa", all_of_them.kappa),
            **_told("ac1", all_of_them.ac1),
            **_told("alpha", all_of_them.alpha),
        }
    )
    return made


def _share(mean: float | None, kind: str) -> float | None:
    return None if mean is None else (mean - 1.0) / 4.0 if kind == "scale" else mean


def _told(name: str, found: Coefficient) -> dict[str, Value]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
