"""Compacting a ledger changes no content, whatever it was like and wherever it is cut off; checking it says what it was like."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assay.errors import InputError
from assay.ledger.check import Checked, check, in_words
from assay.ledger.compact import Compacted, compact
from assay.ledger.ledger import Ledger, opened, part

NAME = "invoke.m.0a1b2c3d.c2.b0.jsonl"


def bought(path: Path, *keys: str, of: str | None = None) -> str:
    with opened(path, {"run": "r"}, of) as ledger:
        for key in keys:
            ledger.write_dispatched(key, {"try": 1, "tags": {}, "most": [10, 10]})
        for key in keys:
            ledger.write_outcome(key, {"try": 1, "last": True, "text": f"answer {key}"})
        ledger.write_note({"cell": keys[0], "seen": 1})
        return ledger.sitting


def a_ledger(folder: Path, damage: bool = True) -> Path:
    """A file of two sittings, one of which was killed, and two workers' files; damaged in three places."""
    path = folder / NAME
    bought(path, "a", "b", "c")
    with opened(path) as ledger:
        ledger.write_dispatched("d", {"try": 1, "tags": {}})
        ledger.write_reused("e", {"ask": "x", "text": "of another run", "from": "other"})
        job = ledger.sitting
    for number, keys in enumerate((["f", "g"], ["h"])):
        bought(part(path, number), *keys, of=job)
    with opened(path) as ledger:
        ledger.write_note({"given_up": []})
    if damage:
        lines = path.read_bytes().split(b"\n")
        lines[1] = lines[1][:5] + bytes([lines[1][5] ^ 8]) + lines[1][6:]
        lines[6] = b"?" * 30 + lines[6][30:]
        path.write_bytes(b"\n".join(lines))
        in_part = part(path, 0).read_bytes()
        part(path, 0).write_bytes(in_part + in_part[:40])
    return path


def held(path: Path) -> dict[str, Any]:
    with opened(path) as ledger:
        return content(ledger)


def content(ledger: Ledger) -> dict[str, Any]:
    busy = {each["sitting"] for lines in ledger.dispatched.values() for each in lines}
    return {
        "dispatched": ledger.dispatched,
        "outcomes": ledger.outcomes,
        "reused": ledger.reused,
        "sittings": {name: each for name, each in ledger.sittings.items() if name in busy},
        "notes": [note for note in ledger.notes if note.get("seen")],
    }


def compacted(folder: Path) -> Compacted:
    (done,) = compact(folder)
    return done


def checked(folder: Path) -> Checked:
    (found,) = check(folder)
    return found


def test_a_compacted_ledger_is_one_file_with_the_same_content(tmp_path: Path) -> None:
    path = a_ledger(tmp_path)
    before = held(path)
    sizes = sum(file.stat().st_size for file in tmp_path.glob("*.jsonl"))
    done = compacted(tmp_path)
    assert held(path) == before
    assert (done.before, done.after) == (sizes, path.stat().st_size)
    assert (done.merged, done.repaired, done.aside) == (2, 1, 2)
    assert done.dropped == 2, "the sitting that noted nothing, and its note"
    assert [file.name for file in tmp_path.glob("*.jsonl")] == [NAME]
    aside = path.with_suffix(".damaged").read_bytes()
    assert aside.startswith(b"?" * 30) and aside.count(b"\n") == 2
    now = checked(tmp_path)
    assert not now.lost and not now.repaired and now.set_aside == len(aside)
    assert "set aside" in in_words([now])

    content = path.read_bytes()
    again = compacted(tmp_path)
    assert (again.before, again.after, again.merged) == (len(content), len(content), 0)
    assert path.read_bytes() == content


def test_a_ledger_that_only_workers_wrote_is_compacted_too(tmp_path: Path) -> None:
    path = tmp_path / NAME
    bought(part(path, 0), "a", of="job")
    bought(part(path, 1), "b", of="job")
    before = held(path)
    assert compacted(tmp_path).merged == 2
    assert held(path) == before and list(before["outcomes"]) == ["a", "b"]


def test_nothing_is_compacted_while_a_job_or_a_worker_is_at_work(tmp_path: Path) -> None:
    path = a_ledger(tmp_path)
    bought(tmp_path / "invoke.a.0a1b2c3d.c2.b0.jsonl", "z")
    before = {file: file.read_bytes() for file in tmp_path.glob("*.jsonl")}
    for at_work in (path, part(path, 1)):
        with opened(at_work):
            with pytest.raises(InputError, match="a job is at work on it"):
                list(compact(tmp_path))
            assert [each.held for each in check(tmp_path)] == [False, True]
        assert {file: file.read_bytes() for file in tmp_path.glob("*.jsonl")} == before


DIES_AT_STEP = """
import os, sys
from pathlib import Path
from assay.ledger import compact

step = int(sys.argv[2])
def counted(call):
    def made(*given, **named):
        global step
        if step == 0:
            os._exit(9)
        step -= 1
        return call(*given, **named)
    return made

compact.os.fsync = counted(os.fsync)
Path.unlink, Path.replace, Path.open = map(counted, (Path.unlink, Path.replace, Path.open))
list(compact.compact(Path(sys.argv[1])))
"""


def test_a_compaction_that_dies_at_any_step_loses_nothing_and_the_next_one_ends_it(tmp_path: Path) -> None:
    whole = held(a_ledger(tmp_path / "whole"))
    steps = 0
    for steps in range(100):
        folder = tmp_path / str(steps)
        folder.mkdir()
        for file in (tmp_path / "whole").iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        died = subprocess.run([sys.executable, "-c", DIES_AT_STEP, folder, str(steps)], check=False)
        assert held(folder / NAME) == whole, f"died at step {steps}"
        if died.returncode == 0:
            break
        assert died.returncode == 9
        compacted(folder)
        assert held(folder / NAME) == whole
        assert (folder / NAME).with_suffix(".damaged").read_bytes().count(b"\n") == 2
        left = {file.name for file in folder.iterdir() if file.suffix != ".lock"}
        assert left == {NAME, "salt", NAME.replace(".jsonl", ".damaged")}
    assert steps > 8


def test_a_check_says_what_is_damaged_repaired_unanswered_and_bought_twice(tmp_path: Path) -> None:
    path = a_ledger(tmp_path)
    found = checked(tmp_path)
    assert (found.name, found.files, found.held) == (NAME, 3, False)
    assert found.bytes == sum(file.stat().st_size for file in tmp_path.glob("*.jsonl"))
    assert (found.damaged, found.repaired, found.unanswered, found.answered_twice) == (2, 1, 2, 0)
    assert found.lost
    assert "2 lines are damaged beyond repair" in in_words([found])

    compacted(tmp_path)
    bought(path, "a")
    found = checked(tmp_path)
    assert (found.damaged, found.answered_twice) == (0, 1) and found.lost

    assert "Nothing is lost." in in_words([])
    with pytest.raises(InputError, match="is no folder"):
        check(tmp_path / "nowhere")


def test_a_line_that_a_job_is_just_writing_is_no_damage(tmp_path: Path) -> None:
    path = a_ledger(tmp_path, damage=False)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert checked(tmp_path).damaged == 1
    with opened(path):
        assert checked(tmp_path).damaged == 0
