"""Whoever follows a run sees how it stands, by stage, model and dollars, and that it has ended, in whatever way."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.errors import InputError
from assay.following import plan as plans
from assay.following import words
from assay.following.asked import Ledger
from assay.following.follow import Lines, Screen, follow
from assay.following.picture import AskedLine, Follower, Picture
from assay.following.plan import About, Job
from assay.following.words import duration, screen
from assay.ledger.ledger import opened
from assay.spending.purse import opened as purse_opened

PROJECT = Path(__file__).resolve().parents[2]
ABOUT = {"run": "mine", "stage": "invoke", "label": "quick", "model": "m"}
MEASURED = {"role": "measured", "model": "m", "edition": 1}
ANSWER = {"last": True, "input_tokens": 1_000_000, "output_tokens": 0, "dispatched_ns": 0, "ended_ns": 1}
JOBS = (
    Job("bucket", "Draw prompts", ("prompts.parquet",), "logs/bucket.log"),
    Job("invoke", "Measure quick at c1", ("b0.parquet", "b0.json"), "logs/c1.log"),
    Job("invoke", "Measure quick at c2", ("b1.parquet", "b1.json"), "logs/c2.log"),
    Job("report", "Write the report", ("report.qmd", "report/verdict.txt"), None),
)


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Begin a run in `tmp_path`; what is returned is the plan's id. Runs that are still alive end with the test."""
    locks = []

    def begin(max_usd: float | None = None, jobs: tuple[Job, ...] = JOBS, living: bool = True) -> str:
        about = About("mine", 1, ("quick",), ("ada",), max_usd, str(tmp_path / "ledger"))
        found, lock = plans.begin(tmp_path, about, jobs)
        locks.append(lock)
        if not living:
            os.close(locks.pop())
        return found

    yield begin
    for lock in locks:
        os.close(lock)


def make(folder: Path, *names: str, text: str = "{}", old: bool = False) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        if old:
            before = plans.plan_path(folder).stat().st_mtime_ns - 10**9
            os.utime(path, ns=(before, before))


def prices(folder: Path, usd: float = 1.0) -> None:
    price = {"input_usd_per_million": usd, "output_usd_per_million": usd}
    make(folder, "prices.json", text=json.dumps({"taken": "2026-11-01", "prices": {"m": price}}))


def estimate(folder: Path) -> None:
    requests = {"measured": {"low": 3, "high": 3}, "warmup": {"low": 9, "high": 9}}
    row = {"kind": "model", "label": "quick", "requests": requests, "held_requests": 1}
    body = {
        "rows": [row | {"usd": {"low": 2, "high": 4}}],
        "total": {"low_usd": 2, "high_usd": 4, "minutes": {"low": 1, "high": 3}},
    }
    make(folder, "estimate.json", text=json.dumps(body))


def look(folder: Path) -> Picture:
    return Follower(plans.read(folder)).look()


def states(folder: Path) -> list[str]:
    return [each.state for each in look(folder).jobs]


def test_a_job_is_done_once_this_run_has_made_all_its_outputs(
    tmp_path: Path, begun: Callable[..., str]
) -> None:
    begun()
    assert states(tmp_path) == ["waiting"] * 4
    make(tmp_path, "prompts.parquet", "logs/c1.log", "b0.parquet")
    make(tmp_path, "b1.parquet", "b1.json", "logs/c2.log", "report.qmd", old=True)
    assert states(tmp_path) == ["done", "at work", "waiting", "waiting"]
    make(tmp_path, "b0.json")
    found = look(tmp_path)
    assert [(each.stage, each.done, each.jobs) for each in found.stages] == [
        ("bucket", 1, 1),
        ("invoke", 1, 2),
        ("report", 0, 1),
    ]


def test_what_a_job_says_and_why_one_failed_is_shown(tmp_path: Path, begun: Callable[..., str]) -> None:
    begun()
    make(tmp_path, "logs/c1.log", text="quick c1: 3/40\nquick c1: 7/40, about 9 s left\n")
    make(tmp_path, "logs/c2.log", text="quick c2: 3/40\nerror: no access\nmore of it\n")
    said = "\n".join(screen(look(tmp_path)))
    assert "Measure quick at c1: quick c1: 7/40, about 9 s left" in said
    assert "Failed: Measure quick at c2: no access (logs/c2.log)" in said


