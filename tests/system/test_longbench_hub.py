"""LongBench and tokenizers from the hub: what is asked of it, what is kept, and what is said without it.

A small server stands in for the hub (`hub`). The stage runs as a process of its own, since the hub's client reads its
environment once.
"""

import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import COMMIT, Hub, run, serving

ROOT = Path(__file__).parents[2]
ROW = {"input": "Who?", "context": "Ada did.", "answers": ["Ada"], "length": 2, "dataset": "hotpotqa"}


def archive() -> bytes:
    """The same bytes at every call: an entry that is named by text would carry the time of day."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in ("hotpotqa", "dureader"):
            row = {**ROW, "dataset": name, "language": "en", "all_classes": None, "_id": name}
            file.writestr(zipfile.ZipInfo(f"data/{name}.jsonl"), json.dumps(row) + "\n")
    return made.getvalue()


def fetch(folder: Path, hub: Hub | None, revision: str = "main") -> subprocess.CompletedProcess[str]:
    dataset = {"kind": "longbench", "sets": ["hotpotqa", "dureader"], "revision": revision}
    outputs = ("--out-examples", folder / "examples.jsonl", "--out-source", folder / "source.json")
    return run("fetch.py", folder, hub, {"dataset": dataset, "seed": 1}, *outputs)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving({"/datasets/THUDM/LongBench/resolve/main/data.zip": archive()}) as made:
        yield made


def test_the_archive_is_fetched_at_its_revision_and_commit_and_hash_are_recorded(
    tmp_path: Path, hub: Hub
) -> None:
    done = fetch(tmp_path, hub)
    assert done.returncode == 0, done.stderr
    source = json.loads((tmp_path / "source.json").read_text(encoding="utf-8"))
    assert source["revision"] == COMMIT
    assert source["sha256"] == hashlib.sha256(archive()).hexdigest()
    assert source["sets"] == {"hotpotqa": 1, "dureader": 1}
    assert ("GET", "/datasets/THUDM/LongBench/resolve/main/data.zip") in hub.requests


def test_a_second_run_fetches_nothing_again_and_a_third_needs_no_hub(tmp_path: Path, hub: Hub) -> None:
    path = "/datasets/THUDM/LongBench/resolve/main/data.zip"
    assert fetch(tmp_path, hub).returncode == 0
    first = (tmp_path / "examples.jsonl").read_bytes()
    assert fetch(tmp_path, hub).returncode == 0
    assert hub.requests.count(("GET", path)) == 1
    done = fetch(tmp_path, None)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "examples.jsonl").read_bytes() == first
    assert json.loads((tmp_path / "source.json").read_text(encoding="utf-8"))["revision"] == COMMIT


def test_without_hub_and_cache_the_error_says_how_to_hand_in_a_file(tmp_path: Path) -> None:
    done = fetch(tmp_path, None)
    assert done.returncode == 1
    assert done.stderr.count("error:") == 1
    assert "data.zip of THUDM/LongBench at revision main" in done.stderr
    assert "dataset: {kind: longbench, path: ...}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "examples.jsonl").exists()


def test_an_unknown_revision_is_told_as_such(tmp_path: Path, hub: Hub) -> None:
    done = fetch(tmp_path, hub, revision="v9")
    assert done.returncode == 1
    assert "data.zip of THUDM/LongBench at revision v9: the hub has no such revision" in done.stderr


def bucketed(folder: Path, hub: Hub | None) -> subprocess.CompletedProcess[str]:
    example = {key: ROW[key] for key in ("input", "context", "answers", "dataset")}
    example |= {"id": "1", "language": "en", "all_classes": None, "source": "1", "metric": "qa_f1"}
    example |= {"wrong": [], "place": None}
    (folder / "examples.jsonl").write_text(json.dumps(example) + "\n", encoding="utf-8")
    settings = {
        "buckets": [{"name": "all", "min": 1, "max": 900, "n": 1}],
        "tokenizer": {"kind": "hub", "name": "someone/words"},
        "seed": 1,
    }
    return run(
        "bucket.py",
        folder,
        hub,
        settings,
        *("--examples", folder / "examples.jsonl"),
        *("--template", ROOT / "config/prompts/question_answering.txt"),
        *("--out-prompts", folder / "prompts.parquet", "--out-buckets", folder / "buckets.json"),
        *("--out-answer-key", folder / "key.jsonl"),
    )


def test_a_tokenizer_from_the_hub_counts_and_its_commit_is_recorded(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    raw = tokenizer.to_str().encode()
    with serving({"/someone/words/resolve/main/tokenizer.json": raw}) as hub:
        done = bucketed(tmp_path, hub)
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "buckets.json").read_text(encoding="utf-8"))
    assert summary["tokenizer"] == {
        "name": "someone/words",
        "revision": COMMIT,
        "sha256": hashlib.sha256(raw).hexdigest(),
    }


def test_a_tokenizer_that_the_hub_does_not_have_is_told_as_such(tmp_path: Path, hub: Hub) -> None:
    done = bucketed(tmp_path, hub)
    assert done.returncode == 1
    assert "tokenizer.json of someone/words at revision main: the hub has no such repository" in done.stderr
    assert "tokenizer: {kind: file, path: ...}" in done.stderr


def questions() -> bytes:
    row = {
        "_id": "a1",
        "domain": "d",
        "sub_domain": "s",
        "difficulty": "hard",
        "length": "long",
        "question": "Who?",
    }
    row |= {f"choice_{letter}": letter for letter in "ABCD"} | {"answer": "C", "context": "Ada did."}
    return json.dumps([row]).encode()


def test_longbench_v2_is_fetched_at_its_pinned_commit(tmp_path: Path) -> None:
    pinned = "2b48e494f2c7a2f0af81aae178e05c7e1dde0fe9"
    with serving({f"/datasets/THUDM/LongBench-v2/resolve/{pinned}/data.json": questions()}) as hub:
        settings = {"dataset": {"kind": "longbench-v2"}, "seed": 1}
        outputs = ("--out-examples", tmp_path / "examples.jsonl", "--out-source", tmp_path / "source.json")
        done = run("fetch.py", tmp_path, hub, settings, *outputs)
    assert done.returncode == 0, done.stderr
    source = json.loads((tmp_path / "source.json").read_text(encoding="utf-8"))
    assert source["revision"] == COMMIT
    assert source["sha256"] == hashlib.sha256(questions()).hexdigest()
    assert source["sets"] == {"longbench_v2_hard_long": 1}
