"""Files of the user's: what is read, what is forgiven, and which line an error names."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.jsonl import jsonl_examples
from assay.datasets.settings import JsonLines, as_fetched
from assay.errors import InputError

SHARED = Path(os.environ.get("ASSAY_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))


def row(**changes: Any) -> dict[str, Any]:
    return {"input": "Who?", "context": "Ada did.", "answers": ["Ada"], **changes}


def read(path: Path, **settings: Any) -> tuple[list[Example], Source]:
    examples, source = jsonl_examples(JsonLines.model_validate({"kind": "jsonl", "path": path, **settings}))
    return list(examples), source


def written(folder: Path, *rows: Any, name: str = "mine.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), encoding="utf-8")
    return path


def test_a_plain_row_gets_the_documented_defaults(tmp_path: Path) -> None:
    (example,), source = read(written(tmp_path, row()))
    assert (example.dataset, example.language, example.metric) == ("mine", "en", "qa_f1")
    assert example.all_classes is None
    assert len(example.id) == 16
    assert source.files == {"mine.jsonl": source.sha256}


def test_longbench_keys_are_used_where_the_mapping_names_none(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        row(_id="x1", dataset="trec", language="en", all_classes=["A", "B"], length=3, answers=["A"]),
    )
    (example,), _ = read(path)
    assert (example.id, example.dataset, example.metric) == ("x1", "trec", "classification")
    assert example.all_classes == ("A", "B")


def test_columns_map_the_users_keys_and_dots_reach_inside(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"q": "Who?", "meta": {"topic": "people", "n": 7}, "a.b": "flat", "gold": 42, "text": "It was 42."},
    )
    columns = {
        "input": "q",
        "context": "text",
        "answers": "gold",
        "id": "meta.n",
        "dataset": "meta.topic",
        "source": "a.b",
    }
    (example,), _ = read(path, columns=columns)
    assert (example.id, example.dataset, example.source) == ("7", "people", "flat")
    assert example.answers == ("42",)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Ada", ("Ada",)),
        (["Ada", "A."], ("Ada", "A.")),
        (3, ("3",)),
        ([1, 2.5], ("1", "2.5")),
        (["", "x"], ("x",)),
    ],
)
def test_answers_may_be_a_text_a_number_or_a_list(
    tmp_path: Path, given: Any, expected: tuple[str, ...]
) -> None:
    (example,), _ = read(written(tmp_path, row(answers=given)))
    assert example.answers == expected


def test_rows_without_a_document_are_fine_when_the_mapping_says_so(tmp_path: Path) -> None:
    (example,), _ = read(written(tmp_path, {"input": "Who?", "answers": "Ada"}), columns={"context": None})
    assert example.context == ""


def test_byte_order_mark_blank_lines_and_windows_line_ends_are_forgiven(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    line = json.dumps(row()).encode()
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n\r\n   \n" + line.replace(b"Who?", b"Why?"))
    examples, _ = read(path)
    assert [example.input for example in examples] == ["Who?", "Why?"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"input": "\xff"}', r"mine\.jsonl, line 1: byte 12 \(0xff\) is not UTF-8"),
        (b"\xff\xfe{\x00", r"line 1: the file is UTF-16"),
        (b'\n{"input": ', r"line 2: expected one JSON object"),
        (b'[{"input": "a"}]', r"line 1: expected one JSON object.*jq -c"),
        (b'{\n "input": "a"\n}', r"line 1: expected one JSON object.*one to a line"),
        (b'{"input": NaN}', r"line 1: .*NaN is not JSON"),
        (b"", r"found no rows"),
    ],
)
def test_what_is_no_json_line_is_an_error_that_names_the_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(path)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            {"context": "c", "answers": "a"},
            r"line 2: the key 'input' is missing, found 'context', 'answers'.*columns\.input",
        ),
        (row(input=None), r"line 2, key 'input': found null, expected a text or a number"),
        (row(input={"a": 1}), r"line 2, key 'input': found \{\"a\": 1\}"),
        (row(answers=[]), r"line 2, key 'answers': found no answer"),
        (row(answers=" "), r"line 2, key 'answers': found no answer"),
        (row(answers=[True]), r"line 2, key 'answers': found true"),
        (row(input=" ", context=""), r"line 2: both question and document are empty"),
    ],
)
def test_a_bad_row_is_an_error_that_names_line_and_key(tmp_path: Path, bad: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(written(tmp_path, row(), bad))


def test_half_a_surrogate_pair_is_an_error_and_not_a_crash_later(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"input": "a\\ud83d", "context": "c", "answers": "a"}', encoding="utf-8")
    with pytest.raises(InputError, match="line 1, key 'input': character 2 is half of a surrogate pair"):
        read(path)


def test_a_repeated_row_is_left_out_with_a_warning(tmp_path: Path) -> None:
    examples, source = read(written(tmp_path, row(), row(input="Why?"), row()))
    assert len(examples) == 2
    assert source.warnings == ["1 rows of mine.jsonl repeat another row and were left out"]


def test_two_rows_with_one_id_are_an_error_that_names_both_lines(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 3: the id 'a' was used on line 1"):
        read(written(tmp_path, row(_id="a"), row(_id="b"), row(_id="a", input="Why?")))


def test_one_id_in_two_sets_is_fine(tmp_path: Path) -> None:
    examples, _ = read(written(tmp_path, row(_id="a", dataset="x"), row(_id="a", dataset="y")))
    assert len(examples) == 2


def test_filters_keep_sets_and_languages(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        row(dataset="x", language="en"),
        row(dataset="y", language="en", input="2"),
        row(dataset="y", language="zh", input="3"),
    )
    examples, _ = read(path, sets=["y"], languages=["zh"])
    assert [example.input for example in examples] == ["3"]
    assert examples[0].metric == "qa_f1_zh"


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            {"sets": ["x", "z"]},
            r"`dataset\.sets` names z, of which there is no row\. Found x in en \(1 rows\), y in zh",
        ),
        ({"languages": ["fr"]}, r"`dataset\.languages` names fr"),
        ({"sets": ["x"], "languages": ["zh"]}, r"no row is left of the 2"),
    ],
)
def test_a_filter_that_leaves_nothing_says_what_there_was(
    tmp_path: Path, filters: dict[str, Any], message: str
) -> None:
    path = written(tmp_path, row(dataset="x"), row(dataset="y", language="zh"))
    with pytest.raises(InputError, match=message):
        read(path, **filters)


def test_the_limit_reads_the_first_rows_only(tmp_path: Path) -> None:
    path = written(tmp_path, row(), row(input="Why?"))
    path.write_bytes(path.read_bytes() + b"not JSON\n")
    examples, _ = read(path, limit=2)
    assert len(examples) == 2


def test_a_metric_of_the_users_comes_before_that_of_the_set(tmp_path: Path) -> None:
    (example,), _ = read(written(tmp_path, row(dataset="trec")), metric="rouge_l")
    assert example.metric == "rouge_l"


def test_rows_over_one_document_share_their_source(tmp_path: Path) -> None:
    first, second, other = read(written(tmp_path, row(), row(input="Why?"), row(context="Bo did.")))[0]
    assert first.source == second.source != other.source


def test_a_missing_file_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: the dataset can't be read .*`dataset\.path`"):
        read(tmp_path / "none.jsonl")


@pytest.mark.skipif(not (SHARED / "multifieldqa_zh.jsonl").exists(), reason="the shared data are not here")
def test_genuine_longbench_rows_are_read_whole() -> None:
    examples, _ = read(SHARED / "multifieldqa_zh.jsonl")
    assert len(examples) == 30
    assert {(example.metric, example.language) for example in examples} == {("qa_f1_zh", "zh")}


def test_a_row_that_its_metric_cannot_score_is_found_before_money_is_spent(tmp_path: Path) -> None:
    path = written(tmp_path, row(all_classes=["Ada"]), row(answers=["bad"], all_classes=["good", "fine"]))
    with pytest.raises(
        InputError, match=r"mine\.jsonl, line 2: the row has the answer 'bad', which is not among"
    ):
        read(path, metric="classification")


def test_metrics_by_set_come_before_the_metric_of_all(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        row(dataset="invoices", answers=["1,200 EUR"]),
        row(dataset="names", input="2"),
        row(dataset="trec", input="3"),
    )
    examples, _ = read(
        path, metric="exact_match", metrics={"invoices": {"kind": "numeric"}, "trec": "rouge_l"}
    )
    assert [example.metric for example in examples] == ["numeric", "exact_match", "rouge_l"]


def test_a_metric_for_a_set_that_no_row_is_of_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, row(dataset="invoices", answers=["3"]))
    with pytest.raises(
        InputError, match=r"`dataset\.metrics` names invoice, of which there is no row.*invoices in en"
    ):
        read(path, metrics={"invoice": "numeric"})


def test_a_reference_may_be_a_json_object_where_json_is_compared(tmp_path: Path) -> None:
    (example,), _ = read(written(tmp_path, row(answers={"name": "Ada"})), metric="json_match")
    assert example.answers == ('{"name": "Ada"}',)
    several = [{"name": "Ada"}, {"name": "Ada L."}]
    assert len(read(written(tmp_path, row(answers=several)), metric="json_match")[0][0].answers) == 2
    with pytest.raises(
        InputError, match=r"key 'answers': found \{\"name\": \"Ada\"\}, expected a text or a number"
    ):
        read(written(tmp_path, row(answers={"name": "Ada"})), metric="exact_match")


def test_a_reference_that_a_metric_cannot_use_names_line_row_and_set(tmp_path: Path) -> None:
    path = written(tmp_path, row(answers=["12"]), row(answers=["a dozen"]))
    with pytest.raises(
        InputError,
        match=r"line 2: the row has the answer 'a dozen'.*numeric.*set 'mine' in `dataset\.metrics`",
    ):
        read(path, metrics={"mine": "numeric"})


def test_what_is_fetched_depends_on_what_decides_which_rows_can_be_scored_alone() -> None:
    def fetched(metric: Any, **metrics: Any) -> str:
        keys = {"kind": "jsonl", "path": "x", "metric": metric, "metrics": metrics}
        return str(as_fetched(JsonLines.model_validate(keys)).model_dump_json())

    assert fetched({"kind": "numeric", "relative_tolerance": 0.1}) == fetched("numeric")
    assert fetched("qa_f1", a={"kind": "regex", "pattern": "(x)", "group": 1}) == fetched(
        "qa_f1", a={"kind": "regex", "pattern": "y"}
    )
    assert fetched({"kind": "json_match", "fields": ["a"]}) != fetched("json_match")
    assert fetched("numeric") != fetched("exact_match")
