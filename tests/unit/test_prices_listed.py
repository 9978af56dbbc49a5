"""From the AWS Price List only what is certain is taken: the right model, route, tier and unit, or nothing, with a note."""

import copy
from datetime import date
from typing import Any

import pytest
from listed_products import HAIKU, NOVA, QWEN, all_products, marketplace, product

from assay.prices.book import Price, Rates, Threshold
from assay.prices.listed import figures, price_of
from assay.prices.lookup import price_of as looked_up
from assay.prices.settings import PriceOverride

DAY = date(2026, 11, 21)


def priced(model: str, products: list[dict[str, Any]] | None = None, above: tuple[int, ...] = ()) -> Price:
    found = figures(all_products() if products is None else products, "us-east-1", DAY)
    return price_of(model, "us-east-1", found, above)


def test_every_dimension_of_a_model_is_read_with_its_source_and_date() -> None:
    price = priced("amazon.nova-lite-v1:0")
    assert price.input_usd_per_million == pytest.approx(0.06)
    assert price.output_usd_per_million == pytest.approx(0.24)
    assert price.cache_read_usd_per_million == pytest.approx(0.015)
    assert price.cache_write_usd_per_million == 0.0, "this one is listed as free"
    assert price.cache_write_1h_usd_per_million is None
    assert price.batch == Rates(pytest.approx(0.03), pytest.approx(0.12))  # type: ignore[arg-type]
    tiers = {
        tier: (rates.input_usd_per_million, rates.output_usd_per_million)
        for tier, rates in price.service_tiers.items()
    }
    assert tiers == {"priority": pytest.approx((0.105, 0.42)), "flex": pytest.approx((0.03, 0.12))}
    optimized = price.of_line(None, "optimized")
    assert optimized.input_usd_per_million == pytest.approx(0.075)
    assert price.source == "AWS Price List, AmazonBedrock, us-east-1, published 2026-11-05"
    assert price.dated == "2026-10-01"
    assert price.notes == ()
    assert price.usd_per_hour is None, "which term of provisioned throughput is paid for, no model id says"


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("amazon.nova-lite-v1:0", (0.06, 0.24)),
        ("us.amazon.nova-lite-v1:0", (0.06, 0.24)),
        ("amazon.nova-2-lite-v1:0", (0.33, 2.75)),
        ("global.amazon.nova-2-lite-v1:0", (0.3, 2.5)),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", (1.1, 5.5)),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", (1.0, 5.0)),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.amazon.nova-2-lite-v1:0", (0.3, 2.5)),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", (0.06, 0.24)),
        ("qwen.qwen3-32b-v1:0", (0.15, 0.6)),
        ("qwen.qwen3-32b", (0.15, 0.6)),
    ],
)  # fmt: skip
def test_a_route_has_the_price_of_that_route(model: str, dollars: tuple[float, float]) -> None:
    price = priced(model)
    assert (price.input_usd_per_million, price.output_usd_per_million) == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("global.amazon.nova-lite-v1:0", "no price of amazon.nova-lite-v1:0 through a global profile"),
        ("amazon.nova-pro-v1:0", "names no product that is surely amazon.nova-pro-v1:0"),
        ("anthropic.claude-haiku-4-20250514-v1:0", "names no product that is surely"),
        ("anthropic.claude-haiku-4-5-20251001-v2:0", "names no product that is surely"),
        ("other.nova-lite-v1:0", "names no product that is surely"),
        ("amazon.nova-sonic-v1:0", "names no product that is surely"),
        ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc", "doesn't name its model"),
        ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc", "doesn't name its model, its term"),
        ("arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abc", "names no model that AWS lists"),
        ("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0", "the ARN is of eu-west-1"),
        ("sim-x", "is no id of a model that AWS lists"),
    ],
)  # fmt: skip
def test_what_is_not_certain_has_no_figure_and_a_note(model: str, why: str) -> None:
    price = priced(model)
    assert price == Price(notes=price.notes)
    assert any(why in note for note in price.notes), price.notes


