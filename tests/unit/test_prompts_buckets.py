"""Buckets: who belongs, in which order rows are drawn, and what is said when they run short."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
import yaml

from assay.datasets.example import Example, Place
from assay.datasets.examples_file import Source, read_examples, write_examples
from assay.errors import InputError
from assay.prompts.answer_key import wrong_answers
from assay.prompts.histogram import histogram, histogram_text
from assay.prompts.prompt import read_prompts, text_sha256, write_prompts
from assay.prompts.select import Selection, select
from assay.prompts.settings import Bucket
from assay.prompts.template import Template
from assay.prompts.tokenizer import TokenCounter
from assay.prompts.wording import Wording

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("ASSAY_SHARED_DATA", ROOT.parent / "shared/data"))
WORDS = TokenCounter("words", None, "0", lambda texts: [len(text.split()) for text in texts], lambda *_: [])
TEMPLATE = Template("{context} {input}", "0")


def example(words: int, name: str, **changes: Any) -> Example:
    """A row whose prompt has so many words."""
    values: dict[str, Any] = {
        "id": name,
        "dataset": "mine",
        "language": "en",
        "input": f"q{name}",
        "context": "w " * (words - 1),
        "answers": (f"answer{name}.",),
        "all_classes": None,
        "source": name,
        "metric": "qa_f1",
    }
    return Example(**{**values, **changes})


def selected(
    folder: Path, rows: list[Example], buckets: list[Bucket], seed: int = 1, template: Template = TEMPLATE
) -> Selection:
    path = folder / "examples.jsonl"
    write_examples(rows, Source("jsonl", "", None, None, {}), path, folder / "source.json")
    return select(path, Wording(template), WORDS, buckets, seed)


def ids(selection: Selection, bucket: str) -> list[str]:
    return [prompt.example_id for prompt in selection.prompts if prompt.bucket == bucket]


def test_examples_survive_their_file(tmp_path: Path) -> None:
    rows = [
        example(3, "1", all_classes=("a", "b"), wrong=("x",), context="line\nend \u2028 字 \U0001f642"),
        example(4, "2", place=Place(1, 10, 3)),
    ]
    write_examples(rows, Source("jsonl", "d", None, None, {}), tmp_path / "e.jsonl", tmp_path / "s.json")
    assert list(read_examples(tmp_path / "e.jsonl")) == rows
    source = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert (source["rows"], source["sets"]) == (2, {"mine": 2})
    assert len(source["sha256"]) == 64


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    def rows() -> Any:
        yield example(3, "1")
        raise InputError("bad row")

    with pytest.raises(InputError):
        write_examples(rows(), Source("jsonl", "d", None, None, {}), tmp_path / "e", tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


def test_min_belongs_to_the_bucket_and_max_does_not(tmp_path: Path) -> None:
    rows = [example(words, str(words)) for words in range(8, 23)]
    selection = selected(tmp_path, rows, [Bucket(name="b", min=10, max=20, n=100)])
    assert sorted(prompt.tokens for prompt in selection.prompts) == list(range(10, 20))


def test_the_system_prompt_counts(tmp_path: Path) -> None:
    template = Template(TEMPLATE.text, "0", "one two three", "0")
    selection = selected(
        tmp_path,
        [example(7, "a"), example(10, "b")],
        [Bucket(name="b", min=10, max=13, n=5)],
        template=template,
    )
    assert [(prompt.example_id, prompt.tokens) for prompt in selection.prompts] == [("a", 10)]
    assert selection.prompts[0].text.split()[0] == "w"


def test_a_larger_n_keeps_what_was_drawn_in_its_positions(tmp_path: Path) -> None:
    rows = [example(10, str(index)) for index in range(50)]
    few = selected(tmp_path, rows, [Bucket(name="b", min=1, max=20, n=7)])
    many = selected(tmp_path, rows, [Bucket(name="b", min=1, max=20, n=30)])
    assert many.prompts[:7] == few.prompts
    assert [prompt.position for prompt in many.prompts] == list(range(30))


def test_another_bucket_or_another_order_of_rows_moves_nothing(tmp_path: Path) -> None:
    rows = [example(10 + index % 20, str(index)) for index in range(60)]
    one = selected(tmp_path, rows, [Bucket(name="b", min=1, max=20, n=7)])
    two = selected(
        tmp_path, rows[::-1], [Bucket(name="a", min=15, max=40, n=7), Bucket(name="b", min=1, max=20, n=7)]
    )
    assert ids(one, "b") == ids(two, "b")


def test_the_seed_decides_the_draw(tmp_path: Path) -> None:
    rows = [example(10, str(index)) for index in range(50)]
    bucket = [Bucket(name="b", min=1, max=20, n=10)]
    drawn = [ids(selected(tmp_path, rows, bucket, seed), "b") for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] != sorted(drawn[0])


def test_rows_made_for_a_bucket_are_drawn_for_it_alone_and_in_their_order(tmp_path: Path) -> None:
    rows = [example(15, f"b{index}", place=Place(10, 20, index)) for index in (2, 0, 1)]
    rows += [example(15, f"w{index}", place=Place(10, 30, index)) for index in (1, 0)]
    selection = selected(
        tmp_path, rows, [Bucket(name="b", min=10, max=20, n=9), Bucket(name="w", min=10, max=30, n=9)]
    )
    assert ids(selection, "b") == ["b0", "b1", "b2"]
    assert ids(selection, "w") == ["w0", "w1"]


def test_one_prompt_is_drawn_once_however_many_rows_make_it(tmp_path: Path) -> None:
    rows = [example(10, "a"), example(10, "b", input="qa"), example(10, "c")]
    selection = selected(tmp_path, rows, [Bucket(name="b", min=1, max=20, n=9)])
    assert sorted(ids(selection, "b")) == ["a", "c"]
    assert "1 of 3 rows make the same prompt as another row and were left out" in selection.warnings


def test_a_bucket_with_too_few_rows_takes_them_and_says_so(tmp_path: Path) -> None:
    rows = [example(10, str(index)) for index in range(4)]
    selection = selected(tmp_path, rows, [Bucket(name="4000-5000", min=1, max=20, n=20)])
    assert selection.warnings == ["bucket 4000-5000 has 4 rows of the 20 asked"]
    assert (len(selection.prompts), selection.drawn[0].available) == (4, 4)


def test_an_empty_bucket_is_an_error_that_shows_the_lengths(tmp_path: Path) -> None:
    rows = [example(10 + index % 3, str(index)) for index in range(30)] + [example(150, "long")]
    with pytest.raises(InputError) as error:
        selected(
            tmp_path, rows, [Bucket(name="b", min=1, max=20, n=1), Bucket(name="none", min=40, max=50, n=1)]
        )
    message = str(error.value)
    assert "no prompt fits none [40, 50). Tokens of the 31 formatted prompts" in message
    assert "   10 to  20      30 rows  ########" in message
    assert "  100 to 200       1 rows  #" in message


def test_the_histogram_counts_every_row_once() -> None:
    tokens = [1, 2, 9, 10, 499, 500, 501, 99_999, 100_000]
    bins = histogram(tokens, {1, 500, 1000})
    assert sum(each.rows for each in bins) == len(tokens)
    assert (bins[0].min, bins[-1].max) == (1, 200_000)
    assert all(low.max == high.min for low, high in pairwise(bins))
    assert [each.rows for each in bins if each.min == 500] == [2]
    assert histogram_text(histogram([], {1})) == "  (no rows)"


def test_a_question_that_the_template_leaves_out_is_told(tmp_path: Path) -> None:
    bucket = [Bucket(name="b", min=1, max=20, n=9)]
    without = selected(tmp_path, [example(10, "a")], bucket, template=Template("Sum up: {context}", "0"))
    assert without.warnings[-1].startswith("1 of 1 prompts have a question that the template leaves out")
    silent = selected(tmp_path, [example(10, "a"), example(9, "b", input="")], bucket)
    assert silent.warnings[-1].startswith("1 of 2 prompts have no question of their own")


def test_prompts_survive_their_file(tmp_path: Path) -> None:
    rows = [example(10, "a", all_classes=("x", "y"), answers=("x",)), example(11, "b", language="zh")]
    prompts = selected(tmp_path, rows, [Bucket(name="b", min=1, max=20, n=9)]).prompts
    write_prompts(prompts, tmp_path / "prompts.parquet")
    assert read_prompts(tmp_path / "prompts.parquet") == prompts
    first = (tmp_path / "prompts.parquet").read_bytes()
    write_prompts(prompts, tmp_path / "prompts.parquet")
    assert (tmp_path / "prompts.parquet").read_bytes() == first


def test_prompts_of_an_earlier_version_are_asked_as_they_were(tmp_path: Path) -> None:
    prompts = selected(tmp_path, [example(10, "a")], [Bucket(name="b", min=1, max=20, n=1)]).prompts
    path = tmp_path / "prompts.parquet"
    write_prompts(prompts, path)
    new = ["length", "max_tokens", "chat", "context_at", "context_chars", "tokens_left_out"]
    parquet.write_table(parquet.read_table(path).drop_columns(new), path)
    (found,) = read_prompts(path)
    assert (found.max_tokens, found.chat, found.tokens_left_out) == (None, True, 0)
    assert found.text == prompts[0].text


def test_what_is_no_prompts_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "prompts.parquet"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"prompts\.parquet: expected the prompts"):
        read_prompts(path)


def test_the_answer_key_has_one_line_for_each_prompt_sorted_by_hash(tmp_path: Path) -> None:
    rows = [example(10, str(index)) for index in range(9)]
    overlapping = [Bucket(name="a", min=1, max=20, n=9), Bucket(name="b", min=5, max=20, n=9)]
    selection = selected(tmp_path, rows, overlapping)
    hashes = [line.sha256 for line in selection.answer_key]
    assert hashes == sorted(set(hashes))
    assert set(hashes) == {text_sha256(prompt.text).hex() for prompt in selection.prompts}
    for line in selection.answer_key:
        assert len(line.right) == 1
        assert len(line.wrong) == 4
        assert not set(line.wrong) & set(line.right)


def test_wrong_answers_neither_contain_a_right_one_nor_are_contained_in_it() -> None:
    row = example(9, "a", answers=("the Danube", "Donau"))
    pool = {"mine": ["Danube", "blue THE DANUBE", "Rhine", "", "donau river", "Elbe", "Oder", "Po", "Inn"]}
    wrong = wrong_answers(row, pool)
    assert len(wrong) == 4
    assert set(wrong) <= {"Rhine", "Elbe", "Oder", "Po", "Inn"}
    assert wrong_answers(row, pool) == wrong


def test_wrong_answers_are_the_rows_own_or_other_classes_where_there_are_any() -> None:
    assert wrong_answers(example(9, "a", wrong=("x",)), {"mine": ["y"]}) == ("x",)
    classes = example(9, "a", answers=("Place",), all_classes=("Person", "Place", "Time"))
    assert set(wrong_answers(classes, {"mine": ["y"]})) == {"Person", "Time"}
    assert wrong_answers(example(9, "a"), {}) == ("The text does not say.",)


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(not (SHARED / "nq_multidoc.jsonl").exists(), reason="the shared data are not here")
def test_the_shipped_benchmark_on_real_passages_gets_every_prompt_that_it_asks_for(tmp_path: Path) -> None:
    shipped = yaml.safe_load((ROOT / "config/nq_multidoc.yaml").read_text("utf-8"))
    buckets = {bucket["name"]: bucket["n"] for bucket in shipped["buckets"]}
    dataset = {"kind": "jsonl", "path": str(SHARED / "nq_multidoc.jsonl")}
    done = fetched_and_bucketed(tmp_path, dataset, shipped["buckets"])
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "buckets.json").read_text(encoding="utf-8"))
    assert summary["warnings"] == []
    assert {bucket["name"]: bucket["n"] for bucket in summary["buckets"]} == buckets
    assert sum(buckets[name] for name in shipped["dataset_of_interest"]) >= 60
    assert shipped["load"]["requests"] >= max(buckets.values())


def fetched_and_bucketed(
    folder: Path, dataset: dict[str, Any], buckets: list[dict[str, Any]]
) -> subprocess.CompletedProcess[str]:
    tokenizer = {"kind": "tekken"}
    template = ROOT / "config/prompts/question_answering.txt"
    settings: dict[str, Any] = {"dataset": dataset, "seed": 3}
    fit: list[object] = []
    if dataset["kind"] == "synthetic":
        settings |= {"buckets": buckets, "tokenizer": tokenizer}
        fit = ["--template", template]
    fetch = run(
        "fetch.py",
        *("--settings", json.dumps(settings), *fit, "--log", folder / "logs/fetch.log"),
        *("--out-examples", folder / "data/examples.jsonl", "--out-source", folder / "data/source.json"),
    )
    assert fetch.returncode == 0, fetch.stderr
    return run(
        "bucket.py",
        *("--settings", json.dumps({"buckets": buckets, "tokenizer": tokenizer, "seed": 3})),
        *("--examples", folder / "data/examples.jsonl", "--template", template),
        *("--out-prompts", folder / "prompts.parquet", "--out-buckets", folder / "buckets.json"),
        *("--out-answer-key", folder / "key.jsonl", "--log", folder / "logs/bucket.log"),
    )


def test_the_command_lines_make_a_runs_files(tmp_path: Path) -> None:
    buckets = [{"name": "a", "min": 1, "max": 500, "n": 6}, {"name": "b", "min": 900, "max": 1000, "n": 5}]
    done = fetched_and_bucketed(tmp_path, {"kind": "synthetic"}, buckets)
    assert done.returncode == 0, done.stderr
    table = parquet.read_table(tmp_path / "prompts.parquet")
    assert table.column_names == [
        *(
            "prompt_id",
            "bucket",
            "position",
            "example_id",
            "dataset",
            "language",
            "source",
            "metric",
            "tokens",
        ),
        *("text", "question", "answers", "all_classes"),
        *("length", "max_tokens", "chat", "context_at", "context_chars", "tokens_left_out"),
    ]
    assert table["bucket"].to_pylist() == ["a"] * 6 + ["b"] * 5
    assert table["position"].to_pylist() == [*range(6), *range(5)]
    summary = json.loads((tmp_path / "buckets.json").read_text(encoding="utf-8"))
    assert summary["tokenizer"]["name"] == "tekken_240911"
    assert [(each["asked"], each["n"], each["available"]) for each in summary["buckets"]] == [
        (6, 6, 6),
        (5, 5, 5),
    ]
    assert summary["warnings"] == []
    key = [json.loads(line) for line in (tmp_path / "key.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["sha256"][:16] for line in key] == sorted(table["prompt_id"].to_pylist())


def test_a_raised_n_and_a_new_bucket_leave_a_synthetic_runs_prompts_in_place(tmp_path: Path) -> None:
    few = [{"name": "a", "min": 1, "max": 500, "n": 6}]
    more = [{"name": "new", "min": 300, "max": 700, "n": 3}, {"name": "a", "min": 1, "max": 500, "n": 9}]
    assert fetched_and_bucketed(tmp_path / "few", {"kind": "synthetic"}, few).returncode == 0
    assert fetched_and_bucketed(tmp_path / "more", {"kind": "synthetic"}, more).returncode == 0
    before = read_prompts(tmp_path / "few/prompts.parquet")
    after = [prompt for prompt in read_prompts(tmp_path / "more/prompts.parquet") if prompt.bucket == "a"]
    assert after[:6] == before


def test_an_empty_bucket_ends_the_stage_with_one_error_and_no_output(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"input": "Who?", "context": "Ada did.", "answers": "Ada"}\n', encoding="utf-8")
    buckets = [{"name": "big", "min": 900, "max": 1000, "n": 5}]
    done = fetched_and_bucketed(tmp_path, {"kind": "jsonl", "path": str(path)}, buckets)
    assert done.returncode == 1
    assert done.stderr.startswith("error: buckets: no prompt fits big [900, 1000)")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "prompts.parquet").exists()


@pytest.mark.skipif(not (SHARED / "nq_multidoc.jsonl").exists(), reason="the shared data are not here")
def test_real_passages_reach_every_bucket_of_fmbench(tmp_path: Path) -> None:
    edges = [1, 500, 1000, 2000, 3000, 4000, 5000, 6000]
    buckets = [{"name": f"{low}-{high}", "min": low, "max": high, "n": 12} for low, high in pairwise(edges)]
    done = fetched_and_bucketed(
        tmp_path, {"kind": "jsonl", "path": str(SHARED / "nq_multidoc.jsonl")}, buckets
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "buckets.json").read_text(encoding="utf-8"))
    assert all(each["n"] > 0 for each in summary["buckets"])
