"""Open loops: when requests arrive, without a server and without a clock."""

import statistics
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.schedule.arrivals import Arrivals, Constant, Every, Poisson, Ramp, arrivals, count_within
from assay.schedule.open import OpenLoop
from assay.schedule.step import Step

RATES = st.floats(0.01, 500)


def times(schedule: Arrivals, number: int) -> list[float]:
    return [schedule.at(index) for index in range(number)]


def drive(loop: OpenLoop, latency_s: float) -> list[Step]:
    """Steps of a run in which every request takes `latency_s`, asked for one after the other as their times come."""
    sent: list[Step] = []
    for number in count():
        last_s = sent[-1].at_s or 0.0 if sent else 0.0
        waiting = [
            step for step in sent if step.role == "measured" and (step.at_s or 0.0) + latency_s > last_s
        ]
        step = loop.next(last_s, number, len(waiting))
        if step is None:
            return sent
        sent.append(step)
    raise AssertionError


@given(RATES, st.integers(1, 200))
def test_constant_arrivals_are_equally_spaced(rate_rps: float, number: int) -> None:
    made = times(Constant(rate_rps), number)
    assert made[0] == 0.0
    assert all(gap == pytest.approx(1 / rate_rps) for gap in (b - a for a, b in pairwise(made)))


@given(RATES, st.integers(0, 10**6))
def test_poisson_arrivals_are_fixed_by_their_seed_and_a_longer_run_begins_as_the_shorter(
    rate_rps: float, seed: int
) -> None:
    short, long = times(Poisson(rate_rps, str(seed)), 20), times(Poisson(rate_rps, str(seed)), 60)
    assert long[:20] == short
    assert short == sorted(short) and short[0] > 0
    assert short != times(Poisson(rate_rps, f"{seed}/other"), 20)


@pytest.mark.parametrize("rate_rps", [0.5, 20.0])
def test_poisson_arrivals_have_the_rate_and_the_dispersion_of_a_poisson_process(rate_rps: float) -> None:
    number, window_s = 20_000, 5 / rate_rps
    made = times(Poisson(rate_rps, "a seed"), number)
    assert number / made[-1] == pytest.approx(rate_rps, rel=0.03)
    gaps = [b - a for a, b in pairwise(made)]
    assert statistics.pstdev(gaps) == pytest.approx(statistics.fmean(gaps), rel=0.05), "exponential gaps"
    counts = [0] * int(made[-1] / window_s)
    for at_s in made:
        if at_s < len(counts) * window_s:
            counts[int(at_s / window_s)] += 1
    assert statistics.pvariance(counts) / statistics.fmean(counts) == pytest.approx(1.0, abs=0.1)


@given(RATES, st.floats(0, 20), st.sampled_from(["poisson", "constant"]))
def test_arrivals_are_counted_before_a_time(rate_rps: float, seconds: float, kind: str) -> None:
    schedule = arrivals(kind, rate_rps, "seed")  # type: ignore[arg-type]
    found = count_within(schedule, seconds)
    assert found == 0 or schedule.at(found - 1) < seconds
    assert schedule.at(found) >= seconds


def ramp(from_rps: float, to_rps: float, duration_s: float, kind: str = "constant", skipped: int = 0) -> Ramp:
    return Ramp(arrivals(kind, 1.0, "seed"), from_rps, to_rps, duration_s, skipped)  # type: ignore[arg-type]


def expected(bent: Ramp, seconds: float) -> float:
    """How many arrivals are to be expected by a time, by the trapezium under the rate, and flat after it."""
    within = min(seconds, bent.duration_s)
    end_rps = bent.from_rps + (bent.to_rps - bent.from_rps) * within / bent.duration_s
    return (bent.from_rps + end_rps) / 2 * within + bent.to_rps * (seconds - within)


RAMP_RATES = st.floats(0.01, 500)
KINDS = st.sampled_from(["poisson", "constant"])


@given(RAMP_RATES, RAMP_RATES, st.floats(0.1, 100), KINDS)
def test_a_ramp_bends_the_time_of_unit_arrivals(
    from_rps: float, to_rps: float, duration_s: float, kind: str
) -> None:
    bent, units = ramp(from_rps, to_rps, duration_s, kind), arrivals(kind, 1.0, "seed")  # type: ignore[arg-type]
    made = times(bent, 60)
    assert made == sorted(made)
    assert all(b > a for a, b in pairwise(made))
    for index, at_s in enumerate(made):
        assert expected(bent, at_s) == pytest.approx(units.at(index), rel=1e-6, abs=1e-9)