def test_calls_through_a_profile_of_an_area_are_priced_as_the_regions_and_say_so() -> None:
    assert any(
        "us. profile as those of us-east-1" in note for note in priced("us.amazon.nova-lite-v1:0").notes
    )
    own = [
        product("USE1-NovaLite-input-tokens-cross-region-geo", "0.00007", NOVA),
        product("USE1-NovaLite-output-tokens-cross-region-geo", "0.00028", NOVA),
    ]
    price = priced("us.amazon.nova-lite-v1:0", [*all_products(), *own])
    assert price.input_usd_per_million == pytest.approx(0.07) and not price.notes
    assert priced("amazon.nova-lite-v1:0", [*all_products(), *own]).input_usd_per_million == pytest.approx(
        0.06
    )


def test_a_profile_of_one_area_does_not_get_the_price_of_another() -> None:
    named = [
        product("EUC1-NovaLite-input-tokens-cross-region-eu", "0.00008", NOVA),
        product("EUC1-NovaLite-output-tokens-cross-region-eu", "0.00032", NOVA),
    ]
    assert priced("eu.amazon.nova-lite-v1:0", named).input_usd_per_million == pytest.approx(0.08)
    assert priced("apac.amazon.nova-lite-v1:0", named).source is None


def test_where_two_products_disagree_the_price_is_unknown_and_the_next_source_is_asked() -> None:
    other = product("USE1-amazon.nova-lite-mantle-output-tokens-standard", "0.00025", {})
    products = [*all_products(), other]
    price = priced("amazon.nova-lite-v1:0", products)
    assert price.source is None and price.output_usd_per_million is None
    assert any("says $0.24 and $0.25 per million tokens of output on demand" in note for note in price.notes)

    found = figures(products, "us-east-1", DAY)
    public = looked_up("amazon.nova-lite-v1:0", {}, DAY, "us-east-1", found)
    assert public.source is not None and public.source.startswith("genai-prices")
    assert public.output_usd_per_million == pytest.approx(0.24)
    assert any("$0.24 and $0.25" in note for note in public.notes)


def test_where_they_disagree_on_a_variant_only_that_is_unknown() -> None:
    other = product("USE1-qwen.qwen3-32b-mantle-output-tokens-priority", "0.002", {})
    more = product("USE1-Qwen3-32B-output-tokens-priority", "0.003", QWEN)
    price = priced("qwen.qwen3-32b-v1:0", [*all_products(), other, more])
    assert price.output_usd_per_million == pytest.approx(0.6)
    assert price.of_line("priority", None).output_usd_per_million is None
    assert price.of_line("flex", None).output_usd_per_million == pytest.approx(0.3)


def test_the_users_price_comes_before_the_list_and_the_list_before_the_public_data() -> None:
    found = figures(all_products(), "us-east-1", DAY)
    mine = PriceOverride(input_usd_per_million=7, output_usd_per_million=8)
    model = "global.amazon.nova-2-lite-v1:0"
    assert looked_up(model, {model: mine}, DAY, "us-east-1", found).source == "the benchmark file"
    assert "AWS Price List" in (looked_up(model, {}, DAY, "us-east-1", found).source or "")
    missing = looked_up("sim.none", {}, DAY, "us-east-1", found)
    assert missing.source is None and missing.input_usd_per_million is None and missing.notes


def test_long_contexts_re_price_the_whole_request_from_where_another_source_says() -> None:
    price = priced("us.anthropic.claude-opus-5-5", above=(100_000,))
    assert price.thresholds == (Threshold(100_000, 22.0, 110.0),)
    assert price.cache_write_1h_usd_per_million == pytest.approx(8.8)

    unsaid = priced("us.anthropic.claude-opus-5-5")
    assert unsaid.thresholds == (Threshold(100_000),), (
        "above it nothing is known, rather than too little paid"
    )
    assert any("doesn't say from how many tokens" in note for note in unsaid.notes)

    same = [
        marketplace("USE1-MP:USE1_InputTokenCount_LCtx-Units", "1.1", HAIKU),
        marketplace("USE1-MP:USE1_OutputTokenCount_LCtx-Units", "5.5", HAIKU),
    ]
    flat = priced("us.anthropic.claude-haiku-4-5-20251001-v1:0", [*all_products(), *same])
    assert flat.thresholds == ()


