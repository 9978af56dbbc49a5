"""The file of labels while somebody labels: on disk before it counts, whole at any moment, and others' work untouched."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import InputError
from assay.labels.labels import read_labels
from assay.labels.store import Closed, Conflict, opened

PROJECT = Path(__file__).resolve().parents[2]
ITEMS = tuple(f"a-{number + 9:016x}" for number in range(1, 6))
A, B, C, *_ = ITEMS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels" / "labels.csv"


def given(path: Path) -> dict[tuple[str, str], float | None]:
    """What anybody else reads in the file."""
    return {(label.item, label.labeler): label.value for label in read_labels(path)}


def test_a_label_is_in_the_file_once_it_is_given(path: Path) -> None:
    with opened(path, "correctness", ITEMS) as store:
        assert store.labels() == {}
        for item, label, value in ((A, "correct", 1.0), (B, "incorrect", 0.0), (C, "skip", None)):
            store.give(item, label, None)
            assert given(path)[item, ""] == value
    with opened(path, "correctness", ITEMS) as store:
        assert store.labels() == {A: "correct", B: "incorrect", C: "skip"}


def test_it_is_forced_to_disk_before_it_takes_the_old_files_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("fsync"), fsync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (done.append("replace"), replace(self, to))[1])
    with opened(path, "correctness", ITEMS) as store:
        store.give(A, "correct", None)
    assert done == ["fsync", "replace", "fsync"]


def test_a_changed_label_replaces_the_one_before(path: Path) -> None:
    with opened(path, "correctness", ITEMS) as store:
        store.give(A, "correct", None)
        store.give(B, "correct", None)
        store.give(A, "incorrect", "correct")
        assert list(store.labels().items()) == [(A, "incorrect"), (B, "correct")]
    assert given(path) == {(A, ""): 0.0, (B, ""): 1.0}


def test_a_label_in_a_spreadsheets_writing_is_replaced_too(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(f"\r\nitem;label\r\n{A.upper()};1,0\r\n", "utf-8")
    with opened(path, "correctness", ITEMS) as store:
        store.give(A, "incorrect", "correct")
    assert given(path) == {(A, ""): 0.0}


def test_the_same_label_twice_changes_nothing(path: Path) -> None:
    with opened(path, "correctness", ITEMS) as store:
        store.give(A, "correct", None)
        before, stamp = store.changes, path.stat()
        store.give(A, "correct", None)
        assert (store.changes, path.stat().st_ino, path.stat().st_mtime_ns) == (
            before,
            stamp.st_ino,
            stamp.st_mtime_ns,
        )


def test_who_didnt_see_the_label_that_stands_there_doesnt_replace_it(path: Path) -> None:
    with opened(path, "correctness", ITEMS) as store:
        store.give(A, "correct", None)
        with pytest.raises(Conflict) as conflict:
            store.give(A, "incorrect", None)
        assert conflict.value.label == "correct"
        with pytest.raises(Conflict):
            store.give(B, "incorrect", "correct")
    assert given(path) == {(A, ""): 1.0}


def test_what_others_wrote_stays_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(
        f'Reviewed;Label;item;labeler;note\r\nno;Correct;{A};ada;"a; b"\r\nno;?;{B};;it\r\n'.encode()
    )
    with opened(path, "correctness", ITEMS, "ben") as store:
        assert store.labels() == {}
        store.give(A, "incorrect", None)
    with opened(path, "correctness", ITEMS) as store:
        assert store.labels() == {B: "skip"}
        store.give(B, "correct", "skip")
    assert path.read_text("utf-8-sig").splitlines() == [
        "Reviewed;Label;item;labeler;note",
        f'no;Correct;{A};ada;"a; b"',
        f"no;correct;{B};;it",
        f";incorrect;{A};ben;",
    ]


def test_what_is_changed_in_the_file_meanwhile_is_seen(path: Path) -> None:
    with opened(path, "correctness", ITEMS) as store:
        store.give(A, "correct", None)
        before = store.changes
        path.write_text(f"item,label\n{A},0\n{B},1\n", "utf-8")
        assert store.labels() == {A: "incorrect", B: "correct"}
        assert store.changes == before + 1
        path.write_text("item,label\nnonsense,0\n", "utf-8")
        with pytest.raises(InputError, match="line 2, column item"):
            store.give(C, "correct", None)
        assert "nonsense" in path.read_text("utf-8")
        path.unlink()
        assert store.labels() == {}


def test_where_it_cant_be_saved_the_file_is_as_it_was(path: Path) -> None:
    with opened(path, "correctness", ITEMS) as store:
        store.give(A, "correct", None)
        before = path.read_bytes()
        in_the_way = path.with_name(f".labels.csv.{os.getpid()}")
        in_the_way.mkdir()
        with pytest.raises(OSError):
            store.give(B, "correct", None)
        in_the_way.rmdir()
        assert path.read_bytes() == before
        assert store.labels() == {A: "correct"}
        store.give(B, "correct", None)
    assert given(path) == {(A, ""): 1.0, (B, ""): 1.0}


def test_a_full_disk_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(path, "correctness", ITEMS) as store:
        store.give(A, "correct", None)

        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
            patched.setattr(os, "fsync", full)
            store.give(B, "correct", None)
        assert store.labels() == {A: "correct"}
        assert sorted(file.name for file in path.parent.iterdir()) == [".labels.csv.lock", "labels.csv"]


def test_after_a_kill_at_any_moment_all_given_labels_are_there(path: Path) -> None:
    """The process says which label it has given, and is killed while it gives the next ones as fast as it can."""
    code = f"""
