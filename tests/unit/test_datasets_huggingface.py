"""Local files through the package `datasets`: every format, columns by name, and errors that say what there was."""

import gzip
import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.huggingface import huggingface_examples
from assay.datasets.settings import HuggingFace
from assay.errors import InputError

ROOT = Path(__file__).parents[2]
COLUMNS = {"input": "q", "context": "doc", "answers": "gold"}
ROWS: list[dict[str, Any]] = [
    {"q": "Who?", "doc": "Ada did.", "gold": "Ada", "topic": "people"},
    {"q": "When?", "doc": "In 1843.", "gold": "1843", "topic": "years"},
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)


def read(path: Path, **keys: Any) -> tuple[list[Example], Source]:
    settings = HuggingFace.model_validate({"kind": "huggingface", "path": path, "columns": COLUMNS, **keys})
    examples, source = huggingface_examples(settings)
    return list(examples), source


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def table(separator: str) -> str:
    return "".join(
        separator.join(row) + "\n" for row in [list(ROWS[0]), *(list(row.values()) for row in ROWS)]
    )


@pytest.mark.parametrize("name", ["q.parquet", "q.csv", "q.tsv", "q.jsonl", "q.json", "q.jsonl.gz"])
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "q.parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif name == "q.jsonl.gz":
        path.write_bytes(gzip.compress(lines(*ROWS).encode()))
    else:
        path.write_text(
            {"q.csv": table(","), "q.tsv": table("\t"), "q.json": json.dumps(ROWS)}.get(name, lines(*ROWS))
        )
    examples, source = read(path)
    assert [(one.dataset, one.input, one.context, one.answers) for one in examples] == [
        ("q", "Who?", "Ada did.", ("Ada",)),
        ("q", "When?", "In 1843.", ("1843",)),
    ]
    assert source.files == {name: source.sha256}
    assert (source.kind, source.revision) == ("huggingface", None)


def test_a_folder_gives_the_split_that_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, row in zip(("train", "test"), ROWS, strict=True):
        (folder / f"{name}.jsonl").write_text(lines(row))
    assert [one.input for one in read(folder)[0]] == ["When?"]
    examples, source = read(folder, split="train")
    assert [one.input for one in examples] == ["Who?"]
    assert set(source.files) == {"train.jsonl", "test.jsonl"}
    with pytest.raises(InputError, match=r"mine: can't be loaded .*`dataset\.split` dev: .*train"):
        read(folder, split="dev")
    with pytest.raises(InputError, match=r"`dataset\.config` x.*not found"):
        read(folder, config="x")


def test_columns_reach_inside_of_structures_and_metrics_go_by_set(tmp_path: Path) -> None:
    row = {"q": "How many?", "doc": "Three.", "gold": {"text": ["3"], "start": [0]}, "topic": "numbers"}
    path = tmp_path / "q.parquet"
    pq.write_table(pa.Table.from_pylist([row, {**row, "topic": "words"}]), path)
    columns = {**COLUMNS, "answers": "gold.text", "dataset": "topic"}
    examples, _ = read(path, columns=columns, metric="exact_match", metrics={"numbers": {"kind": "numeric"}})
    assert [(one.dataset, one.answers, one.metric) for one in examples] == [
        ("numbers", ("3",), "numeric"),
        ("words", ("3",), "exact_match"),
    ]


@pytest.mark.parametrize("streaming", [False, True])
def test_what_a_csv_file_says_is_taken_as_it_is_written(tmp_path: Path, streaming: bool) -> None:
    gold = ["007", "8.50", "NA", "True", "9" * 30]
    rows = "".join(f"Which {number}?,,{answer}\n" for number, answer in enumerate(gold))
    (tmp_path / "q.csv").write_text("q,doc,gold\n" + rows)
    examples, _ = read(tmp_path / "q.csv", streaming=streaming, limit=9)
    assert [example.answers for example in examples] == [(answer,) for answer in gold]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/test.csv").write_text("q,doc,gold\n" + rows)
    assert [example.answers[0] for example in read(tmp_path / "folder")[0]] == gold


