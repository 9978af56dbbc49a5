"""The table of tasks: every set and average, with n and intervals that repeats and shared documents don't narrow."""

from typing import Any

import pytest
from made_ratings import inputs_of, rating

from assay.accuracy import tasks
from assay.accuracy.longbench import TASKS, averages, benchmark_of
from assay.metrics.longbench import METRIC_OF_SET, SETS_OF_LONGBENCH_E
from assay.stats.shares import wilson

Row = dict[str, Any]


def table(ratings: list[Row], **other: Any) -> list[Row]:
    return [dict(row) for row in tasks.rows(inputs_of(ratings, **other))]


def one(rows: list[Row], **wanted: Any) -> Row:
    """The only row that is about this: the whole, unless a part is named."""
    wanted = {"part_by": None, "part": None} | wanted
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    assert len(found) == 1, wanted
    return found[0]


def of_set(name: str, right: int, n: int, **other: Any) -> list[Row]:
    return [
        rating("swift", f"{name}-{place}", float(place < right), dataset=name, **other) for place in range(n)
    ]


def test_every_set_of_longbench_is_of_one_task() -> None:
    named = [name for names in TASKS.values() for name in names]
    assert sorted(named) == sorted(METRIC_OF_SET)


def test_every_set_and_the_mean_of_sets_stand_beside_all_prompts() -> None:
    rows = table([*of_set("facts", 30, 40), *of_set("sums", 5, 10)])
    facts = one(rows, scope="set", name="facts")
    assert (facts["accuracy"], facts["accuracy_n"], facts["averaged_over"]) == (0.75, 40, "prompts")
    expected = wilson(0.75, 40, 0.95)
    assert expected is not None
    assert (facts["accuracy_low"], facts["accuracy_high"]) == (expected.low, expected.high)
    assert facts["accuracy_interval"] == "wilson"
    assert one(rows, name="all prompts")["accuracy"] == pytest.approx(0.7)
    mean = one(rows, name="mean of sets")
    assert mean["accuracy"] == pytest.approx((0.75 + 0.5) / 2)
    assert mean["accuracy_interval"] == "stratified"
    assert mean["accuracy_low"] < mean["accuracy"] < mean["accuracy_high"]
    assert {row["benchmark"] for row in rows} == {None}


