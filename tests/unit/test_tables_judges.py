"""The report's section on judges says what the tables say, loudly where judges don't work, and nothing where nothing is known."""

from typing import Any

import finished_run
import pandas as pd
import pytest

from assay.document.settings import ReportSettings
from assay.tables.judges import section

Tables = dict[str, pd.DataFrame]


@pytest.fixture
def tables() -> Tables:
    return {
        "judges": finished_run.judges_table(),
        "agreement": finished_run.agreement_table(),
        "families": finished_run.families_table(),
        "left_out": finished_run.left_out_table(),
    }


def told(tables: Tables, *statuses: dict[str, Any], **judges: Any) -> dict[str, Any]:
    benchmark = finished_run.benchmark()
    benchmark["judges"] |= judges
    settings = ReportSettings.model_validate({"benchmark": benchmark, "commands": []})
    return section(tables, statuses, settings)


def changed(tables: Tables, name: str, row: int, **values: Any) -> Tables:
    frame = tables[name].copy()
    for column, value in values.items():
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
    return tables | {name: frame}


def finding(found: dict[str, Any], word: str) -> str:
    return next((line for line in found["findings"] if word in line), "")


def test_where_all_judges_work_there_is_nothing_to_warn_of(tables: Tables) -> None:
    found = told(tables, {"judge": "beta", "model": "swift", "working": True})
    assert (found["asked"], found["working"], found["warning"], found["idle"]) == (2, 2, None, [])


def test_a_judge_without_verdicts_on_most_answers_is_named_loudly(tables: Tables) -> None:
    silent = changed(tables, "judges", 1, working="no", invalid_rate=0.7)
    found = told(silent)
    assert found["warning"] == (
        "Only 1 of 2 judges worked (beta doesn't): too few for a majority, so many answers have no verdict."
    )
    assert found["idle"] == ["beta: no verdict on 168 of the 240 answers that it was asked about"]
    assert r"beta \(not working\)" in found["asking"]


def test_a_judge_whose_job_says_that_it_did_not_work_is_named_too(tables: Tables) -> None:
    status = {"judge": "alpha", "model": "swift", "working": False, "not_working": "access denied"}
    found = told(tables, status)
    assert found["warning"].startswith("Only 1 of 2 judges worked (alpha doesn't)")
    assert found["idle"] == ["alpha: on swift: access denied"]
    both = told(tables, status, status | {"judge": "beta"})
    assert both["warning"].startswith("None of 2 judges worked (alpha and beta don't)")


def test_a_majority_that_is_left_is_not_called_too_few(tables: Tables) -> None:
    panel = [{"label": name, "id": f"judge.{name}"} for name in ("alpha", "beta", "gamma")]
    found = told(changed(tables, "judges", 1, working="no"), panel=panel)
    assert found["warning"] == "Only 2 of 3 judges worked (beta doesn't)."


def test_every_figure_of_a_sentence_is_the_tables(tables: Tables) -> None:
    found = told(tables)
    agree = finding(found, "Fleiss")
    assert "235 answers" in agree and "93 %" in agree and "0.66 (0.52 to 0.78)" in agree
    assert "0.66 (0.52 to 0.77)" in agree
    assert "alpha is milder than the others by 1.0 points" in finding(found, "milder")
    assert "5 % of 60 answers" in finding(found, "second time")
    assert "alpha favours swift, of its own family, by 5.0 points" in finding(found, "favours")
    assert "5.0 points (swift without alpha)" in finding(found, "Leaving one judge out")
    assert "at most 1.4 points" in finding(found, "doubling")


def test_a_slope_or_a_favour_is_told_only_where_its_interval_leaves_zero_out(tables: Tables) -> None:
    steep = changed(tables, "judges", 0, length_slope=0.02, length_slope_low=0.011, length_slope_high=0.029)
    assert finding(told(steep), "doubling").startswith(
        "With every doubling of an answer's words, alpha calls 2.0 points more correct"
    )
    fair = tables | {"families": tables["families"].assign(favour_low=-0.1, favour_high=0.1)}
    assert "No judge is seen to be milder" in finding(told(fair), "own family")
    unsure = tables | {
        "judges": tables["judges"].drop(columns=["length_slope_low", "leniency_low"]),
        "families": tables["families"].drop(columns="favour_low"),
    }
    found = told(unsure)
    assert (
        not finding(found, "doubling") and not finding(found, "own family") and not finding(found, "milder")
    )


def test_a_panel_of_one_is_held_against_nobody(tables: Tables) -> None:
    one = {
        "judges": tables["judges"].iloc[[0, 2]].drop(columns=["agreement_with_others", "leniency"]),
        "agreement": tables["agreement"].iloc[:0],
        "left_out": tables["left_out"].iloc[:0],
    }
    found = told(one, panel=[{"label": "alpha", "id": "judge.alpha"}])
    assert found["asked"] == 1
    assert found["pairs"] is None and found["families"] is None
    assert "agrees with the others" not in found["trust"] and "said the same twice" in found["trust"]


def test_many_pairs_are_left_to_the_table(tables: Tables) -> None:
    pair, whole = tables["agreement"].iloc[[0]], tables["agreement"].iloc[[1]]
    many = tables | {"agreement": pd.concat([*[pair] * 15, whole], ignore_index=True)}
    found = told(many)
    assert (found["pairs"], found["many_pairs"]) == (None, 15)
    few = tables | {"agreement": pd.concat([*[pair] * 3, whole], ignore_index=True)}
    assert "all together" in told(few)["pairs"] and "alpha" in told(few)["pairs"]


def test_without_judges_there_is_no_section(tables: Tables) -> None:
    settings = ReportSettings.model_validate(
        {"benchmark": finished_run.benchmark() | {"judges": None}, "commands": []}
    )
    found = section({name: frame.iloc[:0] for name, frame in tables.items()}, [], settings)
    assert (found["shown"], found["warning"], found["findings"]) == (False, None, [])


def test_families_that_no_id_tells_are_asked_for_unless_models_are_simulated(tables: Tables) -> None:
    assert told(tables)["unknown_families"] == []
    named = told(tables, families={"alpha": "vendor"})
    assert named["unknown_families"] == ["beta"]


def test_labels_with_marks_of_markdown_do_nothing(tables: Tables) -> None:
    hostile = changed(tables, "judges", 0, judge="a|b*<script>")
    assert r"a\|b\*\<script\>" in told(hostile)["asking"]