@pytest.mark.parametrize(
    ("unit", "usd", "dollars"),
    [
        ("1K tokens", "0.0003", 0.3),
        ("1M tokens", "0.3", 0.3),
        ("1000 tokens", "0.0003", 0.3),
        ("1000000 Tokens", "0.3", 0.3),
        ("1,000,000 tokens", "0.3", 0.3),
        ("1B tokens", "300", None),
        ("Units", "0.3", None),  # tokens by the million only in the Marketplace
        ("hour", "0.3", None),
        ("1KTPMHour", "0.3", None),
        ("", "0.3", None),
        ("1K tokens", "-1", None),
        ("1K tokens", "free", None),
    ],
)
def test_a_unit_that_is_not_known_is_no_price(unit: str, usd: str, dollars: float | None) -> None:
    (found,) = figures([product("USE1-NovaLite-input-tokens", usd, NOVA, unit=unit)], "us-east-1", DAY) or [
        None
    ]
    assert (None if found is None else found.usd_per_million) == (
        None if dollars is None else pytest.approx(dollars)
    )


@pytest.mark.parametrize(
    "usagetype",
    [
        "USE1-NovaLite-input-tokens-custom-model",
        "USE1-NovaLite-Customization-Training",
        "USE1-NovaLite-input-image-token-count",
        "USE1-NovaLite-input-tokens-something-new",
        "USE1-NovaLite-cache-write-tokens-30m",
        "USE1-NovaSonic-text-input-tokens",
        "USE1-MP:USE1_Reserved_3Month_OutputTPM_Global-Units",
        "USE1-MP:USE1_search_units-Units",
        "USE1-MP:USE1_InputImageCount-Units",
        "USE1-NovaLite-input-tokens-flex-priority",
    ],
)
def test_a_usage_type_with_a_word_that_is_not_known_is_no_price(usagetype: str) -> None:
    make = marketplace if "MP:" in usagetype else product
    about = HAIKU if "MP:" in usagetype else NOVA
    assert figures([make(usagetype, "0.001", about)], "us-east-1", DAY) == []


def test_batch_that_only_the_feature_names_is_not_taken_for_on_demand() -> None:
    (found,) = figures(
        [product("USE1-NovaLite-input-tokens", "0.00003", NOVA, feature="Batch Inference")], "us-east-1", DAY
    )
    assert found.variant == "batch"
    contradicting = product("USE1-NovaLite-input-tokens-priority", "0.00003", NOVA, feature="Batch Inference")
    assert figures([contradicting], "us-east-1", DAY) == []


def test_a_model_whose_name_says_latency_optimised_is_that_variant() -> None:
    products = [
        product(f"USE1-Llama3-1-70B{more}-{way}-tokens", usd, {"model": name, "provider": "Meta"})
        for name, more, usd in (
            ("Llama 3.1 70B", "", "0.00072"),
            ("Llama 3.1 70B Latency Optimized", "-LatencyOptimized", "0.0009"),
        )
        for way in ("input", "output")
    ]
    price = priced("us.meta.llama3-1-70b-instruct-v1:0", products)
    assert price.input_usd_per_million == pytest.approx(0.72)
    assert price.of_line(None, "optimized").input_usd_per_million == pytest.approx(0.9)