def test_values_of_typed_columns_come_as_text(tmp_path: Path) -> None:
    kind = datasets.ClassLabel(names=["World", "Sports"])
    features = datasets.Features(
        {"q": datasets.Value("string"), "doc": datasets.Value("string"), "gold": kind, "topic": [kind]}
    )
    rows = {"q": ["a", "b"], "doc": ["", ""], "gold": [1, 0], "topic": [[0, 1], [1]]}
    datasets.Dataset.from_dict(rows, features).to_parquet(tmp_path / "classes.parquet")
    assert [each.answers for each in read(tmp_path / "classes.parquet")[0]] == [("Sports",), ("World",)]
    of_list = {**COLUMNS, "answers": "topic"}
    found, _ = read(tmp_path / "classes.parquet", columns=of_list)
    assert [each.answers for each in found] == [("World", "Sports"), ("Sports",)]
    for name, gold, answer in (
        ("floats", pa.array([7.0, None, 8.5]), "7"),
        ("dates", pa.array([date(2020, 1, 2)] * 3), "2020-01-02"),
        ("decimals", pa.array([Decimal("1.50")] * 3), "1.50"),
        ("objects", pa.array([[{"text": "x"}]] * 3), "x"),
    ):
        pq.write_table(
            pa.table({"q": ["a", "b", "c"], "doc": [""] * 3, "gold": gold}), tmp_path / "q.parquet"
        )
        key = "gold.text" if name == "objects" else "gold"
        one, _ = read(tmp_path / "q.parquet", columns={**COLUMNS, "answers": key}, limit=1)
        assert [each.answers for each in one] == [(answer,)], name


def test_what_is_lost_of_a_value_is_said(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(lines({**ROWS[0], "gold": 10**30 + 1, "other": 10**30}))
    with pytest.raises(
        InputError, match=r"q\.jsonl.*row 1, key 'gold': found a number that is too long .* quotes"
    ):
        read(tmp_path / "q.jsonl")
    pq.write_table(pa.table({"q": ["a"], "doc": ["b"], "gold": [float("nan")]}), tmp_path / "q.parquet")
    with pytest.raises(InputError, match=r"row 1, key 'gold': found null"):
        read(tmp_path / "q.parquet")


def test_a_limit_with_streaming_reads_the_first_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(lines(*ROWS))
    assert [one.input for one in read(path, streaming=True, limit=1)[0]] == ["Who?"]
    assert [one.input for one in read(path, limit=1)[0]] == ["Who?"]


@pytest.mark.parametrize("streaming", [False, True])
def test_a_missing_column_is_named_with_those_that_there_are(tmp_path: Path, streaming: bool) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(lines(*ROWS))
    with pytest.raises(
        InputError, match=r"'golden'.*'q', 'doc', 'gold', 'topic'.*`dataset\.columns\.answers`"
    ):
        read(path, columns={**COLUMNS, "answers": "golden"}, streaming=streaming, limit=9)


def test_a_bad_row_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(lines(ROWS[0], {**ROWS[1], "gold": None}))
    with pytest.raises(InputError, match=r"q\.jsonl, split test, row 2, key 'gold': found null"):
        read(path)


def test_what_is_no_dataset_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "q.txt").write_text("text")
    with pytest.raises(InputError, match=r"q\.txt: found a file that is no dataset by its ending.*\.parquet"):
        read(tmp_path / "q.txt")
    (tmp_path / "q.parquet").write_text("no parquet")
    with pytest.raises(InputError, match=r"q\.parquet: can't be loaded"):
        read(tmp_path / "q.parquet")
    (tmp_path / "latin.csv").write_bytes("q,doc,gold\ncaf\u00e9,b,c\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.csv: can't be loaded .* Save the file as UTF-8"):
        read(tmp_path / "latin.csv")
    with pytest.raises(InputError, match=r"none\.csv: the dataset can't be read .*`dataset\.path`"):
        read(tmp_path / "none.csv")


def test_the_package_is_loaded_for_such_a_dataset_alone() -> None:
    program = "import sys; import assay.datasets.gather, assay.config.benchmark; sys.exit('datasets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