def test_a_document_with_many_prompts_counts_as_a_document() -> None:
    shared = [
        rating("swift", f"p{place}", float(place // 5 % 2), source=f"d{place // 5}") for place in range(40)
    ]
    apart = [row | {"source": row["prompt_id"]} for row in shared]
    together, alone = one(table(shared), scope="set"), one(table(apart), scope="set")
    assert together["accuracy_interval"] == "clustered"
    assert (together["documents"], alone["documents"]) == (8, 40)
    width = together["accuracy_high"] - together["accuracy_low"]
    assert width > 1.8 * (alone["accuracy_high"] - alone["accuracy_low"])


def test_a_prompt_that_failed_is_asked_and_not_answered() -> None:
    rows = table([*of_set("facts", 8, 8), rating("swift", "failed", None), rating("swift", "too", None)])
    found = one(rows, scope="set")
    assert (found["accuracy"], found["accuracy_n"]) == (1.0, 8)
    assert (found["accuracy_of_asked"], found["accuracy_of_asked_n"]) == (0.8, 10)
    assert found["metric_score_n"] == 8


def test_buckets_of_a_set_are_parts_of_it_where_there_are_several() -> None:
    rows = table([*of_set("facts", 9, 10), *of_set("facts", 5, 10, bucket="long")])
    assert one(rows, scope="set", part_by="bucket", part="long")["accuracy"] == 0.5
    assert not [row for row in table(of_set("facts", 9, 10)) if row["part_by"] == "bucket"]


def test_longbench_has_its_tasks_by_language_and_says_what_is_missing() -> None:
    rows = table(
        [
            *of_set("hotpotqa", 4, 10),
            *of_set("musique", 10, 40),
            *of_set("dureader", 3, 10),
            *of_set("lcc", 9, 10),
        ],
        metrics=METRIC_OF_SET,
    )
    english = one(rows, scope="task", name="multi-document QA", language="English")
    assert english["accuracy"] == pytest.approx((0.4 + 0.25) / 2)
    assert (english["sets"], english["sets_published"], english["metric"]) == (2, 3, "qa_f1")
    assert one(rows, scope="task", name="multi-document QA", language="Chinese")["accuracy"] == 0.3
    every = one(rows, scope="task", name="multi-document QA", language="all")
    assert every["accuracy"] == pytest.approx((0.4 + 0.25 + 0.3) / 3)
    assert every["metric_score_percent"] == 31.67
    assert one(rows, scope="task", name="code completion")["language"] == "all"
    overall = one(rows, name="mean of tasks", language="English")
    assert overall["accuracy"] == pytest.approx(((0.4 + 0.25) / 2 + 0.9) / 2)
    assert one(rows, name="mean of tasks", language="Chinese")["accuracy"] == pytest.approx((0.3 + 0.9) / 2)
    assert one(rows, name="mean of sets", language="all")["accuracy"] == pytest.approx(
        (0.4 + 0.25 + 0.3 + 0.9) / 4
    )
    assert one(rows, name="mean of tasks", language="all")["sets_published"] == 21


def test_a_run_in_one_language_has_no_average_over_all() -> None:
    assert {found.language for found in averages(["hotpotqa", "trec"], METRIC_OF_SET)} == {"English"}
    assert {found.language for found in averages(["lsht"], METRIC_OF_SET)} == {"Chinese"}


def test_longbench_e_has_its_groups_of_length() -> None:
    ratings = [
        *of_set("hotpotqa_e", 8, 10, length=3_999),
        *of_set("trec_e", 4, 10, length=2_000),
        *[row | {"prompt_id": f"m{row['prompt_id']}"} for row in of_set("hotpotqa_e", 5, 10, length=4_000)],
        *[row | {"prompt_id": f"l{row['prompt_id']}"} for row in of_set("hotpotqa_e", 1, 10, length=8_000)],
    ]
    rows = table(ratings, metrics={"hotpotqa_e": "qa_f1", "trec_e": "classification"})
    assert benchmark_of("hotpotqa_e") == "LongBench-E"
    of_length = {
        part: one(rows, scope="set", name="hotpotqa_e", part_by="length", part=part)["accuracy"]
        for part in ("0-4k", "4-8k", "8k+")
    }
    assert of_length == {"0-4k": 0.8, "4-8k": 0.5, "8k+": 0.1}
    short = one(rows, name="mean of tasks", part_by="length", part="0-4k")
    assert short["accuracy"] == pytest.approx((0.8 + 0.4) / 2)
    assert short["sets_published"] == len(SETS_OF_LONGBENCH_E)
    assert one(rows, name="mean of sets", part_by="length", part="8k+")["sets"] == 1


def test_without_lengths_longbench_e_has_no_groups() -> None:
    rows = table(of_set("hotpotqa_e", 8, 10))
    assert not [row for row in rows if row["part_by"] == "length"]


def test_longbench_v2_is_overall_by_difficulty_and_by_length() -> None:
    sets = {"easy_short": (8, 10), "hard_short": (2, 10), "hard_long": (1, 20)}
    ratings = [row for name, (right, n) in sets.items() for row in of_set(f"longbench_v2_{name}", right, n)]
    rows = table(ratings)
    v2 = {"benchmark": "LongBench v2", "scope": "overall"}
    assert one(rows, **v2)["accuracy"] == pytest.approx(11 / 40)
    parts = {
        (row["part_by"], row["part"]): row["accuracy"]
        for row in rows
        if row["benchmark"] == "LongBench v2" and row["scope"] == "overall" and row["part"]
    }
    assert parts == {
        ("difficulty", "easy"): 0.8,
        ("difficulty", "hard"): 0.1,
        ("length", "short"): 0.5,
        ("length", "long"): 0.05,
    }


@pytest.mark.parametrize("name", ["longbench_v2_mine", "longbench_v2_easy", "longbench_v2_easy_short_2"])
def test_a_set_of_ones_own_may_be_called_much_like_one_of_longbench_v2(name: str) -> None:
    rows = table(of_set(name, 8, 10))
    assert {(row["benchmark"], row["name"]) for row in rows} == {(None, "all prompts"), (None, name)}


def test_an_average_that_lacks_the_figure_of_a_set_is_unknown() -> None:
    lost = [rating("swift", f"t{place}", None, dataset="trec") for place in range(5)]
    rows = table([*of_set("triviaqa", 8, 10), *lost])
    few_shot = one(rows, scope="task", name="few-shot learning")
    assert few_shot["accuracy"] is None
    assert few_shot["accuracy_of_asked"] == pytest.approx((0.8 + 0.0) / 2)


def test_the_table_has_rows_of_every_model_and_no_column_without_a_name() -> None:
    ratings = [*of_set("facts", 3, 4), *(row | {"model": "steady"} for row in of_set("facts", 2, 4))]
    rows = table(ratings)
    assert list(dict.fromkeys(row["model"] for row in rows)) == ["swift", "steady"]
    names = {metric.name for metric in tasks.COLUMNS}
    assert all(set(row) <= names for row in rows)
