"""The answers that people are asked to label: drawn at random, blind, in an order that more labels only extend."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.labels.draw import draw
from assay.labels.evidence import estimates, labelled
from assay.labels.labels import read_labels
from assay.labels.progress import items_needed, progress
from assay.labels.sample import drawn, first, sample
from assay.labels.settings import Drawing


def run(models: int, prompts: dict[str, int], alike: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers (one of each model to each prompt) and prompts, by bucket; `alike`: all models give the same text."""
    asked = [
        {"prompt_id": f"{bucket}{position}", "bucket": bucket, "position": position}
        for bucket, count in prompts.items()
        for position in range(count)
    ]
    answers = [
        {
            "model": f"model-{number}",
            "answer_id": f"{0 if alike else number:04x}{place:012x}",
            "prompt_id": prompt["prompt_id"],
            "bucket": prompt["bucket"],
            "question": "Where?",
            "answers": ["here"],
            "text": f"=text {0 if alike else number}",
            "times": 1.0,
            "source": None,
            "right": 1.0,
        }
        for number in range(models)
        for place, prompt in enumerate(asked)
    ]
    return pd.DataFrame(answers), pd.DataFrame(asked)


def test_more_prompts_and_more_models_keep_the_order_of_what_was_drawn_before() -> None:
    def order(count: int) -> list[str]:
        found = sample(*run(1, {"a": count, "b": count}), {"a": 0.5, "b": 0.5}, 1)
        return found["prompt_id"].tolist()

    assert order(60)[:50] == order(25)
    two, three = (sample(*run(models, {"a": 30}), {"a": 1.0}, 1) for models in (2, 3))
    assert (
        three.loc[three["answer_id"].isin(two["answer_id"]), "answer_id"].tolist()
        == two["answer_id"].tolist()
    )


def test_buckets_take_turns_in_proportion_to_their_weights() -> None:
    items = sample(*run(1, {"a": 200, "b": 200, "c": 200}), {"a": 0.75, "b": 0.25}, 1)
    assert set(items["bucket"]) == {"a", "b"}
    for n in (20, 100, 200):
        assert items["bucket"].iloc[:n].eq("a").mean() == pytest.approx(0.75, abs=0.05)


def test_answers_to_a_prompt_stand_together_in_an_order_that_tells_nothing_of_the_model() -> None:
    answers, prompts = run(3, {"a": 300})
    items = sample(answers, prompts, {"a": 1.0}, 1)
    assert items["prompt_id"].tolist() == [prompt for prompt in prompts["prompt_id"] for _ in range(3)]
    model = dict(zip(answers["answer_id"], answers["model"], strict=True))
    leading = [model[answer] for answer in items["answer_id"].iloc[::3]]
    shares = [leading.count(f"model-{number}") / 300 for number in range(3)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.09)
    assert not any("model" in str(value) for value in items.drop(columns="prompt_id").to_numpy().ravel())


def test_a_text_that_several_models_gave_is_labelled_once_and_counts_for_each() -> None:
    answers, prompts = run(3, {"a": 20}, alike=True)
    items = sample(answers, prompts, {"a": 1.0}, 1)
    assert len(items) == 20
    found = labelled(answers, dict.fromkeys(items["answer_id"], 1.0), {"a": 1.0}, 1)
    assert found["label"].notna().all()


def test_of_several_answers_to_one_prompt_one_is_drawn_as_often_as_it_was_given() -> None:
    n = 4000
    answers = pd.DataFrame(
        {
            "model": "m",
            "answer_id": [f"{place:016x}" for place in range(2 * n)],
            "prompt_id": np.repeat(np.arange(n), 2).astype(str),
            "times": np.tile([3.0, 1.0], n),
        }
    )
    found = drawn(answers, seed=1)
    assert len(found) == n
    assert (found["times"] == 3.0).mean() == pytest.approx(0.75, abs=0.02)
    assert drawn(answers.iloc[::-1], seed=1).sort_index()["answer_id"].tolist() == found["answer_id"].tolist()


def test_the_first_n_end_with_a_whole_prompt() -> None:
    items = sample(*run(3, {"a": 20}), {"a": 1.0}, 1)
    assert len(first(items, 10)) == 12
    assert len(first(items, 12)) == 12
    assert len(first(items, 100)) == 60


def test_labels_count_only_in_the_order_of_the_draw() -> None:
    """One left out here and there does no harm; rows that somebody picked, or the end of the list, don't count."""
    answers, prompts = run(1, {"a": 100})
    ids = sample(answers, prompts, {"a": 1.0}, 1)["answer_id"].tolist()

    def counted(places: Any) -> int:
        found = labelled(answers, {ids[place]: 1.0 for place in places}, {"a": 1.0}, 1)
        assert int(found["label"].notna().sum() + found["unused"].sum()) == len(list(places))
        return int(found["label"].notna().sum())

    assert counted(range(40)) == 40
    assert counted([place for place in range(40) if place not in (3, 17, 30)]) == 37
    assert counted(range(60, 100)) == 0
    assert counted([*range(30), *range(80, 100)]) == 30
    assert counted(range(0, 100, 2)) <= 1