import itertools
from pathlib import Path
from assay.labels.store import opened
with opened(Path({str(path)!r}), "correctness", {ITEMS!r}) as store:
    before = None
    for turn in itertools.count():
        label = ("correct", "incorrect")[turn % 2]
        for item in {ITEMS!r}:
            store.give(item, label, before)
        before = label
        print(turn, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = [int(process.stdout.readline()) for _ in range(5)][-1]
    process.send_signal(signal.SIGKILL)
    rest = process.communicate(timeout=30)[0].split()
    last = int(rest[-1]) if rest else last
    values = list(given(path).values())
    was, turned = (1.0, 0.0) if last % 2 == 0 else (0.0, 1.0)
    # What was being given when it was killed may be there or not, in order; what was given before is.
    changed = values.count(turned)
    assert values == [turned] * changed + [was] * (len(ITEMS) - changed)


def test_one_process_at_a_time_labels_into_a_file(path: Path) -> None:
    with opened(path, "correctness", ITEMS):
        second = opened(path, "correctness", ITEMS)
        with pytest.raises(InputError, match="another process is labelling"):
            second.__enter__()
    with opened(path, "correctness", ITEMS):
        pass


def test_a_link_stays_and_what_it_leads_to_is_written(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    (tmp_path / "shared.csv").write_text(f"item,label\n{A},1\n", "utf-8")
    (tmp_path / "shared.csv").chmod(0o640)
    path.symlink_to(tmp_path / "shared.csv")
    with opened(path, "correctness", ITEMS) as store:
        store.give(B, "correct", None)
    assert path.is_symlink()
    assert given(tmp_path / "shared.csv") == {(A, ""): 1.0, (B, ""): 1.0}
    assert (tmp_path / "shared.csv").stat().st_mode & 0o777 == 0o640


def test_only_labels_of_the_sample_are_taken_and_none_after_the_end(path: Path) -> None:
    with opened(path, "correctness", ITEMS) as store:
        with pytest.raises(KeyError):
            store.give("a-ffffffffffffffff", "correct", None)
        with pytest.raises(ValueError, match="5"):
            store.give(A, "5", None)
    with pytest.raises(Closed):
        store.give(A, "correct", None)
    assert not path.exists()


def test_labels_of_an_earlier_sample_stay_in_the_file_and_out_of_sight(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("item,label\na-ffffffffffffffff,1\n", "utf-8")
    with opened(path, "correctness", ITEMS) as store:
        assert store.labels() == {}
        store.give(A, "correct", None)
    assert set(given(path)) == {("a-ffffffffffffffff", ""), (A, "")}


def test_ratings_are_kept_as_ratings(path: Path) -> None:
    with opened(path, "scale", ITEMS) as store:
        for item, rating in zip(ITEMS, "12345", strict=True):
            store.give(item, rating, None)
    with opened(path, "scale", ITEMS) as store:
        assert list(store.labels().values()) == list("12345")
    assert [label.value for label in read_labels(path, "scale")] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_a_labelers_name_is_no_formula(path: Path) -> None:
    for _ in range(2):
        with opened(path, "correctness", ITEMS, "=cmd|' /c calc'!A1") as store:
            store.give(A, "correct", store.labels().get(A))
    assert [label.labeler for label in read_labels(path)] == ["=cmd|' /c calc'!A1"]
    assert ",'=cmd" in path.read_text("utf-8")