def test_another_region_a_future_price_and_a_price_by_volume_do_not_hold() -> None:
    usage = "USE1-NovaLite-input-tokens"
    elsewhere = product(usage, "0.1", NOVA, region="eu-west-1")
    future = product(usage, "0.2", NOVA, effective="2027-01-01")
    by_volume = product(usage, "0.3", NOVA)
    (term,) = by_volume["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    term["priceDimensions"]["second"] = copy.deepcopy(dimension) | {"beginRange": "1000"}
    assert figures([elsewhere, future, by_volume], "us-east-1", DAY) == []

    changed = product(usage, "0.00006", NOVA)
    (old,) = changed["terms"]["OnDemand"].values()
    changed["terms"]["OnDemand"]["new"] = copy.deepcopy(old) | {"effectiveDate": "2026-11-01T00:00:00Z"}
    (dimension,) = changed["terms"]["OnDemand"]["new"]["priceDimensions"].values()
    dimension["pricePerUnit"] = {"USD": "0.00005"}
    (found,) = figures([changed], "us-east-1", DAY)
    assert (found.usd_per_million, found.effective) == (pytest.approx(0.05), "2026-11-01")


def test_an_input_for_nothing_is_not_believed() -> None:
    products = [
        product("USE1-NovaLite-input-tokens", "0.0000000000", NOVA),
        product("USE1-NovaLite-output-tokens", "0.00024", NOVA),
    ]
    price = priced("amazon.nova-lite-v1:0", products)
    assert price.source is None
    assert any("says $0 for input on demand: taken as unknown" in note for note in price.notes)


@pytest.mark.parametrize(
    "broken",
    [{}, {"product": None}, {"product": {"attributes": {}}}, product("x", "1", NOVA) | {"terms": {}}],
)
def test_a_product_of_another_shape_is_left_out(broken: dict[str, Any]) -> None:
    assert figures([broken], "us-east-1", DAY) == []


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("meta.llama3-3-70b-instruct-v1:0", "Llama 3.3 70B"),
        ("meta.llama4-maverick-17b-instruct-v1:0", "Llama 4 Maverick 17B"),
        ("mistral.mistral-large-2407-v1:0", "Mistral Large 2407"),
        ("mistral.mixtral-8x7b-instruct-v0:1", "Mixtral 8x7B"),
        ("mistral.mistral-7b-instruct-v0:2", "Mistral 7B"),
        ("cohere.command-r-plus-v1:0", "Command R+"),
        ("ai21.jamba-1-5-large-v1:0", "Jamba 1.5 Large"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
        ("deepseek.r1-v1:0", "R1"),
        ("google.gemma-3-12b-it", "Gemma 3 12B"),
        ("minimax.minimax-m2", "MiniMax M2"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet v2"),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "Claude 3.5 Sonnet"),
    ],
)
def test_an_id_is_known_by_the_name_that_aws_gives_it(model: str, name: str) -> None:
    products = [
        product(f"USE1-X-{way}-tokens", usd, {"model": name})
        for way, usd in (("input", "0.001"), ("output", "0.002"))
    ]
    assert priced(model, products).output_usd_per_million == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("anthropic.claude-opus-4-8", "Claude Opus 4"),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "Claude 3.5 Sonnet v2"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet"),
        ("meta.llama3-70b-instruct-v1:0", "Llama 3.3 70B"),
        ("amazon.nova-lite-v1:0", "Nova 2.0 Lite"),
        ("amazon.nova-2-lite-v1:0", "Nova Lite"),
        ("mistral.mistral-large-2407-v1:0", "Mistral Large"),
        ("qwen.qwen3-coder-30b-a3b-v1:0", "Qwen3 30B A3B"),
        ("openai.gpt-oss-20b-1:0", "GPT OSS Safeguard 20B"),
        ("anthropic.claude-v2:1", "Claude 2.0"),
    ],
)
def test_a_sibling_is_never_taken_for_the_model(model: str, name: str) -> None:
    products = [
        product(f"USE1-X-{way}-tokens", usd, {"model": name})
        for way, usd in (("input", "0.001"), ("output", "0.002"))
    ]
    assert priced(model, products).source is None