@given(RAMP_RATES, st.floats(0.1, 100), KINDS)
def test_a_ramp_that_does_not_change_is_an_open_loop_at_that_rate(
    rate_rps: float, duration_s: float, kind: str
) -> None:
    level = arrivals(kind, rate_rps, "seed")  # type: ignore[arg-type]
    assert times(ramp(rate_rps, rate_rps, duration_s, kind), 50) == pytest.approx(times(level, 50))


@pytest.mark.parametrize(("from_rps", "to_rps"), [(1.0, 19.0), (19.0, 1.0)])
def test_a_ramp_has_as_many_arrivals_as_its_mean_rate_and_most_of_them_where_it_is_fast(
    from_rps: float, to_rps: float
) -> None:
    assert count_within(ramp(from_rps, to_rps, 60), 60) == 600
    assert count_within(ramp(from_rps, to_rps, 60), 30) == (165 if from_rps < to_rps else 435)
    drawn = ramp(from_rps, to_rps, 600, "poisson")
    assert count_within(drawn, 600) == pytest.approx(6000, rel=0.04)
    assert count_within(drawn, 300) == pytest.approx(1650 if from_rps < to_rps else 4350, rel=0.08)


@given(RAMP_RATES, RAMP_RATES, st.floats(1, 100))
def test_the_rate_runs_from_the_one_to_the_other_and_stays(
    from_rps: float, to_rps: float, duration_s: float
) -> None:
    bent = ramp(from_rps, to_rps, duration_s)
    assert bent.rate_rps(-3) == bent.rate_rps(0) == from_rps
    assert bent.rate_rps(duration_s / 2) == pytest.approx((from_rps + to_rps) / 2)
    assert bent.rate_rps(duration_s) == pytest.approx(to_rps) == bent.rate_rps(9 * duration_s)


@given(RAMP_RATES, RAMP_RATES, st.integers(0, 30), KINDS)
def test_a_ramp_without_its_first_arrivals_goes_on_as_the_whole_one_does(
    from_rps: float, to_rps: float, skipped: int, kind: str
) -> None:
    whole, rest = ramp(from_rps, to_rps, 5, kind), ramp(from_rps, to_rps, 5, kind, skipped)
    begins_s = whole.at(skipped) if skipped else 0.0
    assert times(rest, 20) == pytest.approx([whole.at(skipped + n) - begins_s for n in range(20)])
    assert rest.rate_rps(rest.at(7)) == pytest.approx(whole.rate_rps(whole.at(skipped + 7)))
    shared = sorted(Every(rest, first, 2).at(n) for first in (0, 1) for n in range(10))
    assert shared == pytest.approx(times(rest, 20))


def test_warm_up_arrives_first_then_what_is_measured_then_filler_until_its_last_request_ends() -> None:
    steps = drive(OpenLoop(Constant(2.0), Constant(2.0), measured=4, warmup_s=1.5), latency_s=1.2)
    assert [(step.role, step.at_s) for step in steps] == [
        *(("warmup", at_s) for at_s in (0.0, 0.5, 1.0)),
        *(("measured", at_s) for at_s in (1.5, 2.0, 2.5, 3.0)),
        *(("filler", at_s) for at_s in (3.5, 4.0, 4.5)),
    ]


def test_the_times_do_not_depend_on_how_long_answers_take_nor_on_what_has_gone_by() -> None:
    def loop() -> OpenLoop:
        return OpenLoop(Poisson(5, "w"), Poisson(5, "m"), measured=30, warmup_s=2)

    quick, slow = drive(loop(), 0.01), drive(loop(), 100.0)
    assert [step for step in slow if step.role != "filler"] == [
        step for step in quick if step.role != "filler"
    ]
    assert sum(step.role == "filler" for step in slow) == 30, "a straggler can't cost without end"


def test_nothing_to_measure_sends_nothing() -> None:
    assert drive(OpenLoop(Constant(1), Constant(1), measured=0, warmup_s=9), 1) == []


@given(RATES, st.integers(1, 40), st.integers(0, 60))
def test_a_budget_bounds_the_filler(rate_rps: float, measured: int, filler: int) -> None:
    loop = OpenLoop(Constant(rate_rps), Constant(rate_rps), measured, filler=filler)
    roles = [step.role for step in drive(loop, latency_s=1e9)]
    assert roles == ["measured"] * measured + ["filler"] * min(measured, filler)
