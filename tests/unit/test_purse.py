"""The purse: one number for all processes, never above the cap, right again after any crash, and equal to what was settled."""

import json
import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from assay.errors import InputError
from assay.ledger.ledger import opened as opened_ledger
from assay.prices.book import Price, Rates
from assay.spending.committed import committed, of_file
from assay.spending.purse import PICODOLLARS, Seen, opened, picodollars

SPAWN = multiprocessing.get_context("spawn")


def nothing() -> int:
    return 0


def fails() -> int:
    raise AssertionError("another process has the purse open, so it isn't counted afresh")


def hammer(folder: Path, seed: int, rounds: int, told: Connection) -> None:
    """Reserve and settle at random; tells what it has settled, and how often it was refused."""
    chance, held, settled, refused = random.Random(seed), [], 0, 0
    with opened(folder, "r", 1.0, nothing) as purse:
        told.send("open")
        told.recv()
        for _ in range(rounds):
            amount = chance.randrange(1, PICODOLLARS // 40)
            if purse.reserve(amount):
                held.append(amount)
            else:
                refused += 1
            assert purse.committed <= PICODOLLARS
            if held and chance.random() < 0.7:
                amount = held.pop(chance.randrange(len(held)))
                actual = chance.randrange(amount // 20 + 1)
                purse.settle(amount, actual)
                settled += actual
        for amount in held:
            purse.settle(amount, 0)
    told.send((settled, refused))


def test_racing_processes_never_pass_the_cap_and_what_is_left_is_what_was_settled(tmp_path: Path) -> None:
    pipes = [SPAWN.Pipe() for _ in range(6)]
    processes = [
        SPAWN.Process(target=hammer, args=(tmp_path, seed, 400, theirs))
        for seed, (_, theirs) in enumerate(pipes)
    ]
    with opened(tmp_path, "r", 1.0, nothing) as purse:
        for process in processes:
            process.start()
        for ours, _ in pipes:
            assert ours.recv() == "open"
        for ours, _ in pipes:
            ours.send("go")
        ended = [ours.recv() for ours, _ in pipes]
        for process in processes:
            process.join()
            assert process.exitcode == 0
        assert purse.committed == sum(settled for settled, _ in ended)
    assert any(refused for _, refused in ended), "the cap was reached"


def hold(folder: Path, amount: int, told: Connection) -> None:
    with opened(folder, "r", 1.0, nothing) as purse:
        told.send(purse.reserve(amount))
        told.recv()


def held_by_another(folder: Path, amount: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """A process that has reserved so much; how to kill it, and how to let it end."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=hold, args=(folder, amount, theirs))
    process.start()
    assert ours.recv() is True

    def kill() -> None:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()

    def end() -> None:
        ours.send("end")
        process.join()

    return kill, end


def test_what_a_killed_process_had_reserved_stays_counted(tmp_path: Path) -> None:
    with opened(tmp_path, "r", 1.0, nothing) as purse:
        kill, _ = held_by_another(tmp_path, 700)
        assert purse.committed == 700
        kill()
        assert purse.committed == 700
        assert purse.reserve(PICODOLLARS - 700)
        assert not purse.reserve(1)


def test_a_process_that_is_alone_counts_afresh_and_one_that_is_not_does_not(tmp_path: Path) -> None:
    with opened(tmp_path, "r", 1.0, lambda: 40) as first:
        assert first.reserve(2)
        with opened(tmp_path, "r", 1.0, fails) as second:
            assert second.committed == 42
    with opened(tmp_path, "r", 1.0, lambda: 41) as again:
        assert again.committed == 41


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:9],
        lambda raw: raw[:10] + bytes([raw[10] ^ 4]) + raw[11:],
        lambda raw: b"something else entirely, and long enough to be read",
    ],
)
def test_a_damaged_purse_is_counted_afresh_and_never_trusted(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "purse.r"
    with opened(tmp_path, "r", 1.0, lambda: 5) as purse:
        assert purse.reserve(100)
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(InputError, match="damaged"):
            purse.reserve(1)
        with pytest.raises(InputError, match=r"purse\.r"), opened(tmp_path, "r", 1.0, fails):
            pass
    with opened(tmp_path, "r", 1.0, lambda: 105) as purse:
        assert purse.committed == 105


def test_runs_that_share_a_folder_have_a_purse_each(tmp_path: Path) -> None:
    with opened(tmp_path, "one", 1.0, nothing) as one, opened(tmp_path, "two", 2.0, nothing) as two:
        assert one.reserve(PICODOLLARS)
        assert not one.reserve(1)
        assert two.committed == 0
        assert two.reserve(2 * PICODOLLARS)


def test_nothing_drifts(tmp_path: Path) -> None:
    with opened(tmp_path, "r", 0.3, nothing) as purse:
        each = picodollars(1e-7)
        for _ in range(3000):
            assert purse.reserve(each)
        assert purse.committed == 3000 * each
        for _ in range(3000):
            purse.settle(each, 0)
        assert purse.committed == 0


def test_a_lower_cap_than_what_is_spent_holds_nothing_more(tmp_path: Path) -> None:
    with opened(tmp_path, "r", 1.0, lambda: 3 * PICODOLLARS) as purse:
        assert not purse.reserve(1)
        assert purse.committed == 3 * PICODOLLARS


def test_what_was_seen_of_a_model_is_kept_for_other_processes_and_outlives_them(tmp_path: Path) -> None:
    both = Seen(2, 250_000, 10, 5, 300)
    with opened(tmp_path, "r", 1.0, nothing) as purse, opened(tmp_path, "r", 1.0, fails) as other:
        assert purse.seen(7) == Seen()
        purse.learn(7, Seen(density=250_000, sound_bytes=300))
        assert purse.seen(7) == other.seen(7) == Seen(1, 250_000, 0, 0, 300)
        purse.learn(7, Seen(density=200_000, input_beyond=10, output_beyond=5))
        assert purse.seen(7) == other.seen(7) == both
        for key in range(100, 400):
            purse.learn(key, Seen(density=1))
        assert purse.seen(7) == both
        assert purse.seen(399) == Seen(), "the table is full, and of others nothing is known"
    with opened(tmp_path, "r", 1.0, nothing) as purse:
        assert purse.seen(7) == both


def test_jobs_notice_that_their_purse_was_deleted(tmp_path: Path) -> None:
    with opened(tmp_path, "r", 1.0, nothing) as purse:
        (tmp_path / "purse.r").unlink()
        with pytest.raises(InputError, match="was deleted"):
            purse.reserve(1)


def test_a_cap_may_be_as_high_as_a_number(tmp_path: Path) -> None:
    with opened(tmp_path, "r", 1e300, nothing) as purse:
        assert purse.reserve(PICODOLLARS)


# What the ledger's files come to.

PRICES = {
    "m": Price(
        input_usd_per_million=10.0,
        output_usd_per_million=100.0,
        service_tiers={"flex": Rates(1.0, 10.0)},
    )
}


def sitting(path: Path, run: str | None = "r", **more: str) -> None:
    """A sitting that answered one request, was refused one, broke off one, and was killed in the middle of another."""
    about = None if run is None else {"run": run, "stage": "invoke", "label": "l", "model": "m", **more}
    with opened_ledger(path, about) as ledger:
        outcomes = {
            "answered": {"input_tokens": 100, "output_tokens": 10},
            "refused": {"error": "throttling", "http_status": 429},
            "broken": {"error": "stream_cut"},
            "in_stream": {"error": "internal_server", "error_in_stream": True},
            "killed": None,
        }
        for key, outcome in outcomes.items():
            ledger.write_dispatched(key, {"try": 1, "most": [300, 20], "tags": {"model": "m"}})
            if outcome is not None:
                ledger.write_outcome(key, {"try": 1, "last": True, **outcome})


ONE_SITTING = picodollars((100 * 10 + 10 * 100) / 1e6) + 3 * picodollars((300 * 10 + 20 * 100) / 1e6)


def test_the_ledger_counts_what_was_told_and_else_the_worst_case(tmp_path: Path) -> None:
    sitting(tmp_path / "a.jsonl")
    assert committed(tmp_path, "r", PRICES) == ONE_SITTING
    sitting(tmp_path / "a.jsonl")
    sitting(tmp_path / "b.jsonl")
    assert committed(tmp_path, "r", PRICES) == 3 * ONE_SITTING


def test_a_requests_own_rates_hold(tmp_path: Path) -> None:
    sitting(tmp_path / "a.jsonl", service_tier="flex")
    assert committed(tmp_path, "r", PRICES) * 10 == ONE_SITTING


def test_another_runs_lines_dont_count_and_those_of_no_run_count_for_each(tmp_path: Path) -> None:
    sitting(tmp_path / "a.jsonl", "r")
    sitting(tmp_path / "a.jsonl", "other")
    sitting(tmp_path / "b.jsonl", None)
    assert committed(tmp_path, "r", PRICES) == committed(tmp_path, "other", PRICES) == 2 * ONE_SITTING
    assert committed(tmp_path, "third", PRICES) == ONE_SITTING


def test_files_that_did_not_change_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting(tmp_path / "a.jsonl")
    sitting(tmp_path / "b.jsonl")
    read: list[str] = []

    def noting(path: Path, *rest: object) -> int:
        read.append(path.name)
        return of_file(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("assay.spending.committed.of_file", noting)
    assert committed(tmp_path, "r", PRICES) == 2 * ONE_SITTING
    assert committed(tmp_path, "r", PRICES) == 2 * ONE_SITTING
    assert read == ["a.jsonl", "b.jsonl"]
    sitting(tmp_path / "b.jsonl")
    assert committed(tmp_path, "r", PRICES) == 3 * ONE_SITTING
    assert read == ["a.jsonl", "b.jsonl", "b.jsonl"]
    dearer = {"m": Price(20.0, 200.0)}
    assert committed(tmp_path, "r", dearer) == 6 * ONE_SITTING, "at new prices all of it costs something else"

    index = tmp_path / "purse.r.index"
    index.write_bytes(index.read_bytes().replace(b'"files"', b'"fil3s"'))
    assert committed(tmp_path, "r", PRICES) == 3 * ONE_SITTING


def test_a_model_that_has_left_the_benchmark_still_counts_at_its_price(tmp_path: Path) -> None:
    sitting(tmp_path / "a.jsonl")
    dearer = {"n": Price(1000.0, 1000.0)}
    assert committed(tmp_path, "r", {**PRICES, **dearer}) == ONE_SITTING
    assert committed(tmp_path, "r", dearer) == ONE_SITTING


def test_a_model_whose_price_nobody_knows_counts_at_the_dearest_rate(tmp_path: Path) -> None:
    sitting(tmp_path / "a.jsonl")
    at_dearest = picodollars(110 * 100 / 1e6) + 3 * picodollars(320 * 100 / 1e6)
    assert committed(tmp_path, "r", {"n": Price(3.0, 100.0)}) == at_dearest
    with pytest.raises(InputError, match="prices"):
        of_file(tmp_path / "a.jsonl", "r", {})


def test_lines_of_before_there_was_a_cap_count_as_the_dearest_beside_them(tmp_path: Path) -> None:
    with opened_ledger(tmp_path / "a.jsonl") as ledger:
        for key, tokens in {"a": (100, 10), "b": (300, 20)}.items():
            ledger.write_dispatched(key, {"try": 1, "tags": {"model": "m"}})
            ledger.write_outcome(
                key, {"try": 1, "last": True, "input_tokens": tokens[0], "output_tokens": tokens[1]}
            )
        ledger.write_dispatched("killed", {"try": 1, "tags": {"model": "m"}})
    dearest = picodollars((300 * 10 + 20 * 100) / 1e6)
    assert committed(tmp_path, "r", PRICES) == picodollars((100 * 10 + 10 * 100) / 1e6) + 2 * dearest


def test_provisioned_throughput_takes_nothing_by_the_request(tmp_path: Path) -> None:
    sitting(tmp_path / "a.jsonl")
    assert committed(tmp_path, "r", {"m": Price(usd_per_hour=20.0)}) == 0


def test_the_index_is_plain_json_behind_its_checksum(tmp_path: Path) -> None:
    sitting(tmp_path / "a.jsonl")
    committed(tmp_path, "r", PRICES)
    _, _, body = (tmp_path / "purse.r.index").read_bytes().partition(b"\n")
    assert json.loads(body)["files"]["a.jsonl"][2] == ONE_SITTING
