"""The table `families`: judges of a model's own family, and its accuracy without them.

A judge favours its own family. That a difference is near 0 doesn't clear it: the others may share its taste, and families
that can't be told from ids aren't compared.
"""

from assay.accuracy import recomputed
from assay.accuracy.inputs import Inputs
from assay.accuracy.votes import family_of, votes
from assay.records.metrics import Metric, Value

COLUMNS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric("model_id", "", "Bedrock model id, inference profile id or ARN", "text"),
    Metric(
        "family",
        "",
        "its family: as judges.families says, else as its id tells; null where neither does",
        "text",
    ),
    Metric("same_family", "", "the judges of that family, by label; null where there is none", "text"),
    Metric("same_family_n", "judges", "how many they are", "count"),
    Metric("family_unknown_n", "judges", "judges whose family isn't known: they may be of it too", "count"),
    *recomputed.COLUMNS,
)


def rows(inputs: Inputs) -> list[dict[str, Value]]:
    """One row per model; none without judges. Where no judge is of its family, there is nothing to recompute."""
    if inputs.panel is None or not inputs.settings.judges:
        return []
    found = votes(inputs)
    given = inputs.settings.families
    families = [family_of(judge, given) for judge in found.judges]
    made: list[dict[str, Value]] = []
    for model in inputs.settings.models:
        mine = family_of(model, given)
        own = [mine is not None and one == mine for one in families]
        row: dict[str, Value] = {
            "model": model.label,
            "model_id": model.id,
            "family": mine,
            "same_family": ", ".join(
                judge.label for judge, same in zip(found.judges, own, strict=True) if same
            )
            or None,
            "same_family_n": sum(own),
            "family_unknown_n": sum(one is None for one in families),
        }
        if any(own):
            row |= recomputed.without(inputs, found, model.label, own)
        made.append(row)
    return made
