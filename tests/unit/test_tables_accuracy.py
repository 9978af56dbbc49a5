"""The section on accuracy says what the tables hold: ties named, warnings where shares are high, published averages as such."""

from typing import Any

import finished_run
import pandas as pd
from made_ratings import inputs_of, rating

from assay.accuracy import differences, tasks, trends
from assay.decision import words
from assay.document.settings import ReportSettings
from assay.tables.accuracy import section
from assay.tables.inputs import Inputs
from assay.tables.numbers import about, percent

Row = dict[str, Any]


def made(ratings: list[Row], **other: Any) -> dict[str, pd.DataFrame]:
    """The tables of the accuracy stage, as they are read back."""
    inputs = inputs_of(ratings, **other)
    return {
        name: pd.DataFrame(part.rows(inputs), columns=[metric.name for metric in part.COLUMNS])
        for name, part in (("tasks", tasks), ("trends", trends), ("differences", differences))
    }


def values(
    tables: dict[str, pd.DataFrame], models: int = 3, accuracy: pd.DataFrame | None = None
) -> dict[str, Any]:
    shown = finished_run.accuracy_table(models) if accuracy is None else accuracy
    inputs = Inputs(
        finished_run.cells(models), finished_run.models_table(models), shown, finished_run.decision(models)
    )
    settings = ReportSettings.model_validate(
        {"benchmark": finished_run.benchmark(models), "commands": ["make report"]}
    )
    return section(tables, inputs, settings)


def plain(text: object) -> str:
    return str(text).replace("\\", "")


def answers(model: str, right: int, n: int, name: str = "facts", **other: Any) -> list[Row]:
    return [
        rating(model, f"{name}-{place}", float(place < right), dataset=name, **other) for place in range(n)
    ]


def test_who_is_better_and_who_cant_be_told_apart_is_said_with_numbers() -> None:
    ratings = [*answers("swift", 90, 100), *answers("steady", 88, 100), *answers("frugal", 50, 100)]
    found = values(made(ratings))
    assert any(
        line.startswith("swift is better than frugal by 40.0 percentage points") for line in found["told"]
    )
    assert len(found["told"]) == found["told_apart"] == 2
    (tie,) = found["ties"]
    assert tie.startswith("swift and steady can't be told apart: 2.0 percentage points")
    assert "more prompts would tell" in tie
    assert "swift is better" in plain(found["differences"])
    assert "can't be told apart" in plain(found["differences"])
    assert "McNemar, exact" in plain(found["differences"])
    assert "10 : 0" not in plain(found["differences"])
    assert "40 : 0" in plain(found["differences"])


def test_how_many_more_prompts_would_tell_is_as_rough_as_the_decision_says_it() -> None:
    for number in (1, 31, 99, 100, 101, 874, 12_345, 999_999):
        assert about(number) == words._count(number)
    assert (words._more(1, "prompts"), words._more(2, "prompts")) == ("1 more prompt", "2 more prompts")
    assert about(None) == about(float("nan")) == "—"


def test_models_that_answer_alike_are_equally_good() -> None:
    found = values(made([*answers("swift", 5, 9), *answers("steady", 5, 9)]), models=2)
    assert found["ties"] == ["swift and steady can't be told apart: on 9 prompts they are equally good."]
    assert found["told_apart"] == 0


def test_many_ties_are_named_and_not_told_one_by_one() -> None:
    ratings = [row for model in finished_run.MODELS for row in answers(model, 30, 40)]
    found = values(made(ratings))
    assert found["pairs"] == 15
    (line,) = found["ties"]
    assert line.startswith("Can't be told apart: swift and steady; swift and frugal;")


def test_a_verdict_that_failures_turn_is_told_of_what_was_asked() -> None:
    ratings = [*answers("swift", 100, 100), *answers("steady", 60, 60)]
    ratings += [rating("steady", f"facts-{place}", None) for place in range(60, 100)]
    found = values(made(ratings), models=2)
    assert found["told"] == []
    (line,) = found["of_asked"]
    assert line.startswith("swift is better than steady by 40.0 percentage points")


