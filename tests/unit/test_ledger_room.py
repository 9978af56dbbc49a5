"""Room on the disk is taken before a request leaves, so that what was paid for can always be written."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from assay.ledger import room
from assay.ledger.ledger import Ledger, opened
from assay.ledger.room import NoRoom, outcome_bytes

LONG = {"try": 1, "last": True, "text": "x" * 4000}


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """As `ulimit -f` has it: writes past it fail, for this process only."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def send(ledger: Ledger, number: int, most: int = 1000) -> None:
    ledger.write_dispatched(f"k{number}", {"try": 1, "tags": {}, "most": [10, most]})


def send_until_full(ledger: Ledger) -> int:
    for number in range(10_000):
        try:
            send(ledger, number)
        except NoRoom:
            return number
    raise AssertionError("never full")


def test_the_outcomes_of_all_that_is_in_flight_can_be_written_when_the_file_is_full(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with opened(path) as ledger, files_at_most(400_000):
        count = send_until_full(ledger)
        assert count > 5
        assert isinstance(ledger.full, NoRoom)
        for number in range(count):
            ledger.write_outcome(f"k{number}", LONG)
        assert path.stat().st_size < 400_000
        with pytest.raises(
            NoRoom, match=r"a\.jsonl: the ledger can't be written .*Free some space and run again"
        ):
            send(ledger, count)
    with opened(path) as ledger:
        assert list(ledger.dispatched) == list(ledger.outcomes) == [f"k{number}" for number in range(count)]
        assert ledger.dropped_lines == 0
        send(ledger, count)


def test_more_output_tokens_take_more_room(tmp_path: Path) -> None:
    counts = []
    for most in (100, 10_000):
        with opened(tmp_path / f"{most}.jsonl") as ledger, files_at_most(1 << 20):
            with pytest.raises(NoRoom):
                for number in range(10_000):
                    send(ledger, number, most)
            counts.append(len(ledger.dispatched))
    assert counts[0] > 5 * counts[1]
    assert outcome_bytes(None) > outcome_bytes(100)


def test_an_answer_that_cannot_be_written_is_tried_again_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with opened(path) as ledger:
        send(ledger, 1)
        with files_at_most(path.stat().st_size + 100):
            ledger.write_outcome("k1", LONG)
            assert isinstance(ledger.full, NoRoom)
            with pytest.raises(NoRoom):
                send(ledger, 2)
            ledger.write_note({"seen": 1})
        assert path.read_bytes().endswith(b"\n"), "half of a line is taken back"
    with opened(path) as ledger:
        assert ledger.outcomes["k1"][0]["text"] == LONG["text"]
        assert [note["seen"] for note in ledger.notes] == [1]
        assert ledger.dropped_lines == 0 and "k2" not in ledger.dispatched


def test_an_answer_that_cannot_be_written_at_the_end_either_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    limits = ExitStack()
    with (
        limits,
        pytest.raises(NoRoom, match="1 answers that came could not be written"),
        opened(path) as ledger,
    ):
        send(ledger, 1)
        limits.enter_context(files_at_most(path.stat().st_size + 100))
        ledger.write_outcome("k1", LONG)
    with opened(path) as ledger:
        assert "k1" in ledger.dispatched and not ledger.outcomes and ledger.dropped_lines == 0


def test_room_that_was_not_needed_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with opened(path) as ledger:
        send(ledger, 1)
        taken = path.stat().st_blocks * 512
        ledger.write_outcome("k1", LONG)
    assert path.stat().st_blocks * 512 < path.stat().st_size + 65536
    if room._fallocate() is not None and taken <= 65536:
        pytest.skip("this file system allocates no blocks ahead")


def test_a_request_costs_no_call_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(room, "_fallocate", lambda: lambda *given: calls.append(given))
    with opened(tmp_path / "a.jsonl") as ledger:
        for number in range(100):
            send(ledger, number, 300)
            ledger.write_outcome(f"k{number}", {"try": 1, "last": True})
    assert len(calls) == 1


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOSYS, None])
def test_where_nothing_can_be_allocated_a_ballast_is_held_and_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int | None
) -> None:
    def cannot(*_: int) -> None:
        assert number is not None
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(room, "_fallocate", lambda: None if number is None else cannot)
    path, ballast = tmp_path / "a.jsonl", tmp_path / "a.ballast"
    full = False
    write = os.write

    def limited(descriptor: int, data: bytes) -> int:
        if full and ballast.exists() and Path(f"/proc/self/fd/{descriptor}").readlink() == path:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", limited)
    with opened(path) as ledger:
        send(ledger, 1)
        send(ledger, 2)
        assert ballast.stat().st_blocks * 512 >= 2 * outcome_bytes(1000)
        full = True
        with pytest.raises(NoRoom):
            send(ledger, 3)
        assert ballast.exists(), "what is in flight needs it"
        ledger.write_outcome("k1", LONG)
        assert not ballast.exists()
        ledger.write_outcome("k2", LONG)
        full = False
    with opened(path) as ledger:
        assert list(ledger.outcomes) == ["k1", "k2"]
        send(ledger, 3)
        assert ballast.exists()
        ledger.write_outcome("k3", LONG)
    assert not ballast.exists()


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file")
    with (
        pytest.raises(NoRoom, match="ledger: the folder of the ledger can't be written"),
        opened(tmp_path / "ledger" / "a.jsonl"),
    ):
        pass
