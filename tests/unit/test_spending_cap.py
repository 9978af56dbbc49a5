"""What one request may take from the cap: its worst case, tighter once the model's tokens are known, and its cost after."""

import json
from pathlib import Path
from typing import Any

import pytest

from assay.bedrock.outcome import Outcome
from assay.bedrock.settings import Model
from assay.errors import InputError
from assay.prices.book import Price, Rates, Threshold
from assay.sender.allowance import TEMPLATE_TOKENS, Capped, Reserved
from assay.spending.cap import KNOWN_AFTER, ROOM, Cap, FromPurse
from assay.spending.capped import note, too_low
from assay.spending.purse import picodollars

MODEL = Model(label="quick", id="sim.quick")
PRICE = Price(input_usd_per_million=10.0, output_usd_per_million=100.0)


def cap(folder: Path, max_usd: float, price: Price | None = PRICE) -> Cap:
    prices = {} if price is None else {MODEL.id: price.as_json()}
    (folder / "prices.json").write_text(json.dumps({"prices": prices}))
    return Cap(folder / "ledger", "r", max_usd, folder / "prices.json")


def reserved(found: Reserved | Exception) -> Reserved:
    assert isinstance(found, Reserved)
    return found


def committed(allowance: FromPurse) -> int:
    return allowance._purse.committed


def test_the_worst_case_is_a_token_for_each_byte_and_all_output_tokens(tmp_path: Path) -> None:
    with cap(tmp_path, 1.0).allowance(MODEL) as allowance:
        found = reserved(allowance.reserve(400, 32))
        assert (found.input_tokens, found.output_tokens) == (400 + TEMPLATE_TOKENS, 32)
        assert committed(allowance) == found.amount == picodollars((500 * 10 + 32 * 100) / 1e6)


@pytest.mark.parametrize(
    ("outcome", "share"),
    [
        ({"input_tokens": 50, "output_tokens": 27}, 0.5),
        ({"error": "throttling"}, 0),
        ({"error": "connect_failed"}, 0),
        ({"error": "stream_cut"}, 1),
        ({"error": "timeout_total"}, 1),
        ({"error": "internal_server", "error_in_stream": True}, 1),
        ({"error": "stream_cut", "input_tokens": 50, "output_tokens": 27}, 0.5),
    ],
)
def test_the_outcome_settles_what_was_set_aside(
    tmp_path: Path, outcome: dict[str, Any], share: float
) -> None:
    with cap(tmp_path, 1.0).allowance(MODEL) as allowance:
        found = reserved(allowance.reserve(340, 20))  # 440 tokens in, 20 out: 0.0064 USD
        allowance.settle(found, Outcome(**outcome))
        assert committed(allowance) == pytest.approx(share * found.amount, abs=2)


def test_what_the_cap_does_not_hold_is_refused_with_figures(tmp_path: Path) -> None:
    with cap(tmp_path, 0.01).allowance(MODEL) as allowance:
        first = reserved(allowance.reserve(400, 32))  # 0.0082 USD
        refused = allowance.reserve(400, 32)
        assert isinstance(refused, Capped)
        assert str(refused) == (
            "budget.max_usd 0.01: 0.0082 USD were spent or reserved, the next request may cost 0.0082"
        )
        assert committed(allowance) == first.amount, "what was refused is not counted"
        allowance.settle(first, Outcome(input_tokens=10, output_tokens=1))
        assert isinstance(allowance.reserve(400, 32), Reserved)


def test_once_a_models_tokens_are_known_less_is_set_aside_by_other_jobs_too(tmp_path: Path) -> None:
    whole = cap(tmp_path, 1.0)
    with whole.allowance(MODEL) as allowance:
        for answers in range(KNOWN_AFTER):
            assert reserved(allowance.reserve(1000, 1)).input_tokens == 1000 + TEMPLATE_TOKENS, answers
            found = reserved(allowance.reserve(1000, 1))
            told = Outcome(input_tokens=200, output_tokens=1, cache_read_tokens=50)
            allowance.settle(found, told)
        known = TEMPLATE_TOKENS + 1000 * 0.25 * ROOM
        assert known <= reserved(allowance.reserve(1000, 1)).input_tokens <= known + 2
    with whole.allowance(MODEL) as allowance:
        assert known <= reserved(allowance.reserve(1000, 1)).input_tokens <= known + 2
        denser = reserved(allowance.reserve(1000, 1))
        allowance.settle(denser, Outcome(input_tokens=300, output_tokens=1))
        known = TEMPLATE_TOKENS + 1000 * 0.3 * ROOM
        assert known <= reserved(allowance.reserve(1000, 1)).input_tokens <= known + 2
    with whole.allowance(Model(label="other", id="sim.quick")) as allowance:
        assert reserved(allowance.reserve(1000, 1)).input_tokens < 1000, "a label is no other model"