def test_a_job_that_failed_without_a_word_is_known_by_what_the_run_noted(
    tmp_path: Path, begun: Callable[..., str]
) -> None:
    plan_id = begun()
    plans.end(tmp_path, plan_id, "failed", [[str(tmp_path / "b1.parquet"), str(tmp_path / "b1.json")]])
    found = look(tmp_path)
    assert [each.job.name for each in found.standing("failed")] == ["Measure quick at c2"]
    assert "jobs that failed: 1" in screen(found)[-1]


def test_a_measurement_that_was_capped_is_named_with_its_reason(
    tmp_path: Path, begun: Callable[..., str]
) -> None:
    begun()
    make(tmp_path, "b0.parquet")
    make(tmp_path, "b0.json", text=json.dumps({"status": "capped", "reason": "no dollar left"}))
    assert "Measure quick at c1: capped: no dollar left" in screen(look(tmp_path))


def test_requests_and_dollars_are_those_of_the_ledger(tmp_path: Path, begun: Callable[..., str]) -> None:
    begun(max_usd=10.0)
    estimate(tmp_path)
    prices(tmp_path, usd=0.25)
    with opened(tmp_path / "ledger" / "invoke.m.c1.b0.jsonl", ABOUT) as ledger:
        for number, (tags, outcome) in enumerate(
            [
                (MEASURED, ANSWER),
                (MEASURED, ANSWER),
                (MEASURED, {"last": False, "error": "throttling", "http_status": 429}),
                (MEASURED | {"edition": 7}, ANSWER),
                (MEASURED | {"role": "warmup"}, ANSWER),
                (MEASURED, {"last": True, "error": "stream_cut", "error_in_stream": True}),
                (MEASURED, None),
            ]
        ):
            ledger.write_dispatched(f"key {number}", {"try": 1, "most": [9, 9], "tags": tags})
            if outcome is not None:
                ledger.write_outcome(f"key {number}", {"try": 1, **outcome})
        with purse_opened(tmp_path / "ledger", "mine", 10.0, lambda: 3 * 10**12):
            found = look(tmp_path)
    (model,) = [each for each in found.asked if each.label == "quick"]
    asked = model.asked
    assert (asked.sent, asked.ended, asked.throttled, asked.failed, asked.in_flight) == (7, 3, 1, 1, 1)
    assert model.planned == (4, 4), "what was left and what was held, without warm-up"
    assert (found.money.spent_usd, found.money.unknown) == (pytest.approx(1.0), 1)
    assert (found.money.max_usd, found.money.committed_usd) == (10.0, 3.0)
    said = " ".join(" ".join(screen(found)).split())
    assert "Spent: 1.00 USD" in said and "cap: 10.00 USD, of which 3.00 is spent or set aside" in said
    assert "estimated for the whole run: 2.00 to 4.00 USD" in said
    assert "measuring and judging estimated at 1.0 to 3.0 min" in said
    os.utime(tmp_path / "estimate.json", ns=(1, 1))
    assert look(tmp_path).estimated_minutes is None, "of an earlier sitting, when more was left"


def test_a_search_for_the_highest_rate_has_a_line_of_its_own(
    tmp_path: Path, begun: Callable[..., str]
) -> None:
    begun()
    prices(tmp_path)
    with opened(tmp_path / "ledger" / "search.m.jsonl", ABOUT | {"stage": "search"}) as ledger:
        ledger.write_dispatched("key", {"try": 1, "most": [9, 9], "tags": MEASURED})
        ledger.write_outcome("key", {"try": 1, **ANSWER})
    found = look(tmp_path)
    assert [(each.stage, each.label, each.asked.sent) for each in found.asked] == [
        ("search", "quick", 1),
        ("invoke", "quick", 0),
        ("judge", "ada", 0),
    ]
    assert any(line.startswith("search of  quick") for line in screen(found))


def test_of_a_ledger_that_runs_share_only_this_run_counts(tmp_path: Path) -> None:
    prices(tmp_path)
    for run in ("mine", "another"):
        with opened(tmp_path / f"invoke.m.{run}.jsonl", ABOUT | {"run": run}) as ledger:
            ledger.write_dispatched("key", {"try": 1, "most": [9, 9], "tags": MEASURED})
    found = Ledger(tmp_path, "mine", 1, tmp_path / "prices.json").look()
    assert {which: asked.sent for which, asked in found.items()} == {("invoke", "quick"): 1}


