"""A price is the user's, else the public one, else unknown; and unknown is never nothing."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.config.consistency import asked
from assay.config.files import PROJECT
from assay.config.load import load
from assay.errors import InputError
from assay.prices.book import Price, Rates, Threshold, Usage, cost_usd, most_usd
from assay.prices.lookup import price_of
from assay.prices.public import bare_id
from assay.prices.settings import PriceList, PriceOverride
from assay.prices.snapshot import read
from assay.prices.taking import take

DAY = date(2026, 11, 21)
PLAIN = Price(3.0, 15.0, 0.3, 3.75)
TIERED = Price(
    1.0,
    2.0,
    0.1,
    1.25,
    thresholds=(Threshold(1000, 10.0, 20.0, 1.0, 12.5), Threshold(5000, 100.0, 200.0, 10.0, 125.0)),
)


def test_cost_is_tokens_times_price() -> None:
    assert cost_usd(Usage(1_000_000, 100_000), PLAIN) == pytest.approx(4.5)
    assert cost_usd(Usage(0, 0), PLAIN) == 0.0


def test_cached_tokens_are_priced_apart() -> None:
    assert cost_usd(Usage(1_000_000, 0, 1_000_000, 1_000_000), PLAIN) == pytest.approx(3 + 0.3 + 3.75)


@pytest.mark.parametrize(
    ("usage", "price"),
    [
        (Usage(10, 10), Price()),
        (Usage(10, 10), Price(input_usd_per_million=1.0)),
        (Usage(10, 10), Price(output_usd_per_million=1.0)),
        (Usage(None, 10), PLAIN),
        (Usage(10, None), PLAIN),
        (Usage(10, 10, cache_read_tokens=1), Price(1.0, 1.0)),
        (Usage(10, 10, cache_write_tokens=1), Price(1.0, 1.0, cache_read_usd_per_million=1.0)),
    ],
)
def test_what_is_not_known_makes_the_cost_unknown(usage: Usage, price: Price) -> None:
    assert cost_usd(usage, price) is None


def test_an_unknown_cache_price_does_not_matter_where_nothing_was_cached() -> None:
    assert cost_usd(Usage(1_000_000, 0, 0, None), Price(2.0, 1.0)) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("usage", "dollars_per_million"),
    [
        (Usage(1000, 10), 1000 * 1 + 10 * 2),
        (Usage(1001, 10), 1001 * 10 + 10 * 20),  # the whole request, not what lies above
        (
            Usage(1, 10, cache_read_tokens=1000),
            1 * 10 + 10 * 20 + 1000 * 1,
        ),  # cached input counts for the threshold
        (Usage(1, 10, cache_write_tokens=1000), 1 * 10 + 10 * 20 + 1000 * 12.5),
        (Usage(5001, 1), 5001 * 100 + 200),
    ],
)
def test_above_a_threshold_the_whole_request_costs_more(usage: Usage, dollars_per_million: float) -> None:
    assert cost_usd(usage, TIERED) == pytest.approx(dollars_per_million / 1e6)


VARIED = Price(
    1.0,
    2.0,
    0.1,
    1.25,
    2.0,
    thresholds=(Threshold(1000, 2.0, 4.0),),
    batch=Rates(0.5, 1.0),
    service_tiers={
        "priority": Rates(1.75, 3.5, thresholds=(Threshold(1000, 3.5, 7.0),)),
        "flex": Rates(0.5, 1.0),
    },
    latency_optimized=Rates(3.0, 6.0),
    source="here",
    dated="2026-11-21",
    notes=("it knows no better",),
)


@pytest.mark.parametrize(
    ("tier", "latency", "rates"),
    [
        (None, None, (1.0, 2.0)),
        ("default", "standard", (1.0, 2.0)),
        ("priority", None, (1.75, 3.5)),
        ("flex", "standard", (0.5, 1.0)),
        (None, "optimized", (3.0, 6.0)),
        ("reserved", None, (None, None)),
        ("priority", "optimized", (None, None)),
    ],
)
def test_a_line_has_the_rates_of_its_tier_and_never_those_of_another(
    tier: str | None, latency: str | None, rates: tuple[float | None, float | None]
) -> None:
    price = VARIED.of_line(tier, latency)
    assert (price.input_usd_per_million, price.output_usd_per_million) == rates
    assert (price.source, price.dated, price.notes) == ("here", "2026-11-21", ("it knows no better",))
    assert price.of_line(None, None) == price


def test_above_a_threshold_a_variant_costs_what_is_known_of_it_there_and_nothing_else() -> None:
    usage = Usage(2000, 10)
    assert cost_usd(usage, VARIED.of_line("priority", None)) == pytest.approx((2000 * 3.5 + 70) / 1e6)
    assert cost_usd(usage, VARIED.of_line("flex", None)) is None, "nobody says what flex costs above 1,000"
    assert cost_usd(Usage(1000, 10), VARIED.of_line("flex", None)) == pytest.approx(510 / 1e6)


def test_by_the_hour_no_request_has_a_cost_of_its_own() -> None:
    price = Price(usd_per_hour=20.0, model_units=2)
    assert cost_usd(Usage(10, 10), price) is None
    assert most_usd(10, 10, price) == 0.0
    assert price.of_line("priority", "optimized") == price
    assert price.priced_by == "hour" and not price.known


@pytest.mark.parametrize(
    ("tokens", "price", "most"),
    [
        ((1000, 10), Price(1.0, 2.0), 1020),
        ((1000, 10), Price(1.0, 2.0, 0.1, 1.25), 1270),  # all of it may be written to the cache
        ((1000, 10), Price(1.0, 2.0, 5.0), 5020),
        ((1001, 10), VARIED, 1001 * 2.0 + 40),  # over the threshold
        ((1000, 10), VARIED, 1000 * 1.25 + 20),
        ((2000, 10), Price(3.0, 2.0, thresholds=(Threshold(1000, 1.0, 9.0),)), 2000 * 3.0 + 90),
        ((0, 10), Price(None, 2.0), 20),
        ((10, 10), Price(1.0), None),
        ((10, 10), Price(), None),
        ((2000, 10), Price(1.0, 2.0, thresholds=(Threshold(1000),)), None),
        ((1000, 10), Price(1.0, 2.0, thresholds=(Threshold(1000),)), 1020),
    ],
)
def test_the_most_that_a_request_can_cost(tokens: tuple[int, int], price: Price, most: float | None) -> None:
    found = most_usd(*tokens, price)
    assert found == (None if most is None else pytest.approx(most / 1e6))


def test_a_cache_write_of_unknown_price_has_no_most() -> None:
    assert most_usd(1000, 10, Price(1.0, 2.0), cached=True) is None
    assert most_usd(1000, 10, PLAIN, cached=True) == most_usd(1000, 10, PLAIN)


@given(
    rates=st.lists(st.floats(0, 100), min_size=4, max_size=4),
    dearer=st.lists(st.floats(0, 100), min_size=4, max_size=4),
    above=st.integers(0, 3000),
    most=st.tuples(st.integers(0, 4000), st.integers(0, 1000)),
    share=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    total=st.floats(0, 1),
)
def test_no_request_costs_more_than_its_most(
    rates: list[float],
    dearer: list[float],
    above: int,
    most: tuple[int, int],
    share: tuple[float, float, float],
    total: float,
) -> None:
    price = Price(*rates, thresholds=(Threshold(above, *dearer),))
    whole = sum(share) or 1.0
    plain, read, write = (int(total * most[0] * part / whole) for part in share)
    cost = cost_usd(Usage(plain, int(total * most[1]), read, write), price)
    bound = most_usd(*most, price)
    assert cost is not None and bound is not None and cost <= bound * (1 + 1e-12)


def test_the_users_price_comes_first_and_says_so() -> None:
    override = PriceOverride(input_usd_per_million=7, output_usd_per_million=8, dated=DAY)
    price = price_of("us.amazon.nova-pro-v1:0", {"us.amazon.nova-pro-v1:0": override}, DAY)
    assert (price.input_usd_per_million, price.output_usd_per_million) == (7, 8)
    assert price.cache_read_usd_per_million is None
    assert (price.source, price.dated) == ("the benchmark file", "2026-11-21")


def test_the_users_price_holds_variants_thresholds_and_provisioned_throughput() -> None:
    rates = {"input_usd_per_million": 1, "output_usd_per_million": 2}
    above = {"above_input_tokens": 1000, "input_usd_per_million": 3, "output_usd_per_million": 4}
    override = PriceOverride.model_validate(
        rates
        | {
            "cache_write_1h_usd_per_million": 2,
            "batch": {"input_usd_per_million": 0.5, "output_usd_per_million": 1},
            "service_tiers": {"priority": rates | {"thresholds": [above]}},
            "latency_optimized": rates,
            "thresholds": [above],
        }
    )
    price = price_of("sim.x", {"sim.x": override}, DAY)
    long = (Threshold(1000, 3.0, 4.0),)
    assert price.thresholds == long
    assert price.service_tiers == {"priority": Rates(1.0, 2.0, thresholds=long)}
    assert price.latency_optimized == Rates(1.0, 2.0)
    assert price.batch == Rates(0.5, 1.0)
    assert price.cache_write_1h_usd_per_million == 2.0

    hour = PriceOverride.model_validate({"usd_per_hour": 20, "model_units": 3})
    owned = price_of("sim.x", {"sim.x": hour}, DAY)
    assert owned.usd_per_hour_of_all_units == 60.0 and owned.input_usd_per_million is None


def test_a_public_price_names_its_source() -> None:
    price = price_of("amazon.nova-pro-v1:0", {}, DAY)
    assert price.input_usd_per_million is not None and price.input_usd_per_million > 0
    assert (
        price.source is not None and "genai-prices" in price.source and "amazon.nova-pro-v1:0" in price.source
    )
    assert price.notes == ()


def test_a_profile_whose_region_has_no_price_of_its_own_says_so() -> None:
    price = price_of("eu.amazon.nova-lite-v1:0", {}, DAY)
    assert price.input_usd_per_million == price_of("amazon.nova-lite-v1:0", {}, DAY).input_usd_per_million
    assert any("eu. profiles, which can cost more" in note for note in price.notes)


def test_a_regional_claude_profile_costs_more_than_the_global_one() -> None:
    regional = price_of("us.anthropic.claude-haiku-4-5-20251001-v1:0", {}, DAY)
    everywhere = price_of("global.anthropic.claude-haiku-4-5-20251001-v1:0", {}, DAY)
    assert regional.input_usd_per_million is not None and everywhere.input_usd_per_million is not None
    assert regional.input_usd_per_million == pytest.approx(1.1 * everywhere.input_usd_per_million)
    assert not regional.notes


def test_public_thresholds_re_price_the_whole_request() -> None:
    price = price_of("global.anthropic.claude-haiku-5-5", {}, DAY)
    assert [threshold.above_input_tokens for threshold in price.thresholds] == [100_000]
    below, above = cost_usd(Usage(100_000, 10), price), cost_usd(Usage(100_001, 10), price)
    assert below is not None and above is not None
    assert above / below == pytest.approx(5, rel=1e-3)


def test_an_arn_of_a_profile_is_priced_as_the_profile() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3-3-70b-instruct-v1:0"
    assert bare_id(arn) == "us.meta.llama3-3-70b-instruct-v1:0"
    assert price_of(arn, {}, DAY) == price_of("us.meta.llama3-3-70b-instruct-v1:0", {}, DAY)


@pytest.mark.parametrize(
    "model",
    [
        "sim.swift-v1:0",
        "cohere.command-r-plus-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
        "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123",
        "gpt-4o",
    ],
)
def test_what_no_source_knows_is_unknown_and_not_free(model: str) -> None:
    assert price_of(model, {}, DAY) == Price()


def test_every_reference_benchmark_knows_all_its_prices() -> None:
    for file in (PROJECT / "config" / "bedrock").glob("*.yaml"):
        benchmark = load(file)
        for _, model in asked(benchmark.models, benchmark.judges):
            price = price_of(model.id, benchmark.prices, DAY)
            assert price.input_usd_per_million and price.output_usd_per_million, model.id


def test_a_snapshot_is_read_back_as_it_was_taken(tmp_path: Path) -> None:
    ids = ("sim.x", "global.anthropic.claude-haiku-5-5")
    taken = take(PriceList(models=ids, region="us-east-1"), DAY)
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(taken))
    assert taken["taken"] == "2026-11-21"
    assert read(file) == {model: price_of(model, {}, DAY) for model in ids}


def test_a_snapshot_keeps_every_part_of_a_price(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    owned = Price(usd_per_hour=20.0, model_units=2, source="here")
    file.write_text(json.dumps({"prices": {"a": VARIED.as_json(), "b": owned.as_json()}}))
    assert read(file) == {"a": VARIED, "b": owned}


def test_a_snapshot_of_an_older_kind_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"prices": {"a": {"input_usd_per_million": 1.0, "tiers": []}}}))
    with pytest.raises(InputError, match=r"as this version of Assay takes them .*delete it and run again"):
        read(file)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"prices": {"a": 1}}', '{"prices": {"a": {"x": 1}}}'])
def test_a_file_that_is_no_snapshot_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "prices.json"
    file.write_text(content)
    with pytest.raises(InputError, match="is not a snapshot of prices"):
        read(file)


def test_the_stage_writes_the_snapshot_and_names_what_is_unknown(tmp_path: Path) -> None:
    settings = {
        "models": ["sim.x", "sim.y"],
        "region": None,
        "overrides": {"sim.y": {"input_usd_per_million": 1, "output_usd_per_million": 2}},
    }
    out, log = tmp_path / "made" / "prices.json", tmp_path / "logs" / "prices.log"
    command = [sys.executable, "scripts/prices.py", "--settings", json.dumps(settings)]
    ran = subprocess.run(
        [*command, "--out", str(out), "--log", str(log)],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert read(out)["sim.y"].output_usd_per_million == 2
    assert read(out)["sim.x"] == Price()
    assert "sim.x: price unknown" in log.read_text()
    assert [file.name for file in out.parent.iterdir()] == ["prices.json"]