def test_a_single_model_is_compared_with_nobody() -> None:
    found = values(made(answers("swift", 5, 9)), models=1)
    assert (found["pairs"], found["differences"], found["by_task"]) == (0, None, None)


def test_sets_stand_with_intervals_for_few_models_and_without_for_many() -> None:
    def table(models: int) -> str:
        ratings = [
            row
            for model in finished_run.MODELS[:models]
            for row in [*answers(model, 7, 10), *answers(model, 3, 10, "sums")]
        ]
        return plain(values(made(ratings), models)["by_task"])

    assert "70 % [(39.7 % to 89.2 %)]" in table(2)
    assert "mean of sets" in table(2)
    assert "70 %" in table(5)
    assert "39.7 %" not in table(5)


def test_published_averages_say_of_how_many_sets_they_are() -> None:
    ratings = [*answers("swift", 4, 10, "hotpotqa"), *answers("swift", 1, 10, "lsht")]
    lines = plain(values(made(ratings), models=1)["averages"]).splitlines()
    assert any("LongBench, multi-document QA, English | 40.00 | 1 of 3" in line for line in lines)
    assert any("LongBench, mean of sets, English and Chinese | 25.00 | 2 of 21" in line for line in lines)
    assert values(made(answers("swift", 4, 10)), models=1)["averages"] is None


def test_a_trend_is_told_within_tasks_and_its_absence_explained() -> None:
    falling = [
        rating("swift", f"p{place}", float(place % 10 < 9 - place // 40), tokens=500.0 * 2 ** (place // 40))
        for place in range(200)
    ]
    few = answers("steady", 5, 9)
    found = values(made([*falling, *few]), models=2)
    assert found["trend_lines"][0].startswith("swift gets worse with length: 10.0 percentage points (")
    assert found["trend_lines"][1] == "steady has no trend: fewer than 20 documents."
    assert "swift | -10.0" in plain(found["trends"])


def test_without_any_trend_there_is_no_table_of_trends() -> None:
    assert values(made(answers("swift", 5, 9)), models=1)["trends"] is None


def skewed(**shares: float) -> pd.DataFrame:
    frame = finished_run.accuracy_table(2).assign(
        max_tokens_share=0.0, empty_share=0.0, refusal_share=0.0, injection_share=0.0, accuracy_by="panel"
    )
    for name, share in shares.items():
        frame.loc[frame.index[0], name] = share
    return frame


def test_what_skews_accuracy_stands_beside_it_and_is_warned_of_where_it_is_much() -> None:
    tables = made(answers("swift", 5, 9))
    cut = values(tables, 2, skewed(max_tokens_share=0.12))
    assert cut["skew_lines"] == [
        "swift: answers that are cut at the limit of output tokens, in bucket 0-1000 (12 % of the answers)."
    ]
    assert "12 %" in plain(cut["skew"])
    assert values(tables, 2, skewed(max_tokens_share=0.05))["skew_lines"] == []
    assert values(tables, 2, skewed(refusal_share=0.2))["skew_lines"][0].startswith(
        "swift: answers that are refusals"
    )
    assert len(values(tables, 2, skewed(injection_share=0.001))["skew_lines"]) == 1


def test_several_buckets_are_warned_of_in_one_line() -> None:
    frame = skewed(max_tokens_share=0.12)
    frame.loc[frame.index[1], "max_tokens_share"] = 0.3
    (line,) = values(made(answers("swift", 5, 9)), 2, frame)["skew_lines"]
    assert "in 2 of 4 buckets, most in 1000-2000 (30 % of the answers)" in line


def test_a_weighted_mean_of_ones_reads_as_all() -> None:
    assert percent(sum([0.5 / 7] * 7) + sum([0.5 / 3] * 3)) == percent(0.9999999999999999) == "100 %"
    assert percent(0.9996) == "over 99.9 %"
