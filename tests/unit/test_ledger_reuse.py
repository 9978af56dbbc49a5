"""Other runs' ledgers are read for answers by ask key: as they lie there, without a lock, and only what is asked for."""

from pathlib import Path
from typing import Any

import pytest

from assay.ledger import reuse
from assay.ledger.ledger import Ledger, opened, part

TEXTS = ("north", "south", "east")


def ask(ledger: Ledger, key: str, asked: str, role: str = "measured", **outcome: Any) -> None:
    """One attempt at a question with this ask key."""
    ledger.write_dispatched(key, {"try": 1, "tags": {"role": role, "ask": asked, "model": "m"}})
    ledger.write_outcome(key, {"try": 1, "last": True, **outcome})


def texts(found: dict[str, list[reuse.Found]]) -> dict[str, list[str]]:
    return {asked: [answer.text for answer in given] for asked, given in found.items()}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """The ledger of a run named first: three answers, an error, a warm-up, a judge's reply."""
    folder = tmp_path / "first" / "ledger"
    with opened(folder / "invoke.m.c1.b0.jsonl", {"run": "first", "stage": "invoke"}) as ledger:
        for number, text in enumerate(TEXTS):
            ask(ledger, f"k{number}", f"a{number}", text=text, output_tokens=3, stop_reason="end_turn")
        ask(ledger, "k3", "a3", error="throttling")
        ask(ledger, "k4", "a4", "warmup", text="warm")
    with opened(folder / "judge.j.jsonl") as ledger:
        ask(ledger, "j0", "a0", "judge", text="CORRECT")
    return folder


def test_answers_are_found_by_what_was_asked_and_errors_warm_up_and_other_roles_never(theirs: Path) -> None:
    found = reuse.answers([theirs], ["a0", "a2", "a3", "a4", "unheard of"], "measured")
    assert texts(found) == {"a0": ["north"], "a2": ["east"]}
    assert found["a0"][0].outcome["stop_reason"] == "end_turn"
    assert texts(reuse.answers([theirs], ["a0", "a1"], "judge")) == {"a0": ["CORRECT"]}
    assert reuse.answers([theirs], [], "measured") == reuse.answers([], ["a0"], "measured") == {}


def test_an_answer_says_which_run_paid_for_it(theirs: Path) -> None:
    (of_model,) = reuse.answers([theirs], ["a0"], "measured")["a0"]
    (of_judge,) = reuse.answers([theirs], ["a0"], "judge")["a0"]
    assert of_model.origin == "first"
    assert of_judge.origin == "first", "where a sitting doesn't say whose it is, the folder does"
    assert reuse.name_of(Path("/somewhere/shared")) == "shared"


def test_the_same_question_asked_twice_has_two_answers_in_the_order_of_the_folders(
    theirs: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    with opened(other / "a.jsonl") as ledger:
        ask(ledger, "x", "a0", text="up")
        ask(ledger, "y", "a0", text="down")
    assert texts(reuse.answers([other, theirs], ["a0"], "measured")) == {"a0": ["up", "down", "north"]}
    assert texts(reuse.answers([theirs, other], ["a0"], "measured")) == {"a0": ["north", "up", "down"]}


def test_files_of_workers_are_read_too(theirs: Path) -> None:
    with opened(part(theirs / "invoke.m.c1.b0.jsonl", 1)) as ledger:
        ask(ledger, "k9", "a9", text="far")
    assert texts(reuse.answers([theirs], ["a9"], "measured")) == {"a9": ["far"]}


def test_lines_that_stand_in_two_files_count_once(theirs: Path) -> None:
    path = theirs / "invoke.m.c1.b0.jsonl"
    part(path, 0).write_bytes(path.read_bytes())
    assert texts(reuse.answers([theirs], ["a0"], "measured")) == {"a0": ["north"]}


def test_damaged_and_half_written_lines_are_left_out(theirs: Path) -> None:
    path = theirs / "invoke.m.c1.b0.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    answer = next(place for place, line in enumerate(lines) if b"north" in line)
    lines[answer] = lines[answer].replace(b"north", b"nurth")
    path.write_bytes(
        b"".join(lines) + b'{"line":"dispatched","key":"k8","tags":{"role":"measured","ask":"a8"'
    )
    assert texts(reuse.answers([theirs], ["a0", "a1", "a8"], "measured")) == {"a1": ["south"]}


def test_a_ledger_that_is_at_work_is_read_without_its_lock_and_stays_as_it_is(theirs: Path) -> None:
    with opened(theirs / "invoke.m.c1.b0.jsonl") as ledger:
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in theirs.iterdir()}
        assert texts(reuse.answers([theirs], ["a1"], "measured")) == {"a1": ["south"]}
        assert reuse.is_ledger(theirs)
        after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in theirs.iterdir()}
        assert before == after
        assert "k1" in ledger.outcomes


def test_what_was_taken_over_is_kept_costs_nothing_and_is_found_by_a_third_run(
    theirs: Path, tmp_path: Path
) -> None:
    ours = tmp_path / "second" / "ledger"
    (found,) = reuse.answers([theirs], ["a0"], "judge")["a0"]
    with opened(ours / "judge.j.jsonl") as ledger:
        ledger.write_reused("ours", reuse.copied(found, "a0", "judge"))
    with opened(ours / "judge.j.jsonl") as ledger:
        assert ledger.reused["ours"]["text"] == "CORRECT"
        assert not ledger.outcomes and not ledger.dispatched
    (again,) = reuse.answers([ours], ["a0"], "judge")["a0"]
    assert (again.text, again.origin) == ("CORRECT", "first")
    assert reuse.answers([ours], ["a0"], "measured") == {}


def test_what_is_no_ledger_is_told_from_one(theirs: Path, tmp_path: Path) -> None:
    assert reuse.is_ledger(theirs)
    assert not reuse.is_ledger(tmp_path)
    (tmp_path / "questions.jsonl").write_text('{"question": "?"}\n', encoding="utf-8")
    assert not reuse.is_ledger(tmp_path)
    assert not reuse.is_ledger(tmp_path / "missing")


def test_sizes_change_when_a_file_grows(theirs: Path) -> None:
    before = reuse.sizes([theirs])
    assert before == reuse.sizes([theirs])
    with opened(theirs / "judge.j.jsonl") as ledger:
        ask(ledger, "j1", "a1", "judge", text="INCORRECT")
    assert before != reuse.sizes([theirs])
