"""A judge that doesn't work is said, a panel of which none works ends the run, and the job of such a judge runs again."""

import json
from pathlib import Path

import pytest

from assay.errors import InputError
from assay.judging.spoilt import note, times
from assay.judging.standing import ASKED, check_panel, read_standings, why_not_working


def status(folder: Path, judge: str, model: str, working: bool, asked: int = 10) -> Path:
    counts = dict.fromkeys(ASKED, 0) | {"correct" if working else "failed": asked, "not_asked": 3}
    path = folder / model / f"{judge}.json"
    path.parent.mkdir(exist_ok=True)
    reason = None if working else "access_denied: no"
    path.write_text(
        json.dumps({"judge": judge, "model": model, "working": working, "not_working": reason, **counts})
    )
    return path


def test_a_judge_works_if_it_replied_to_anything_or_was_asked_nothing() -> None:
    assert why_not_working([], None) is None
    assert why_not_working([("not_asked", None)] * 3, None) is None
    for said in ("unparseable", "refused", "abstained", "rated", "incorrect"):
        assert why_not_working([(said, None), ("failed", "throttling")], None) is None
    failed = [
        ("failed", "throttling"),
        ("failed", "validation"),
        ("failed", "validation"),
        ("not_asked", None),
    ]
    assert why_not_working(failed, None) == "all 3 verdicts failed: 2 by validation, 1 by throttling"
    chosen = why_not_working([("failed", "validation")] * 2, None, "validation: no such field", "tool")
    assert (
        chosen is not None
        and "(the last one: validation: no such field)" in chosen
        and "`output: auto`" in chosen
    )
    assert "output" not in str(why_not_working([("failed", "validation")], None, None, "auto"))
    assert why_not_working([("correct", None)], "access_denied: no more") == "access_denied: no more"


def test_a_judge_that_does_not_work_is_named_while_another_does(tmp_path: Path) -> None:
    found = read_standings([status(tmp_path, "ada", "swift", True), status(tmp_path, "bea", "swift", False)])
    assert check_panel(found) == ["judge bea isn't working on swift: access_denied: no"]


def test_a_panel_of_which_nobody_works_ends_the_run_in_one_clear_error(tmp_path: Path) -> None:
    paths = [status(tmp_path, judge, model, False) for judge in ("ada", "bea") for model in ("swift", "slow")]
    # A model without answers has nobody asked: that doesn't make a judge work.
    paths.append(status(tmp_path, "ada", "silent", True, asked=0))
    with pytest.raises(InputError, match=r"^no judge of the panel is working.*ada: access_denied: no; bea"):
        check_panel(read_standings(paths))
    assert check_panel(read_standings(paths[-1:])) == []
    assert check_panel([]) == []


def test_a_status_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "judge.json"
    path.write_text("{}")
    with pytest.raises(InputError, match=r"judge\.json: expected the status"):
        read_standings([path])


def test_only_a_judge_that_did_not_work_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "spoilt" / "judge.json"
    note(path, working=True)
    assert not path.exists() and times(path) == 0
    note(path, working=False)
    note(path, working=False)
    note(path, working=True)
    assert times(path) == 2
    path.write_text("{")
    assert times(path) == 0
