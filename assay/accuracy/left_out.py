"""The table `left_out`: each model's accuracy by the panel without one judge, judge by judge.

It shows whether what is said of a model hangs on one judge. Leaves to others: how well that judge agrees (`judges`).
"""

from assay.accuracy import recomputed
from assay.accuracy.inputs import Inputs
from assay.accuracy.votes import votes
from assay.records.metric import Metric, Value

COLUMNS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric("judge", "", "the judge that is left out, by label", "text"),
    *recomputed.COLUMNS,
)


def rows(inputs: Inputs) -> list[dict[str, Value]]:
    """One row per model and judge; none with fewer than two judges."""
    if inputs.panel is None or len(inputs.settings.judges) < 2:
        return []
    found = votes(inputs)
    made: list[dict[str, Value]] = []
    for model in inputs.settings.models:
        for at, judge in enumerate(found.judges):
            row: dict[str, Value] = {"model": model.label, "judge": judge.label}
            alone = [place == at for place in range(len(found.judges))]
            made.append(row | recomputed.without(inputs, found, model.label, alone))
    return made