def test_answers_that_people_are_unsure_of_take_no_label_after_them_away() -> None:
    """Every third is skipped, and two are passed over; what lies behind the last label is neither."""
    answers, prompts = run(1, {"a": 100})
    ids = sample(answers, prompts, {"a": 1.0}, 1)["answer_id"].tolist()
    values = {answer: None if place % 3 == 0 else 1.0 for place, answer in enumerate(ids[:61])}
    del values[ids[10]], values[ids[20]]
    found = labelled(answers, values, {"a": 1.0}, 1)
    assert int(found["label"].notna().sum()) == 38
    assert not found["unused"].any()
    assert sorted(found.loc[found["unsure"], "answer_id"]) == sorted(
        answer for place, answer in enumerate(ids[:61]) if place % 3 == 0 or place in (10, 20)
    )
    assert estimates(found, {"a": 1.0})["model-0"].evidence.unsure == 23
    none_said = labelled(answers, dict.fromkeys(ids[:50]), {"a": 1.0}, 1)
    assert none_said["label"].isna().all()


def test_a_new_models_answers_that_others_gave_too_are_no_sample_of_it() -> None:
    """It agrees with the old one where both are right, and only there its answers have a label."""
    old, _ = run(1, {"a": 100})
    new = old.assign(model="new")
    other = np.arange(100) % 3 == 0
    new.loc[other, "answer_id"] = [f"{place:016x}" for place in range(10**6, 10**6 + int(other.sum()))]
    both = pd.concat([old, new], ignore_index=True)
    found = labelled(both, dict.fromkeys(old["answer_id"], 1.0), {"a": 1.0}, 1)
    counts = found.groupby("model")["label"].count()
    assert counts["model-0"] == 100
    assert counts["new"] < 10


def test_a_mix_is_weighed_by_its_shares_however_the_labels_fell() -> None:
    answers, _ = run(1, {"a": 100, "b": 50})
    values = {
        answer: float(bucket == "a")
        for answer, bucket in zip(answers["answer_id"], answers["bucket"], strict=True)
    }
    found = labelled(answers, values, {"a": 0.3, "b": 0.7}, 1)
    (made,) = estimates(found, {"a": 0.3, "b": 0.7}).values()
    assert made.value == pytest.approx(0.3)
    only_a = {answer: value for answer, value in values.items() if value == 1.0}
    (made,) = estimates(labelled(answers, only_a, {"a": 0.3, "b": 0.7}, 1), {"a": 0.3, "b": 0.7}).values()
    assert not made.enough


def test_progress_tells_how_many_items_every_model_needs() -> None:
    answers, prompts = run(2, {"a": 1000})
    ids = sample(answers, prompts, {"a": 1.0}, 1)["answer_id"].tolist()
    models = progress(answers, {}, {"a": 1.0}, 1, 0.05, 0.95)
    assert [model.n for model in models] == [0, 0]
    needed = items_needed(answers, ids, 1, models)
    assert needed is not None
    assert needed >= 2 * min(model.needed or 0 for model in models) - 1
    models = progress(answers, dict.fromkeys(ids[:needed], 1.0), {"a": 1.0}, 1, 0.05, 0.95)
    assert all(model.half_width is not None and model.half_width <= 0.05 for model in models)
    assert items_needed(answers, ids[:4], 1, progress(answers, {}, {"a": 1.0}, 1, 0.05, 0.95)) is None


def test_a_sheet_keeps_what_somebody_filled_in(tmp_path: Path) -> None:
    answers, prompts = run(1, {"a": 40})
    files = tmp_path / "prompts.parquet", tmp_path / "answers.parquet"
    prompts.to_parquet(files[0])
    answers.to_parquet(files[1])
    sheet, order = tmp_path / "labels" / "sample.csv", tmp_path / "labels" / "sample.parquet"
    settings = Drawing(dataset_of_interest="a", seed=1, n=10)
    assert draw(settings, files[0], [files[1]], order, sheet) == (40, 10)
    text = sheet.read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["answer"] for row in rows] == ["'=text 0"] * 10
    assert not read_labels(sheet)
    item = rows[4]["item"]
    sheet.write_bytes(
        text.replace(f"{item},Where?,here,'=text 0,,", f"{item},Where?,here,'=text 0,yes,ann").encode()
    )
    assert draw(settings.model_copy(update={"n": 20}), files[0], [files[1]], order, sheet) == (40, 20)
    (label,) = read_labels(sheet)
    assert (label.item, label.value, label.labeler) == (item, 1.0, "ann")
    assert draw(settings.model_copy(update={"n": 2}), files[0], [files[1]], order, sheet) == (40, 2)
    assert not read_labels(sheet)
    assert len(read_labels(sheet.with_name("sample.before1.csv"))) == 1
    assert pd.read_parquet(order)["item"].tolist()[4] == item
