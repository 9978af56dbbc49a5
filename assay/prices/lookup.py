"""Looks a model's price up: the user's override, else the AWS Price List API, else genai-prices, else unknown.

The sources are modules of their own (`price_list` and `listed`, `public`); here is only which of them is believed.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from assay.prices import listed, public
from assay.prices.book import RATES, Price, Rates, Threshold
from assay.prices.settings import PriceOverride, RateOverride, VariantOverride


def price_of(
    model_id: str,
    overrides: Mapping[str, PriceOverride],
    on: date,
    region: str | None = None,
    figures: Sequence[listed.Figure] | None = None,
) -> Price:
    """The price of a model id, inference profile id or ARN on a day. Unknown: every figure None, source None.

    `figures` are those of the AWS Price List of the region; None where it wasn't asked, or couldn't be.
    """
    override = overrides.get(model_id)
    if override is not None:
        return _given(override)
    found = public.price_of(model_id, on) or Price()
    if figures is None:
        return found
    above = [threshold.above_input_tokens for threshold in found.thresholds]
    from_aws = listed.price_of(model_id, region, figures, above)
    return from_aws if from_aws.source is not None else found.with_notes(from_aws.notes)


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
