"""What the run itself cost, beside what it was estimated to cost, and the prices of both."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from assay.document import provenance
from assay.document.reported import Reported, total
from assay.prices.book import Usage, cost_usd
from assay.tables import costs, estimated, prices
from assay.tables.inputs import column


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    finished, inputs, lines = run.finished, run.inputs, run.lines
    judged = run.benchmark.judges is not None
    by_the_hour = prices.by_the_hour(lines)
    called, searched = _preflight(run), run.searched[0] if finished.searches else {}
    # What was judged once counts once, whoever answered so.
    judging = total(_costs(run.each_judge, "judge", by_the_hour)) if judged else 0.0
    return {
        "asking": total(_costs(inputs.models, "model", by_the_hour)),
        "judging": judging,
        "unknown": int(column(inputs.models, "requests_cost_unknown").sum()),
        "judging_unknown": int(column(run.each_judge, "requests_cost_unknown").sum()) if judged else 0,
        "preflight": total(called.values()),
        "unpriced": prices.unpriced(lines),
        "by_the_hour": by_the_hour,
        "table": costs.of_run(
            inputs,
            run.shown.models,
            called,
            searched,
            judging,
        ),
        "estimated": estimated.estimated(finished.estimate, inputs, finished.judges),
        "prices": prices.prices(
            [replace(line, model_id=provenance.without_private_parts(line.model_id)) for line in lines]
        ),
        "price_notes": provenance.without_private_parts(prices.notes(lines)),
        "prices_taken": finished.prices.get("taken"),
    }


def _preflight(run: Reported) -> dict[tuple[str, str], float | None]:
    """Dollars of the small calls before the run, by role and label; None where it isn't known. Empty without preflight."""
    prices = {("model", line.label): line.price for line in run.models}
    prices |= {("judge", line.label): line.price for line in run.panel}
    told = run.finished.preflight or {}
    return {
        (line["role"], line["label"]): cost_usd(
            Usage(line.get("input_tokens"), line.get("output_tokens")), prices[line["role"], line["label"]]
        )
        for line in told.get("lines") or []
        if (line["role"], line["label"]) in prices and prices[line["role"], line["label"]].priced_by != "hour"
    }


def _costs(frame: pd.DataFrame, key: str, owned: Sequence[str]) -> list[float]:
    """The costs of all lines but those that are paid by the hour, whose requests have none of their own."""
    return [float(value) for value in frame.loc[~frame[key].isin(owned), "cost_usd"]]
