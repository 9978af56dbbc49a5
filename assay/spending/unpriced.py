"""How to say that the price of what is asked is unknown, and what to write to make it known.

A model whose price is known can still be asked in a way whose price isn't: at a service tier, with optimised latency,
through the prompt cache.
"""

from collections.abc import Iterable

from assay.bedrock.settings import Model

_RATES = ("input_usd_per_million", "output_usd_per_million")
_CACHED = ("cache_read_usd_per_million", "cache_write_usd_per_million")


def named(models: Iterable[Model]) -> list[str]:
    """Model ids, each with the way in which it is asked where that is not the default; each once, in order."""
    return sorted({f"{model.id} ({how})" if (how := _how(model)) else model.id for model in models})


def to_write(models: Iterable[Model]) -> str:
    """The lines under `prices` that are missing or incomplete, with dots in place of figures."""
    by_id: dict[str, list[Model]] = {}
    for model in models:
        by_id.setdefault(model.id, []).append(model)
    return "\n".join(f'  "{model_id}": {_entry(by_id[model_id])}' for model_id in sorted(by_id))


def _how(model: Model) -> str:
    ways = [
        f"service tier {model.service_tier}" if _tier(model) else "",
        "latency optimized" if model.latency == "optimized" else "",
        "with prompt caching" if model.cache == "warm" else "",
    ]
    return ", ".join(filter(None, ways))


def _tier(model: Model) -> str | None:
    return None if model.service_tier in (None, "default") else model.service_tier


def _entry(models: list[Model]) -> str:
    cached = any(model.cache == "warm" for model in models)
    rates = ", ".join(f"{name}: ..." for name in (*_RATES, *(_CACHED if cached else ())))
    parts = [rates]
    tiers = sorted({tier for model in models if (tier := _tier(model))})
    if tiers:
        parts.append(f"service_tiers: {{{', '.join(f'{tier}: {{{rates}}}' for tier in tiers)}}}")
    if any(model.latency == "optimized" for model in models):
        parts.append(f"latency_optimized: {{{rates}}}")
    return f"{{{', '.join(parts)}}}"
