"""Datasets of the hub through the package `datasets`: the commit that is recorded is the one that was read."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub import COMMIT, Hub, run, serving

REPOSITORY = "someone/questions"
ROWS = [{"q": f"Who {n}?", "doc": "Ada did.", "gold": ["Ada"]} for n in range(3)]


@pytest.fixture
def hub() -> Iterator[Hub]:
    rows = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    listing = json.dumps(
        [{"type": "file", "path": "test.jsonl", "size": len(rows), "oid": "a" * 40}]
    ).encode()
    about = json.dumps({"id": REPOSITORY, "sha": COMMIT, "siblings": [{"rfilename": "test.jsonl"}]}).encode()
    api = f"/api/datasets/{REPOSITORY}"
    files = {
        **{f"{api}/revision/{name}": about for name in ("main", COMMIT)},
        **{f"{api}/tree/{COMMIT}{folder}": listing for folder in ("", "/data")},
        f"/datasets/{REPOSITORY}/resolve/{COMMIT}/test.jsonl": rows,
    }
    with serving(files) as made:
        yield made


def fetch(folder: Path, hub: Hub | None, **dataset: Any) -> subprocess.CompletedProcess[str]:
    columns = {"input": "q", "context": "doc", "answers": "gold"}
    settings = {"kind": "huggingface", "repo": REPOSITORY, "columns": columns, **dataset}
    outputs = ("--out-examples", folder / "examples.jsonl", "--out-source", folder / "source.json")
    return run("fetch.py", folder, hub, {"dataset": settings, "seed": 1}, *outputs)


def source(folder: Path) -> Any:
    return json.loads((folder / "source.json").read_text(encoding="utf-8"))


def test_a_branch_is_read_at_the_commit_that_is_recorded(tmp_path: Path, hub: Hub) -> None:
    done = fetch(tmp_path, hub)
    assert done.returncode == 0, done.stderr
    assert source(tmp_path)["revision"] == COMMIT
    assert source(tmp_path)["sets"] == {"questions": 3}
    assert ("GET", f"/datasets/{REPOSITORY}/resolve/{COMMIT}/test.jsonl") in hub.requests
    assert not [path for _, path in hub.requests if "/resolve/main/" in path]
    assert "HTTP" not in done.stderr  # the log is the run's, not the packages'


def test_streaming_reads_no_more_than_the_limit(tmp_path: Path, hub: Hub) -> None:
    done = fetch(tmp_path, hub, streaming=True, limit=2)
    assert done.returncode == 0, done.stderr
    assert (source(tmp_path)["rows"], source(tmp_path)["revision"]) == (2, COMMIT)


def test_a_commit_that_is_in_the_cache_needs_no_hub_and_another_one_is_not_taken_for_it(
    tmp_path: Path, hub: Hub
) -> None:
    assert fetch(tmp_path, hub).returncode == 0
    first = (tmp_path / "examples.jsonl").read_bytes()
    done = fetch(tmp_path, None, revision=COMMIT)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "examples.jsonl").read_bytes() == first
    for revision, said in (("f" * 40, f"the copy in the cache is of {COMMIT}"), ("main", "HF_HUB_OFFLINE")):
        done = fetch(tmp_path, None, revision=revision)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_what_the_hub_does_not_have_is_told_as_such(tmp_path: Path, hub: Hub) -> None:
    for changes, said in (
        ({"repo": "someone/else"}, "someone/else at revision main: the hub has no such dataset"),
        ({"revision": "v9"}, f"{REPOSITORY} at revision v9: the hub has no such revision"),
        ({"split": "dev"}, "`dataset.split` dev"),
        ({"columns": {"input": "question"}}, "there is no column 'question', found 'q', 'doc', 'gold'"),
    ):
        done = fetch(tmp_path, hub, **changes)
        assert done.returncode == 1, changes
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_hub_that_does_not_answer_is_told_as_such(tmp_path: Path) -> None:
    nowhere = Hub({}, url="http://127.0.0.1:9")
    done = fetch(tmp_path, nowhere)
    assert done.returncode == 1
    assert "the hub did not answer" in done.stderr
    assert "dataset: {kind: huggingface, path: ...}" in done.stderr
    assert "Traceback" not in done.stderr
