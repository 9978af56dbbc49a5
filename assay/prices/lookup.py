"""Looks a model's price up: the user's override, else the AWS Price List API, else genai-prices, else unknown.

The sources are modules of their own (`price_list`, `public`); here is only which of them is believed.
"""

from collections.abc import Mapping
from datetime import date

from assay.prices import public
from assay.prices.book import RATES, Price, Rates, Threshold
from assay.prices.settings import PriceOverride, RateOverride, VariantOverride


def price_of(
    model_id: str, overrides: Mapping[str, PriceOverride], on: date, listed: Mapping[str, Price] | None = None
) -> Price:
    """The price of a model id, inference profile id or ARN on a day. Unknown: every figure None, source None.

    `listed` are the prices that the AWS Price List gave by model id.
    """
    override = overrides.get(model_id)
    if override is not None:
        return _given(override)
    from_aws = (listed or {}).get(model_id)
    if from_aws is not None and from_aws.source is not None:
        return from_aws
    found = public.price_of(model_id, on) or Price()
    if from_aws is not None and from_aws.notes:
        found = found.with_notes(from_aws.notes)
    return found


def _given(override: PriceOverride) -> Price:
    rates = _rates(override)
    return Price(
        **{name: getattr(rates, name) for name in RATES},
        thresholds=rates.thresholds,
        batch=None if override.batch is None else _rates(override.batch),
        service_tiers={tier: _rates(given) for tier, given in override.service_tiers.items()},
        latency_optimized=None if override.latency_optimized is None else _rates(override.latency_optimized),
        usd_per_hour=override.usd_per_hour,
        model_units=override.model_units,
        source="the benchmark file",
        dated=override.dated.isoformat() if override.dated else None,
    )


def _rates(given: VariantOverride) -> Rates:
    return Rates(
        **_figures(given),
        thresholds=tuple(Threshold(each.above_input_tokens, **_figures(each)) for each in given.thresholds),
    )


def _figures(given: RateOverride) -> dict[str, float | None]:
    return {name: getattr(given, name) for name in RATES}
