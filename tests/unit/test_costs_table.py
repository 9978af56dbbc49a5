"""The report's table of what an answer costs: what is unknown is said, and what wasn't asked for is left out."""

from dataclasses import replace

import pandas as pd
from finished_run import models_table

from assay.tables.costs import costs, notes, parts
from assay.tables.inputs import Inputs


def inputs(**columns: object) -> Inputs:
    models = models_table(1)
    for name, value in columns.items():
        models[name] = [value]
    return Inputs(pd.DataFrame(), models, pd.DataFrame(), {})


CORRECT = "cost_usd_per_10k_correct_answers"


def test_each_cost_has_its_unit_in_the_header_and_its_interval_beside_it() -> None:
    made = inputs(
        **{CORRECT: 4.0, f"{CORRECT}_low": 3.5, f"{CORRECT}_high": 5.0},
        correct_share=0.8,
        cost_usd_per_month=1234.5,
        cost_usd_per_month_note="it carried less",
        accuracy_by="panel",
    )
    (model,) = made.models["model"]
    text = costs(made, [model], limits=False, traffic=True)
    header, _, row = text.splitlines()
    assert header.count(r"USD per 10\,000") == 2
    assert "within the limits" not in header and "USD per month" in header
    assert r"\$4\.00 [\(\$3\.50 to \$5\.00\)]" in row and r"\$1\,234 " in row and r"80 \%" in row
    assert notes(made, [model]) == [f"{model}: it carried less"]


def test_what_there_is_none_of_is_told_from_what_is_unknown() -> None:
    none = inputs(**{CORRECT: None}, correct_share=0.0, goodput_share=None)
    (model,) = none.models["model"]
    _, _, row = costs(none, [model], limits=True, traffic=False).splitlines()
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert (cells[2], cells[4]) == ("none", "unknown")
    unknown = inputs(**{CORRECT: None}, correct_share=0.4)
    _, _, row = costs(unknown, [model], limits=False, traffic=False).splitlines()
    assert row.split("|")[3].strip() == "unknown"


def test_parts_of_what_is_unknown_altogether_are_no_table() -> None:
    made = inputs()
    (model,) = made.models["model"]
    rows = [
        {"scope": "transactions", "model": model, "part": part, "cost_usd": usd}
        for part, usd in (("input", None), ("cache_read", None), ("output", 2.0))
    ]
    known_in_part = parts(replace(made, cost_parts=pd.DataFrame(rows)), [model])
    assert known_in_part is not None and "unknown" in known_in_part and "cache reads" in known_in_part
    assert parts(replace(made, cost_parts=pd.DataFrame(rows[:2])), [model]) is None


def test_without_judges_no_answer_is_called_correct() -> None:
    made = inputs(**{CORRECT: 4.0}, correct_share=0.8, accuracy_by="qa_f1")
    (model,) = made.models["model"]
    header = costs(made, [model], limits=True, traffic=False).splitlines()[0]
    assert "correct" not in header and r"points of score \(qa\_f1\)" in header
