"""The ledger: what was written is read again, what is damaged is left out and said, and one job at a time writes."""

import logging
import random
import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import InputError
from assay.ledger.files import file_name
from assay.ledger.keys import ask_key, attempt_key
from assay.ledger.ledger import opened


def written(path: Path, count: int = 3) -> None:
    with opened(path) as ledger:
        for number in range(count):
            ledger.write_dispatched(f"k{number}", {"try": 1, "tags": {"role": "measured"}})
            ledger.write_outcome(f"k{number}", {"try": 1, "last": True, "text": f'"{{é\u2028{number}'})


def test_what_was_written_is_read_again_in_order_with_its_sitting(tmp_path: Path) -> None:
    path = tmp_path / "l" / "a.jsonl"
    written(path)
    written(path, 1)
    with opened(path) as ledger:
        assert list(ledger.outcomes) == ["k0", "k1", "k2"]
        first, second = ledger.outcomes["k0"]
        assert first["text"] == '"{é\u20280'
        assert first["sitting"] != second["sitting"]
        assert set(ledger.sittings) == {first["sitting"], second["sitting"]}
        assert ledger.sitting not in ledger.sittings, "a sitting that sends nothing leaves no line"


def test_a_sitting_says_whose_it_is(tmp_path: Path) -> None:
    path, about = tmp_path / "a.jsonl", {"run": "r", "stage": "invoke", "label": "quick", "model": "sim.q"}
    with opened(path, about) as ledger:
        ledger.write_dispatched("k", {"try": 1, "tags": {}})
    written(path)
    with opened(path) as ledger:
        assert [sitting.get("about") for sitting in ledger.sittings.values()] == [about, None]


def test_a_line_is_on_disk_before_the_call_returns(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with opened(path) as ledger:
        ledger.write_dispatched("k", {"try": 1, "tags": {}})
        assert b'"line":"dispatched","key":"k"' in path.read_bytes()
        ledger.write_outcome("k", {"try": 1, "last": True})
        assert b'"line":"outcome","key":"k"' in path.read_bytes()


def test_a_half_written_last_line_is_dropped_and_said_and_what_follows_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.jsonl"
    written(path)
    raw = path.read_bytes()
    path.write_bytes(raw[:-20])
    with caplog.at_level(logging.WARNING), opened(path) as ledger:
        assert "k2" in ledger.dispatched and "k2" not in ledger.outcomes
        assert ledger.dropped_lines == 1
        ledger.write_outcome("k2", {"try": 1, "last": True})
    assert "line 7" in caplog.text
    with opened(path) as ledger:
        assert "k2" in ledger.outcomes


def test_a_flipped_bit_costs_nothing_and_is_said_and_the_file_is_left_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.jsonl"
    written(path)
    whole, chance = path.read_bytes(), random.Random(3)
    with opened(path) as ledger:
        before = (ledger.sittings, ledger.dispatched, ledger.outcomes)
    for at in [0, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(60))]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        caplog.clear()
        with caplog.at_level(logging.WARNING), opened(path) as ledger:
            assert (ledger.sittings, ledger.dispatched, ledger.outcomes) == before
            assert ledger.repaired_lines in (1, 2) and ledger.dropped_lines == 0
        assert "it is used as it was before" in caplog.text
        assert path.read_bytes() == damaged


def test_two_flipped_bits_cost_their_own_line_only(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    written(path)
    lines = path.read_bytes().split(b"\n")
    damaged = bytearray(lines[2])
    damaged[len(damaged) // 2] ^= 1
    damaged[len(damaged) // 3] ^= 4
    path.write_bytes(b"\n".join([*lines[:2], bytes(damaged), *lines[3:]]))
    with opened(path) as ledger:
        assert "k0" in ledger.dispatched and "k0" not in ledger.outcomes
        assert {"k1", "k2"} <= set(ledger.outcomes)
        assert ledger.dropped_lines == 1


def test_a_second_job_waits_until_the_first_is_done(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    code = (
        "import sys, logging\n"
        "from pathlib import Path\n"
        "from assay.ledger.ledger import opened\n"
        "logging.basicConfig(stream=sys.stdout, format='%(message)s')\n"
        "with opened(Path(sys.argv[1])) as ledger:\n"
        "    print(sorted(ledger.outcomes), flush=True)\n"
    )
    with opened(path) as ledger:
        other = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert "another job is at work on it" in other.stdout.readline()
        ledger.write_dispatched("k", {"try": 1, "tags": {}})
        ledger.write_outcome("k", {"try": 1, "last": True})
    assert other.stdout.readline() == "['k']\n"
    assert other.wait() == 0


def test_all_files_of_a_ledger_share_one_salt(tmp_path: Path) -> None:
    with opened(tmp_path / "a.jsonl") as one, opened(tmp_path / "b.jsonl") as other:
        assert one.salt == other.salt and len(one.salt) == 32
    with opened(tmp_path / "elsewhere" / "a.jsonl") as third:
        assert third.salt != one.salt


def test_a_broken_salt_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "salt").write_text("oops")
    with (
        pytest.raises(InputError, match="salt: expected 64 hexadecimal digits"),
        opened(tmp_path / "a.jsonl"),
    ):
        pass


def test_keys_go_by_what_is_asked_and_under_what() -> None:
    line = {"model": "m", "inference": {"max_tokens": 5, "temperature": 0.0}}
    same = {"inference": {"temperature": 0.0, "max_tokens": 5}, "model": "m"}
    ask = ask_key("e", "r", line, "p", None)
    assert ask == ask_key("e", "r", same, "p", None)
    others = [
        ask_key("e2", "r", line, "p", None),
        ask_key("e", "r2", line, "p", None),
        ask_key("e", "r", {**line, "model": "n"}, "p", None),
        ask_key("e", "r", line, "q", None),
        ask_key("e", "r", line, "p", "s"),
    ]
    attempts = [
        attempt_key(ask, 1, load="c1", block=0, repetition=0),
        attempt_key(ask, 2, load="c1", block=0, repetition=0),
        attempt_key(ask, 1, load="c2", block=0, repetition=0),
        attempt_key(ask, 1, load="c1", block=1, repetition=0),
        attempt_key(ask, 1, load="c1", block=0, repetition=1),
    ]
    assert len({ask, *others, *attempts}) == 11


def test_a_ledger_file_is_named_by_what_it_asks() -> None:
    name = file_name("invoke", "arn:aws:bedrock:us-east-1:1:inference-profile/us.a/b:0", {"x": 1}, "c8", "b0")
    assert name.startswith("invoke.b-0.") and name.endswith(".c8.b0.jsonl")
    assert name != file_name(
        "invoke", "arn:aws:bedrock:us-east-1:1:inference-profile/us.a/b:0", {"x": 2}, "c8", "b0"
    )
