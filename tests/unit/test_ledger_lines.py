"""A line of the ledger says whether it is whole, and a single flipped bit anywhere is put right."""

import random
from typing import Any

import pytest

from assay.ledger import lines as of_lines
from assay.ledger.lines import line, lines

TEXTS = ("J*\u008a", 'a "quoted" {"line":"outcome"} ,"crc":"0f3a9b21"}', "é\u2028ʊ✊", "k" * 300, "")


def entries() -> list[dict[str, Any]]:
    return [
        {"line": kind, "key": f"k{number}", "text": text, "ns": 1234567890123 + number}
        for number, text in enumerate(TEXTS)
        for kind in ("dispatched", "outcome")
    ]


def content() -> bytes:
    return b"".join(line(entry) for entry in entries())


def read(data: bytes) -> list[dict[str, Any]]:
    return [found.entry for found in lines(data) if found.entry is not None]


def test_what_was_written_is_read_and_nothing_is_repaired() -> None:
    found = list(lines(content()))
    assert [each.entry for each in found] == entries()
    assert [each.number for each in found] == list(range(1, len(entries()) + 1))
    assert not any(each.repaired for each in found)
    assert b"".join(each.raw + b"\n" for each in found) == content()


@pytest.mark.parametrize("bit", range(8))
def test_any_one_flipped_bit_of_a_file_is_put_right(bit: int) -> None:
    """In the text, the checksum, a newline, or one that makes a newline: every bit of the file in turn."""
    data = bytearray(content())
    for at in range(len(data)):
        data[at] ^= 1 << bit
        found = list(lines(bytes(data)))
        assert [each.entry for each in found] == entries(), f"bit {bit} of byte {at}"
        assert b"".join(each.raw + b"\n" for each in found) == content()
        assert any(each.repaired for each in found), f"bit {bit} of byte {at} is said"
        data[at] ^= 1 << bit


def test_a_flipped_bit_in_each_of_many_lines_is_put_right() -> None:
    chance = random.Random(4)
    damaged = []
    for entry in entries() * 20:
        raw = bytearray(line(entry))
        raw[chance.randrange(len(raw) - 1)] ^= 1 << chance.randrange(8)
        damaged.append(bytes(raw))
    assert read(b"".join(damaged)) == entries() * 20


def test_what_is_damaged_more_is_left_out_and_costs_no_other_line() -> None:
    chance = random.Random(5)
    whole = [line(entry) for entry in entries()]
    for _ in range(300):
        hit = chance.randrange(1, len(whole) - 1)
        raw = bytearray(whole[hit])
        for at in chance.sample(range(len(raw) - 1), chance.randrange(2, 5)):
            raw[at] = ord("x") if raw[at] != ord("x") else ord("y")
        found = list(lines(b"".join([*whole[:hit], bytes(raw), *whole[hit + 1 :]])))
        assert [each.entry for each in found if each.entry] == entries()[:hit] + entries()[hit + 1 :]
        assert [each.number for each in found if each.entry is None] == [hit + 1]


def test_a_half_written_line_is_left_out_wherever_it_was_cut_and_whatever_follows() -> None:
    *before, last = entries()
    raw = line(last)
    for cut in range(1, len(raw) - 1):
        half = b"".join(map(line, before)) + raw[:cut]
        assert read(half) == before
        assert read(half + b"\n" + content()) == before + entries(), "the next sitting ends the line first"
        assert read(half + content()) == before + entries(), "or two writers were at it"
    assert read(content()[:-1]) == entries(), "only the newline is missing"


def test_half_of_a_line_is_not_searched_for_a_flipped_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search takes a step for each byte; what a crash leaves, however long, has to cost nothing."""
    searched = []
    monkeypatch.setattr(of_lines, "_place_of", lambda *given: searched.append(given))
    raw = line({"line": "outcome", "text": "x" * 10_000})
    assert read(content() + raw[:-3]) == entries()
    assert read(content() + raw[:5000]) == entries() and not searched
    assert read(content() + raw.replace(b"x", b"y", 1)) == entries() and len(searched) == 1


def test_nothing_makes_up_a_line() -> None:
    chance = random.Random(6)
    noise = [chance.randbytes(chance.randrange(400)) for _ in range(300)]
    assert read(b"\n".join(noise)) == []
    assert read(b'{"line":"outcome"}\n\n\n{}\n') == []
