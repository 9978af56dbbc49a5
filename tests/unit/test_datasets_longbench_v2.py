"""LongBench v2 from a local copy: the questions as they are asked, their sets, and errors that name row and key."""

import json
from pathlib import Path
from typing import Any

import pytest

from assay.config.files import PROJECT
from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.longbench_v2 import longbench_v2_examples
from assay.datasets.settings import LongBenchV2
from assay.errors import InputError
from assay.metrics.scores import score
from assay.prompts.template import read_template


def row(name: str = "a1", **changes: Any) -> dict[str, Any]:
    return {
        "_id": name,
        "domain": "Single-Document QA",
        "sub_domain": "Legal",
        "difficulty": "easy",
        "length": "short",
        "question": f" What of {name}? ",
        "choice_A": "one",
        "choice_B": " two",
        "choice_C": "three",
        "choice_D": "four",
        "answer": "B",
        "context": f"\nThe law of {name}.\n",
        **changes,
    }


def read(folder: Path, *rows: Any, **keys: Any) -> tuple[list[Example], Source]:
    path = folder / "data.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    settings = LongBenchV2.model_validate({"kind": "longbench-v2", "path": path, **keys})
    examples, source = longbench_v2_examples(settings)
    return list(examples), source


def test_a_question_is_asked_after_its_document_with_its_choices_and_the_form_that_is_scored(
    tmp_path: Path,
) -> None:
    (example,), source = read(tmp_path, row())
    template = read_template(PROJECT / "config/prompts/longbench_v2.txt")
    text = template.render(example.context, example.input)
    document = text.index("The law of a1.")
    question = text.index("Question: What of a1?\nChoices:\n(A) one\n(B) two\n(C) three\n(D) four\n\n")
    assert document < question < text.index("The correct answer is (X)")
    assert source.files == {"data.json": source.sha256}


def test_the_reference_is_stated_in_the_form_that_is_scored_and_the_wrong_ones_too(tmp_path: Path) -> None:
    (example,), _ = read(tmp_path, row())
    assert example.metric == "longbench_v2"
    assert score(example.answers[0], example.answers, example.metric, example.dataset) == 1
    assert len(example.wrong) == 3
    for wrong in example.wrong:
        assert score(wrong, example.answers, example.metric, example.dataset) == 0


def test_sets_are_difficulties_and_lengths_and_rows_can_be_kept_by_them(tmp_path: Path) -> None:
    rows = [
        row("a1"),
        row("a2", difficulty="hard", length="long"),
        row("a3", length="medium", domain="Code Repository Understanding"),
    ]
    assert [one.dataset for one in read(tmp_path, *rows)[0]] == [
        "longbench_v2_easy_short",
        "longbench_v2_hard_long",
        "longbench_v2_easy_medium",
    ]
    assert [one.id for one in read(tmp_path, *rows, difficulties=["hard"])[0]] == ["a2"]
    assert [one.id for one in read(tmp_path, *rows, lengths=["short", "medium"])[0]] == ["a1", "a3"]
    assert [one.id for one in read(tmp_path, *rows, domains=["Code Repository Understanding"])[0]] == ["a3"]
    with pytest.raises(InputError, match=r"no row is left of the 3"):
        read(tmp_path, *rows, difficulties=["hard"], lengths=["short"])
    with pytest.raises(InputError, match=r"`dataset\.domains` names Law.*Single-Document QA"):
        read(tmp_path, *rows, domains=["Law"])


def test_questions_on_one_document_share_their_source(tmp_path: Path) -> None:
    first, second, other = read(tmp_path, row("a1", context="x"), row("a2", context="x"), row("a3"))[0]
    assert first.source == second.source != other.source


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row("a2", answer="E"), r"row 2: key 'answer': found 'E', expected one of A, B, C, D"),
        (row("a2", difficulty="fair"), r"row 2: key 'difficulty': found 'fair', expected one of easy, hard"),
        (row("a2", choice_D=4), r"row 2: key 'choice_D': found 4, expected a text"),
        ({"_id": "a2"}, r"row 2: the key 'domain' is missing, found '_id'"),
        (row("a1"), r"row 2: the _id 'a1' was used before"),
        ("text", r"row 2: found \"text\", expected an object"),
    ],
)
def test_a_bad_row_is_an_error_that_names_row_and_key(tmp_path: Path, bad: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, row(), bad)


def test_what_is_no_such_file_is_an_error(tmp_path: Path) -> None:
    for text in ("<html>not found</html>", "{}", "[]"):
        path = tmp_path / "data.json"
        path.write_text(text)
        with pytest.raises(InputError, match=r"data\.json: expected data\.json of LongBench v2, a JSON list"):
            longbench_v2_examples(LongBenchV2(kind="longbench-v2", path=path))
    with pytest.raises(InputError, match=r"none\.json: can't be read"):
        longbench_v2_examples(LongBenchV2(kind="longbench-v2", path=tmp_path / "none.json"))
