"""The table that sets the estimate beside what the run cost: unknown is unknown, and hours aren't free."""

from typing import Any, cast

import pandas as pd

from assay.tables.estimated import estimated
from assay.tables.inputs import Inputs


class _Measured:
    models = pd.DataFrame({"model": ["tokens", "owned", "unpriced"], "cost_usd": [0.5, None, None]})


def lines(*labels: str) -> list[str]:
    usd = {
        "tokens": {"low": 0.4, "high": 0.8, "at_most": 1.0},
        "owned": {"low": 0, "high": 0, "at_most": 0},
    }
    rows: list[dict[str, Any]] = [
        {"kind": "model", "label": label, "plan_usd": usd.get(label), "usd_per_hour": 60.0 if label == "owned" else None}
        for label in labels
    ]  # fmt: skip
    made = estimated({"rows": rows}, cast(Inputs, _Measured()), pd.DataFrame({"judge": []}))
    return [" ".join(line.replace("|", " ").replace("\\", "").split()) for line in str(made).splitlines()]


def test_what_is_paid_by_the_hour_is_not_shown_as_free() -> None:
    said = lines("tokens", "owned")
    assert any(line.startswith("owned by the hour by the hour by the hour") for line in said)
    (all_of_it,) = (line for line in said if line.startswith("all that is paid by tokens"))
    assert "0.50" in all_of_it and all_of_it.endswith("yes")


def test_an_unknown_price_is_unknown_in_every_column() -> None:
    said = lines("tokens", "unpriced")
    assert any(line.startswith("unpriced unknown unknown unknown") for line in said)
