"""What a plan is going to cost: counted exactly where it can be, honest ends where it can't, and the cap held against it."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from assay.bedrock.settings import BedrockEndpoint
from assay.judging.prompt import template
from assay.ledger.ledger import opened
from assay.prices.book import Price
from assay.prompts.prompt import Prompt
from assay.prompts.tokenizer import TokenCounter
from assay.schedule.closed import ClosedLoop
from assay.spending.budget import levers, refused
from assay.spending.ends import WIDEST, Ends, between, exactly
from assay.spending.estimate import Estimate, Estimator
from assay.spending.estimate_settings import EstimateJob
from assay.spending.facts import Facts, _out_from, counted
from assay.spending.power import power
from assay.spending.printed import printed
from assay.stopping.standing import stop_note

WORDS = TokenCounter("words", None, "", lambda texts: [len(text.split()) for text in texts], lambda *_: [])
JUDGE = template("Question: {question} References: {references} Answer: {answer}", "test")
ENDPOINT = BedrockEndpoint(kind="bedrock", region="us-east-1", url="http://127.0.0.1:9")
PRICES = {
    "cheap": Price(0.1, 0.4, 0.01, 0.125),
    "dear": Price(3.0, 15.0),
    "judge": Price(0.25, 1.25),
    "judge-2": Price(0.5, 2.5),
}


def job(**changed: Any) -> EstimateJob:
    plain: dict[str, Any] = {
        "run": {"name": "x", "edition": 1, "seed": 1},
        "endpoint": ENDPOINT.model_dump(),
        "tokenizer": {"kind": "tekken"},
        "models": [{"label": "a", "id": "cheap"}, {"label": "b", "id": "dear"}],
        "inference": {"max_tokens": 100, "temperature": 0.0},
        "load": {"concurrency": [1, 4], "requests": 40, "warmup": 1},
        "judges": {
            "panel": [{"label": "j", "id": "judge"}, {"label": "k", "id": "judge-2"}],
            "inference": {"max_tokens": 300, "temperature": 0.0},
            "concurrency": 8,
            "retry": {},
        },
        "dataset_of_interest": "long",
        "level_of_interest": "c4",
    }
    return EstimateJob.model_validate({**plain, **changed})


def facts(folder: Path, prices: dict[str, Price] | None = None, n: int = 20) -> Facts:
    prompts = {
        bucket: [
            Prompt(
                f"{bucket}{number:012d}", bucket, number, f"e{number}", "set", "en", f"s{number}", "qa_f1",
                tokens + number, f"{bucket} {number}", "which?", ("one two",), None,
            )
            for number in range(n)
        ]
        for bucket, tokens in (("short", 200), ("long", 2000))
    }  # fmt: skip
    references, judged, verdict = counted([one for each in prompts.values() for one in each], JUDGE, WORDS)
    return Facts(
        ENDPOINT,
        prompts, references, judged, verdict, JUDGE, None, 0, prices or PRICES, folder / "ledger", frozenset(),
    )  # fmt: skip


def estimate(folder: Path, prices: dict[str, Price] | None = None, **changed: Any) -> Estimate:
    settings = job(**changed)
    return Estimator(facts(folder, prices), settings, cores=2).of(settings)


PLANS: list[dict[str, Any]] = [
    {},
    {"load": {"concurrency": [], "rates_rps": [2.0], "requests": 40}},
    {"load": {"concurrency": [8], "duration_s": 60}},
    {"load": {"concurrency": [2], "requests": 9, "blocks": 4}},
    {"load": {"concurrency": [1], "ramps": [{"from_rps": 1, "to_rps": 9, "duration_s": 10}], "search": {}}},
    {"models": [{"label": "a", "id": "cheap", "cache": "warm"}]},
    {"inference": {"max_tokens": 4000, "temperature": 1.0}, "load": {"concurrency": [1, 64], "requests": 10}},
    {"stop": {"ttft_p95": "5 %", "accuracy": "3 points", "min_requests": 10, "min_prompts": 5}},
    {"stop": {"looks": 5}, "load": {"concurrency": [1], "requests": 50, "blocks": 10}},
    {"quotas": {"cheap": {"tokens_per_minute": 1000, "requests_per_minute": 3}}},
]


@pytest.mark.parametrize("plan", PLANS)
def test_ends_are_at_most_three_times_apart_in_every_row_and_in_all(
    tmp_path: Path, plan: dict[str, Any]
) -> None:
    found = estimate(tmp_path, **plan).as_json()
    rows = [
        row[name]
        for row in found["rows"]
        for name in ("input_tokens", "output_tokens", "minutes", "left_usd")
    ]
    rows += [ends for row in found["rows"] for ends in row["requests"].values()]
    rows += [found["total"][name] for name in ("requests", "input_tokens", "output_tokens", "minutes")]
    for ends in rows:
        assert 0 <= ends["low"] <= ends["high"] <= ends["low"] * WIDEST * (1 + 1e-9) or ends["low"] == 0, plan
    total = found["total"]
    assert total["low_usd"] <= total["high_usd"] <= total["low_usd"] * WIDEST
    assert total["high_usd"] <= total["at_most_usd"] * (1 + 1e-9)
    assert total["low_usd"] == pytest.approx(sum(row["usd"]["low"] for row in found["rows"]))
    assert json.loads(json.dumps(found)) == found


def test_a_range_that_is_too_wide_is_shown_around_its_middle_and_inside_its_ends() -> None:
    assert Ends(2, 3, 6, 9).narrowed() == Ends(2, 3, 6, 9)
    wide = between(1, 100, 400).narrowed()
    assert wide.low == pytest.approx(10 / 3**0.5) and wide.high == pytest.approx(10 * 3**0.5)
    assert wide.at_most == 400
    near_its_end = Ends(10, 12, 100, 100).narrowed()
    assert near_its_end.low == 10 and near_its_end.high == pytest.approx(12 * 3**0.5)


def test_measured_and_warm_up_requests_are_counted_exactly(tmp_path: Path) -> None:
    models = {row.label: row for row in estimate(tmp_path).rows if row.kind == "model"}
    requests = models["a"].left.requests
    assert requests["measured"] == exactly(2 * 2 * 40)
    assert requests["warmup"] == exactly(2 * (1 + 4))


@pytest.mark.parametrize(("concurrency", "measured"), [(1, 5), (4, 40), (16, 40), (16, 10)])
def test_filler_of_a_closed_loop_lies_within_what_the_schedule_sends(
    tmp_path: Path, concurrency: int, measured: int
) -> None:
    """With answers that take about equally long, and with one that takes ten times as long."""
    load = {"concurrency": [concurrency], "requests": measured, "warmup": 1}
    found = estimate(tmp_path, load=load, level_of_interest=f"c{concurrency}")
    count = found.rows[0].left.requests["filler"] * 0.5  # of one of the two buckets
    sent = [_filler(concurrency, measured, slow) for slow in (1.0, 10.0)]
    assert count.low <= sent[0]
    assert sent[1] <= count.at_most


def _filler(concurrency: int, measured: int, slowest: float) -> int:
    loop = ClosedLoop(concurrency, warmup=concurrency, measured=measured)
    draw = random.Random(5)
    free = [(0.01 * slot, slot) for slot in range(concurrency)]
    in_flight: list[tuple[float, int]] = []
    sent = filler = given = 0
    while free:
        now, slot = min(free)
        free.remove((now, slot))
        running = sum(end > now for end, _ in in_flight)
        step = loop.next(now, sent, running)
        if step is None:
            continue
        sent += 1
        took = draw.uniform(0.7, 1.3)
        if step.role == "measured":
            given += 1
            took *= slowest if given == measured else 1.0
            in_flight.append((now + took, slot))
        filler += step.role == "filler"
        free.append((now + took, slot))
    return filler


def test_an_unknown_price_is_unknown_and_in_no_sum(tmp_path: Path) -> None:
    known = {name: price for name, price in PRICES.items() if name != "dear"}
    found = estimate(tmp_path, {**known, "dear": Price(input_usd_per_million=3.0)})
    rows = {row.label: row for row in found.rows}
    assert rows["b"].usd is None and rows["preflight"].usd is None and found.unknown == ["dear"]
    priced = estimate(tmp_path, models=[{"label": "a", "id": "cheap"}])
    assert found.usd.low < priced.usd.high
    assert found.as_json()["rows"][1]["left_usd"] is None
    settings = job()
    text = printed(found, power(settings, facts(tmp_path), {}, None), settings)
    assert "unknown" in text and "dear" in text


def test_with_a_cap_an_unknown_price_is_refused_with_the_line_to_write(tmp_path: Path) -> None:
    settings = job(budget={"max_usd": 100})
    estimator = Estimator(facts(tmp_path, {**PRICES, "dear": Price()}), settings, 2)
    why_not = refused(estimator.of(settings), estimator, settings)
    assert why_not is not None
    assert '"dear": {input_usd_per_million: ..., output_usd_per_million: ...}' in why_not
    assert '"cheap"' not in why_not and '"preflight"' not in why_not


def test_a_known_model_asked_in_a_way_of_unknown_price_is_named_with_the_rates_that_are_missing(
    tmp_path: Path,
) -> None:
    models = [
        {"label": "a", "id": "cheap", "service_tier": "flex"},
        {"label": "b", "id": "cheap", "service_tier": "priority"},
        {"label": "c", "id": "dear", "cache": "warm"},
    ]
    settings = job(budget={"max_usd": 100}, models=models)
    given = facts(tmp_path, {**PRICES, "dear": Price(3.0, 15.0)})
    estimator = Estimator(given, settings, 2)
    found = estimator.of(settings)
    flex, priority, cached = (
        "cheap (service tier flex)", "cheap (service tier priority)", "dear (with prompt caching)",
    )  # fmt: skip
    assert found.as_json()["unknown_prices"] == found.unknown == [flex, priority, cached]
    rates = "input_usd_per_million: ..., output_usd_per_million: ..."
    tiers = f'"cheap": {{{rates}, service_tiers: {{flex: {{{rates}}}, priority: {{{rates}}}}}}}'
    warm = f'"dear": {{{rates}, cache_read_usd_per_million: ..., cache_write_usd_per_million: ...}}'
    text = printed(found, power(settings, given, {}, None), settings)
    for said in (refused(found, estimator, settings), text):
        assert said is not None and tiers in said and warm in said and flex in said
    assert "even in the worst case" not in text


def test_where_no_price_is_known_the_total_is_unknown_and_not_0(tmp_path: Path) -> None:
    settings = job()
    found = estimate(tmp_path, dict.fromkeys(PRICES, Price()))
    total = found.as_json()["total"]
    assert {usd for name, usd in total.items() if name.endswith("usd")} == {None}
    text = printed(found, power(settings, facts(tmp_path), {}, None), settings)
    (line,) = (line for line in text.splitlines() if line.startswith("total"))
    assert line.split()[-2:] == ["unknown", "unknown"]


def test_provisioned_throughput_is_paid_by_the_hour_and_not_shown_as_free(tmp_path: Path) -> None:
    settings = job()
    found = estimate(tmp_path, {**PRICES, "dear": Price(usd_per_hour=30.0, model_units=2)})
    text = printed(found, power(settings, facts(tmp_path), {}, None), settings)
    (line,) = (line for line in text.splitlines() if line.startswith("model b"))
    assert line.endswith("by the hour  by the hour") and "60.0 USD an hour" in text


@pytest.mark.parametrize(("start_rps", "probe_s", "most", "sent"), [(5, 2, 800, 736), (1, 60, 5000, 793)])
def test_a_search_is_thought_to_double_its_rate_and_to_meet_its_most_requests(
    tmp_path: Path, start_rps: float, probe_s: float, most: int, sent: int
) -> None:
    """`sent`: what a search of the simulator took, and what one takes whose highest rate is twice the first."""
    search = {"start_rps": start_rps, "probe_s": probe_s, "max_requests": most}
    found = estimate(tmp_path, load={"concurrency": [4], "requests": 20, "search": search})
    ends = next(row.left.all_requests.narrowed() for row in found.rows if row.kind == "search")
    assert ends.low <= sent <= ends.high <= 3 * ends.low and ends.at_most == most


def test_a_run_that_fits_is_not_refused_and_one_that_may_not_fit_is_warned_of(tmp_path: Path) -> None:
    usd = estimate(tmp_path).usd
    for cap, above, warned in (
        (usd.high * 0.99, True, False),
        (usd.high * 1.01, False, True),
        (usd.at_most * 1.01, False, False),
    ):
        settings = job(budget={"max_usd": cap})
        estimator = Estimator(facts(tmp_path), settings, 2)
        found = estimator.of(settings)
        assert (found.above, found.may_be_capped) == (above, warned)
        assert (refused(found, estimator, settings) is not None) is above


def test_every_lever_says_what_it_leads_to_and_lowers_the_estimate(tmp_path: Path) -> None:
    before = estimate(tmp_path, inference={"max_tokens": 100, "temperature": 1.0})
    cap = before.usd.high * 0.6
    settings = job(budget={"max_usd": cap}, inference={"max_tokens": 100, "temperature": 1.0})
    estimator = Estimator(facts(tmp_path), settings, 2)
    lines = list(levers(estimator, settings, cap))
    words = [line.split(":")[0] for line in lines]
    assert words == [
        "load.requests",
        "load.concurrency",
        "n",
        "without model b",
        "without judge k",
        "without judges",
        "budget.max_usd",
    ]
    count = int(lines[0].split()[1])
    fewer = settings.model_copy(update={"load": settings.load.model_copy(update={"requests": count})})
    assert not estimator.of(fewer).above and count > 1
    more = settings.model_copy(update={"load": settings.load.model_copy(update={"requests": count + 4})})
    assert estimator.of(more).above
    assert float(lines[-1].split()[1]) >= before.usd.high
    for line in lines[:-1]:
        assert "USD" in line


def test_quotas_bound_the_minutes_from_below(tmp_path: Path) -> None:
    free = estimate(tmp_path).rows[0].left
    quota = {"requests_per_minute": 10, "tokens_per_minute": 30_000, "output_burndown": 5}
    bound = estimate(tmp_path, quotas={"cheap": quota}).rows[0].left
    assert bound.seconds.low >= free.all_requests.low * 6
    assert bound.seconds.low >= (free.input_tokens.low + 5 * free.output_tokens.low) / 500
    assert bound.seconds.high >= (free.input_tokens.high + 5 * 100 * free.all_requests.high) / 500
    judged = estimate(
        tmp_path,
        judges={**job().judges.model_dump(mode="json"), "quota": {"requests_per_minute": 2}},  # type: ignore[union-attr]
    )
    for row in judged.rows:
        if row.kind == "judge":
            assert row.left.seconds.low >= row.left.all_requests.low * 30


def test_models_are_measured_side_by_side_as_far_as_there_are_cores(tmp_path: Path) -> None:
    settings = job()
    alone, beside = (Estimator(facts(tmp_path), settings, cores).of(settings).seconds for cores in (1, 2))
    assert beside.high < alone.high <= 2 * beside.high + 1e-6


def test_stopping_early_lowers_the_low_end_and_nothing_else(tmp_path: Path) -> None:
    load = {"concurrency": [1], "requests": 40, "blocks": 8, "warmup": 1}
    whole = estimate(tmp_path, load=load)
    stopped = estimate(tmp_path, load=load, stop={"e2e_p95": "5 %", "min_requests": 20})
    for before, after in zip(whole.rows, stopped.rows, strict=True):
        if before.kind == "model":
            assert after.left.requests["measured"].low == 2 * 20
            assert after.left.requests["measured"].high == before.left.requests["measured"].high
            assert before.usd is not None and after.usd is not None
            assert after.left.usd is not None and before.left.usd is not None
            assert after.left.usd.high == pytest.approx(before.left.usd.high)
            assert after.usd.low < before.usd.low


def test_what_looks_and_widths_have_ended_is_not_to_be_bought(tmp_path: Path) -> None:
    load = {"concurrency": [1], "requests": 40, "blocks": 8, "warmup": 1}
    settings = job(load=load, stop={"looks": 4, "e2e_p95": "5 %", "min_requests": 20})
    known = facts(tmp_path)
    known.out_from = {"a": 2}
    line = known.line(settings.models[1], settings.inference, 1, "invoke")
    assert settings.stop is not None
    path = line.folder / f"{line.stem('invoke')}c1.b4.jsonl"
    path.parent.mkdir(parents=True)
    note = stop_note("short", "it is known", 1, settings.stop.cells(0.95))
    other = stop_note("long", "it is known", 1, None)
    with opened(path) as ledger:
        ledger.write_note(note)
        ledger.write_note(other)
    rows = {row.label: row for row in Estimator(known, settings, 2).of(settings).rows}
    assert rows["a"].left.requests["measured"].at_most == 2 * 2 * 5
    measured = rows["b"].left.requests["measured"]
    assert measured.at_most == 2 * 40 - 5
    assert (
        rows["b"].plan.requests["measured"].at_most == rows["a"].plan.requests["measured"].at_most == 2 * 40
    )


def test_a_look_that_ended_a_model_is_known_to_the_estimate(tmp_path: Path) -> None:
    stop = {"looks": 4}
    load = {"concurrency": [1], "requests": 40, "blocks": 8}
    paths = [tmp_path / str(look) / f"{model}.json" for look in (1, 2, 3) for model in ("a", "b")]
    for path, more in zip(paths[:4], (True, True, False, True), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"more": more, "reason": None if more else "out"}), "utf-8")
    assert _out_from(job(load=load, stop=stop), paths) == {"a": 4}
    assert _out_from(job(load=load), paths) == {}


def test_judges_are_asked_once_for_a_prompt_at_least_and_once_for_a_request_at_most(tmp_path: Path) -> None:
    cold, hot = (
        estimate(tmp_path, inference={"max_tokens": 100, "temperature": temperature}).rows
        for temperature in (0.0, 1.0)
    )
    for rows in (cold, hot):
        for row in rows:
            if row.kind == "judge":
                assert row.left.requests["judging"].low == pytest.approx(0.9 * 2 * 2 * 20)
                assert row.left.requests["judging"].at_most == 2 * 2 * 2 * 40
    asked = [
        [row.left.requests["judging"].middle for row in rows if row.kind == "judge"] for rows in (cold, hot)
    ]
    assert all(less < more for less, more in zip(*asked, strict=True))


def test_the_document_is_no_part_of_what_judges_cost(tmp_path: Path) -> None:
    found = estimate(tmp_path)
    judge = next(row for row in found.rows if row.kind == "judge").left
    assert judge.input_tokens.high / judge.all_requests.high < 800


def test_no_key_is_made_where_there_is_no_ledger(tmp_path: Path) -> None:
    """Hashing every prompt of every model is what a large plan would wait for."""
    settings = job(load={"concurrency": [1, 2, 4, 8, 16], "requests": 5000, "blocks": 5})
    estimator = Estimator(facts(tmp_path), settings, 4)
    estimator.of(settings)
    assert not any(line.asked.keys for line in estimator.models.values())