def test_there_is_room_for_the_densest_text_although_less_is_set_aside(tmp_path: Path) -> None:
    with cap(tmp_path, 0.03).allowance(MODEL) as allowance:
        for _ in range(KNOWN_AFTER):
            allowance.settle(reserved(allowance.reserve(1000, 1)), Outcome(input_tokens=10, output_tokens=0))
        spent = committed(allowance)
        assert spent == KNOWN_AFTER * picodollars(10 * 10 / 1e6)
        found = reserved(allowance.reserve(1000, 0))
        assert found.amount < picodollars(200 * 10 / 1e6)
        while isinstance(following := allowance.reserve(1000, 0), Reserved):
            pass
        left = picodollars(0.03) - committed(allowance)
        assert found.amount < left < picodollars(1100 * 10 / 1e6), "not enough for a token a byte"
        assert "may cost 0.011" in str(following)


def test_a_request_that_is_dearer_than_its_worst_case_is_counted_whole(tmp_path: Path) -> None:
    with cap(tmp_path, 1.0).allowance(MODEL) as allowance:
        found = reserved(allowance.reserve(100, 1))
        allowance.settle(found, Outcome(input_tokens=5000, output_tokens=1))
        assert committed(allowance) == picodollars((5000 * 10 + 100) / 1e6)


def test_a_single_answer_shows_that_a_service_counts_more_than_a_token_a_byte(tmp_path: Path) -> None:
    whole = cap(tmp_path, 0.6)
    with whole.allowance(MODEL) as allowance, whole.allowance(MODEL) as other:
        found = reserved(allowance.reserve(300, 10))
        allowance.settle(found, Outcome(input_tokens=5000, output_tokens=10))
        for each in (allowance, other):
            for body_bytes in (1, 300, 1000):
                known = reserved(each.reserve(body_bytes, 10))
                assert known.input_tokens >= max(5000, body_bytes * 5000 / 300)
                each.settle(known, Outcome(error="throttling"))
        while isinstance(more := allowance.reserve(300, 10), Reserved):
            allowance.settle(more, Outcome(input_tokens=5000, output_tokens=10))
        assert picodollars(0.4) < committed(allowance) <= picodollars(0.6)


def test_more_tokens_than_bytes_are_found_out_by_a_short_text_and_expected_of_a_long_one(
    tmp_path: Path,
) -> None:
    with cap(tmp_path, 1.0).allowance(MODEL) as allowance:
        found = reserved(allowance.reserve(150, 1))
        allowance.settle(found, Outcome(input_tokens=180, output_tokens=1))  # no more than with a template
        found = reserved(allowance.reserve(20_000, 1))
        assert found.input_tokens >= 24_000


def test_a_fixed_number_of_tokens_more_is_set_aside_once_a_long_text_had_no_more(tmp_path: Path) -> None:
    with cap(tmp_path, 1.0).allowance(MODEL) as allowance:
        found = reserved(allowance.reserve(200, 1))
        allowance.settle(found, Outcome(input_tokens=350, output_tokens=1))
        found = reserved(allowance.reserve(20_000, 1))
        assert found.input_tokens > 35_000, "it may be that many for each byte"
        allowance.settle(found, Outcome(input_tokens=5300, output_tokens=1))
        assert reserved(allowance.reserve(20_000, 1)).input_tokens == 20_000 + TEMPLATE_TOKENS + 350


def test_a_single_answer_shows_that_a_service_writes_more_than_it_is_asked_to(tmp_path: Path) -> None:
    with cap(tmp_path, 0.2).allowance(MODEL) as allowance:
        found = reserved(allowance.reserve(300, 10))
        assert found.output_tokens == 10
        allowance.settle(found, Outcome(input_tokens=30, output_tokens=90))
        known = reserved(allowance.reserve(300, 10))
        assert (known.output_tokens, known.max_tokens) == (10 + 80 * ROOM, 10)
        allowance.settle(known, Outcome(input_tokens=30, output_tokens=90))
        assert reserved(allowance.reserve(300, 10)).output_tokens == known.output_tokens