def test_lines_are_counted_once_however_often_one_looks_and_wherever_a_write_was_cut(tmp_path: Path) -> None:
    prices(tmp_path)
    path, whole = tmp_path / "invoke.m.c1.b0.jsonl", tmp_path / "whole"
    with opened(whole, ABOUT) as ledger:
        for number in range(3):
            ledger.write_dispatched(f"key {number}", {"try": 1, "most": [9, 9], "tags": MEASURED})
            ledger.write_outcome(f"key {number}", {"try": 1, **ANSWER})
    data = whole.read_bytes()
    followed = Ledger(tmp_path, "mine", 1, tmp_path / "prices.json")
    for end in range(0, len(data), 97):
        with path.open("ab") as file:
            file.write(data[end : end + 97])
        followed.look()
    assert followed.look()["invoke", "quick"].ended == 3
    path.unlink()
    path.write_bytes(data[: len(data) // 2])  # compacted, say: read from its beginning
    again = followed.look()["invoke", "quick"]
    assert again == Ledger(tmp_path, "mine", 1, tmp_path / "prices.json").look()["invoke", "quick"]
    assert again.ended < 3


def test_dollars_are_counted_again_once_prices_are_known(tmp_path: Path) -> None:
    with opened(tmp_path / "invoke.m.c1.b0.jsonl", ABOUT) as ledger:
        ledger.write_dispatched("key", {"try": 1, "most": [9, 9], "tags": MEASURED})
        ledger.write_outcome("key", {"try": 1, **ANSWER})
    followed = Ledger(tmp_path, "mine", 1, tmp_path / "prices.json")
    before = followed.look()["invoke", "quick"]
    assert (before.spent, before.unknown) == (0, 1)
    line = AskedLine("invoke", "quick", before, None, None)
    assert words._asked(line, over=True)["USD"] == "unknown", "never zero"
    prices(tmp_path)
    after = followed.look()["invoke", "quick"]
    assert (after.spent, after.unknown, after.sent) == (10**12, 0, 1)


def test_a_run_is_at_work_until_it_ends_and_killed_if_it_never_said_so(
    tmp_path: Path, begun: Callable[..., str]
) -> None:
    plan_id = begun()
    assert look(tmp_path).how == "at work"
    plans.end(tmp_path, plan_id, "failed")
    assert look(tmp_path).how == "failed"
    begun(living=False)  # the end of the run before says nothing of this one
    assert look(tmp_path).how == "at work", "the first one's process still lives in this folder"


def test_a_run_whose_process_was_killed_is_said_to_be_killed(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from assay.following.plan import About, begin;"
        "begin(Path(sys.argv[1]), About('mine', 1, ('quick',), (), None, sys.argv[1] + '/ledger'), []);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=PROJECT, check=False, timeout=60)
    with opened(tmp_path / "ledger" / "invoke.m.c1.b0.jsonl", ABOUT) as ledger:  # its job lives on
        ledger.write_dispatched("key", {"try": 1, "most": [9, 9], "tags": MEASURED})
        found = look(tmp_path)
    assert (found.how, found.over, found.still_at_work) == ("killed", True, 1)
    assert "The run was killed. Jobs of it that are still at work: 1" in screen(found)[-1]


def pauses(*steps: Callable[[], Any]) -> Callable[[], None]:
    """What happens between two looks, in turn; a look more than expected is an error."""
    left = iter(steps)
    return lambda: next(left)()


def test_following_ends_when_the_run_does_with_its_verdict(tmp_path: Path, begun: Callable[..., str]) -> None:
    plan_id, seen = begun(), list[str]()
    make(tmp_path, "report/verdict.txt", text="Use old.\n", old=True)
    before = follow(
        lambda: tmp_path, lambda _: None, pauses(lambda: plans.end(tmp_path, plan_id, "done")), wait=False
    )
    assert before.verdict is None, "of the run before"

    plan_id = begun()
    make(tmp_path, "report.qmd", "report/verdict.txt", text="Use quick.\n")
    found = follow(
        lambda: tmp_path,
        Lines(seen.append).show,
        pauses(
            lambda: None,
            lambda: make(tmp_path, "logs/c2.log", text="error: no access\n"),
            lambda: plans.end(tmp_path, plan_id, "done"),
        ),
        wait=False,
    )
    assert found.how == "done"
    assert sum("no access" in line for line in seen) == 1, "said once"
    assert seen[-1] == "Done. Use quick.\n"
    with pytest.raises(StopIteration):  # a run to be waited for isn't this one
        follow(lambda: tmp_path, lambda _: None, pauses(), wait=True)


def test_a_run_that_is_waited_for_is_followed_once_it_begins(
    tmp_path: Path, begun: Callable[..., str]
) -> None:
    ids = list[str]()
    steps = pauses(lambda: None, lambda: ids.append(begun()), lambda: plans.end(tmp_path, ids[0], "done"))
    assert follow(lambda: tmp_path, lambda _: None, steps, wait=True).how == "done"


def test_a_folder_without_a_run_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no run has begun here.*--wait"):
        follow(lambda: tmp_path, lambda _: None, pauses(), wait=False)
    with pytest.raises(InputError, match=r"no run has begun here"):
        plans.read(tmp_path)
    make(tmp_path, "a_file")
    with pytest.raises(InputError, match=r"a_file: no run has begun here"):
        plans.read(tmp_path / "a_file")
    make(tmp_path, "logs/decide.log")
    with pytest.raises(InputError, match=r"left no plan.*earlier version"):
        follow(lambda: tmp_path, lambda _: None, pauses(), wait=False)
    make(tmp_path, "logs/plan.json", text='{"version": 1}')
    with pytest.raises(InputError, match=r"plan\.json: is no plan"):
        plans.read(tmp_path)


def test_whoever_ends_following_is_not_told_that_the_run_is_done(
    tmp_path: Path, begun: Callable[..., str]
) -> None:
    begun()
    command = [sys.executable, PROJECT / "scripts" / "follow.py", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and "0 of 4 jobs done" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)
    assert (process.returncode, *said) == (130, "", "")


@pytest.mark.parametrize("seconds", ["0", "nan", "inf"])
def test_an_interval_that_is_none_is_one_clear_error(tmp_path: Path, seconds: str) -> None:
    command = [sys.executable, PROJECT / "scripts" / "follow.py", tmp_path, "--every", seconds]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=PROJECT)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("error: --every: found") and ended.stderr.count("\n") == 1


def test_a_screen_stays_within_the_terminal_and_obeys_nothing_that_a_log_says(
    tmp_path: Path, begun: Callable[..., str]
) -> None:
    begun()
    make(tmp_path, "logs/c1.log", text=f"\x1b[2J\x07{'wide ' * 40}\n")
    written = list[str]()
    show = Screen(written.append, lambda: (60, 8)).show
    picture = look(tmp_path)
    show(picture)
    show(picture)
    first, second = written
    lines = first.splitlines()
    assert len(lines) <= 7 and all(len(line) < 60 for line in lines)
    assert second == f"\x1b[{len(lines)}F\x1b[J{first}", "drawn over the one before"
    assert "\x1b" not in first and "\x07" not in first


def test_the_run_at_work_is_followed_before_one_that_has_ended(
    tmp_path: Path, begun: Callable[..., str]
) -> None:
    assert plans.newest(tmp_path) is None
    about = About("mine", 1, (), (), None, "ledger")
    for name in ("first", "second"):
        _, lock = plans.begin(tmp_path / name, about, [])
        os.close(lock)
    older = plans.plan_path(tmp_path / "first")
    os.utime(older, ns=(1, 1))
    assert plans.newest(tmp_path) == tmp_path / "second"
    lock = os.open(plans.lock_path(tmp_path / "first"), os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        assert plans.newest(tmp_path) == tmp_path / "first"
    finally:
        os.close(lock)


def test_the_stage_of_a_rule_goes_by_its_name() -> None:
    rules = (
        "invoke_swift",
        "judge_ada_at_look",
        "figure_errors",
        "render_mistakes",
        "score_at_look",
        "decide",
    )
    assert [plans.stage_of(rule) for rule in rules] == [
        "invoke", "judge", "figure", "render", "score", "decide"
    ]  # fmt: skip


def test_time_is_said_as_people_say_it() -> None:
    assert [duration(each) for each in (0.4, 59.6, 185, 7440)] == [
        "0 s",
        "1 min 0 s",
        "3 min 5 s",
        "2 h 4 min",
    ]
