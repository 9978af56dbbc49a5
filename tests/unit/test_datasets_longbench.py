"""LongBench from a local copy: every layout it comes in, and errors that say what there was."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.longbench import longbench_examples
from assay.datasets.settings import LongBench
from assay.errors import InputError


def line(name: str, index: int, **changes: Any) -> str:
    row = {
        "input": f"Question {index}?",
        "context": f"Passage of {name} number {index}.",
        "answers": [f"answer {index}"],
        "length": 5,
        "dataset": name,
        "language": "en",
        "all_classes": None,
        "_id": f"{name}{index:04}",
    }
    return json.dumps({**row, **changes}, ensure_ascii=False) + "\n"


FILES = {
    "hotpotqa": line("hotpotqa", 0) + line("hotpotqa", 1),
    # LongBench-E names its rows after the set it extends.
    "hotpotqa_e": line("hotpotqa", 2),
    "gov_report": line("gov_report", 0, input=""),
    "trec": line("trec", 0, all_classes=["Person", "Place"], answers=["Place"]),
    "dureader": line("dureader", 0, language="zh", context="一段文字。"),
    "lcc": line("lcc", 0, language="python", input=""),
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, text in FILES.items():
            file.writestr(f"data/{name}.jsonl", text)
    return path


def read(path: Path, **settings: Any) -> tuple[list[Example], Source]:
    examples, source = longbench_examples(
        LongBench.model_validate({"kind": "longbench", "path": path, "sets": list(FILES), **settings})
    )
    return list(examples), source


def test_rows_come_from_the_archive_with_the_metric_of_their_set(archive: Path) -> None:
    examples, source = read(archive)
    assert {(example.dataset, example.metric) for example in examples} == {
        ("hotpotqa", "qa_f1"),
        ("hotpotqa_e", "qa_f1"),
        ("gov_report", "rouge_l"),
        ("trec", "classification"),
        ("dureader", "rouge_l_zh"),
        ("lcc", "code_similarity"),
    }
    assert len(examples) == 7
    assert source.files == {"data.zip": source.sha256}


@pytest.mark.parametrize("inner", ["data", ""])
def test_a_folder_gives_the_same_rows_as_the_archive(archive: Path, tmp_path: Path, inner: str) -> None:
    folder = tmp_path / "unpacked"
    (folder / inner).mkdir(parents=True)
    for name, text in FILES.items():
        (folder / inner / f"{name}.jsonl").write_text(text, encoding="utf-8")
    examples, source = read(folder)
    assert examples == read(archive)[0]
    assert set(source.files) == {f"{name}.jsonl" for name in FILES}


def test_an_archive_without_folder_is_read_too(archive: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat.zip"
    with zipfile.ZipFile(flat, "w") as file:
        for name, text in FILES.items():
            file.writestr(f"{name}.jsonl", text)
    assert read(flat)[0] == read(archive)[0]


def test_the_hash_changes_with_the_data(archive: Path) -> None:
    before = read(archive)[1].sha256
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("data/qasper.jsonl", line("qasper", 0))
    assert read(archive)[1].sha256 != before


def test_languages_filter_rows(archive: Path) -> None:
    assert {example.dataset for example in read(archive, languages=["zh"])[0]} == {"dureader"}


def test_by_default_the_21_sets_are_read(archive: Path) -> None:
    with pytest.raises(InputError, match=r"found no file for narrativeqa, .*; there is .*hotpotqa"):
        read(archive, sets=None)


def test_a_bad_row_is_an_error_that_names_archive_file_and_line(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("data/qasper.jsonl", line("qasper", 0) + "{}\n")
    with pytest.raises(InputError, match=r"data\.zip, qasper\.jsonl, line 2: the key 'input' is missing"):
        read(archive, sets=["qasper"])


def test_what_is_no_archive_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(InputError, match=r"data\.zip: expected the archive data\.zip of LongBench"):
        read(path)
    with pytest.raises(InputError, match=r"none\.zip: can't be read"):
        read(tmp_path / "none.zip")


def test_a_damaged_archive_is_an_error(archive: Path) -> None:
    raw = bytearray(archive.read_bytes())
    place = raw.index(b"Passage of hotpotqa number 1")
    raw[place] ^= 1
    archive.write_bytes(raw)
    with pytest.raises(InputError, match=r"hotpotqa\.jsonl is damaged"):
        read(archive, sets=["hotpotqa"])