def test_a_purse_that_is_damaged_in_the_middle_ends_the_sending_and_no_answer(tmp_path: Path) -> None:
    with cap(tmp_path, 1.0).allowance(MODEL) as allowance:
        found = reserved(allowance.reserve(300, 10))
        (tmp_path / "ledger" / "purse.r").write_bytes(b"junk")
        allowance.settle(found, Outcome(input_tokens=30, output_tokens=9))
        refused = allowance.reserve(300, 10)
        assert isinstance(refused, InputError) and "damaged" in str(refused)


@pytest.mark.parametrize(
    ("model", "price", "example"),
    [
        (MODEL, None, '"sim.quick": {input_usd_per_million: 3.0, output_usd_per_million: 15.0}'),
        (MODEL, Price(), '"sim.quick": {input_usd_per_million'),
        (Model(label="quick", id="sim.quick", service_tier="flex"), PRICE, "service_tiers: {flex: {"),
        (Model(label="quick", id="sim.quick", latency="optimized"), PRICE, "latency_optimized: {"),
        (Model(label="quick", id="sim.quick", cache="warm"), PRICE, "cache_write_usd_per_million: 3.75"),
    ],
)
def test_an_unknown_price_is_an_error_that_says_what_to_write(
    tmp_path: Path, model: Model, price: Price | None, example: str
) -> None:
    with pytest.raises(InputError) as error, cap(tmp_path, 1.0, price).allowance(model):
        pass
    assert "quick: the price of sim.quick" in str(error.value)
    assert "prices:" in str(error.value) and example in str(error.value)
    assert not (tmp_path / "ledger").exists()


def test_a_price_that_is_unknown_for_long_inputs_only_is_an_error_for_these_only(tmp_path: Path) -> None:
    price = Price(10.0, 100.0, thresholds=(Threshold(above_input_tokens=2000),))
    with cap(tmp_path, 1.0, price).allowance(MODEL) as allowance:
        assert isinstance(allowance.reserve(1000, 32), Reserved)
        refused = allowance.reserve(3000, 32)
        assert isinstance(refused, InputError)
        assert "inputs of up to 3100 tokens" in str(refused)


def test_missing_prices_say_what_to_run(tmp_path: Path) -> None:
    missing = Cap(tmp_path / "ledger", "r", 1.0, tmp_path / "prices.json")
    with pytest.raises(InputError, match="snakemake estimate"), missing.allowance(MODEL):
        pass


def test_a_requests_tier_is_what_it_costs(tmp_path: Path) -> None:
    price = Price(10.0, 100.0, service_tiers={"flex": Rates(1.0, 10.0)})
    flex = Model(label="quick", id="sim.quick", service_tier="flex")
    with cap(tmp_path, 1.0, price).allowance(flex) as allowance:
        assert reserved(allowance.reserve(400, 32)).amount == picodollars((500 + 320) / 1e6)


def test_a_job_that_was_never_capped_leaves_no_note(tmp_path: Path) -> None:
    path = tmp_path / "capped" / "r" / "job.json"
    note(path, 5.0, False)
    assert not path.exists()
    assert too_low(path, 5.0) == too_low(path, None) == 0


def test_only_a_higher_cap_changes_what_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "capped" / "r" / "job.json"
    note(path, 5.0, True)
    assert [too_low(path, usd) for usd in (4.0, 5.0, 6.0, None)] == [0, 0, 1, 1]
    note(path, 6.0, True)
    assert [too_low(path, usd) for usd in (6.0, 7.0, None)] == [1, 2, 2]
    note(path, 7.0, False)
    assert [too_low(path, usd) for usd in (5.0, 6.0, 7.0, 8.0, None)] == [2] * 5, (
        "a job that has ended stays as it is, also under a lower cap"
    )
    note(path, None, False)
    assert too_low(path, 5.0) == 2


def test_a_damaged_note_is_as_none(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_text('{"capped_at_usd": [5.0')
    assert too_low(path, 6.0) == 0
    note(path, 6.0, True)
    assert too_low(path, 7.0) == 1
