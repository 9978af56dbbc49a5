"""Prices from the products of the AWS Price List: which product is about which model, and what its figure is of.

The list has no model ids: a product says what it prices by a name ("Nova 2.0 Lite") and by a usage type that AWS spells
in several ways, such as

    USE1-NovaLite-input-tokens-priority
    USE1-Nova2.0Lite-cache-read-input-token-count-cross-region-global
    USE1-qwen.qwen3-32b-mantle-output-tokens-flex
    USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units
    USE1-MP:USE1_input_tokens_long_ctx_standard-Units

So only what is certain is taken: a name has to be that of the model word for word, a usage type has to consist of known
words only, and where two products disagree there is no figure. Fetching the products is the business of `price_list`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from assay.prices.book import RATES, Price, Rates, Threshold

Scope = Literal["region", "area", "global"]
"""How a call may be routed: within its region, within an area such as the EU, or anywhere."""

MARKETPLACE = "AmazonBedrockFoundationModels"
"""The service code under which models are sold through the AWS Marketplace."""

_UNLISTED_THRESHOLD = 100_000
"""Where the list has prices of long contexts and nobody says from how many tokens they hold: the smallest input above
which any model is known to be priced anew. Above it the price is unknown."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One price of the list: dollars per million tokens of what."""

    names: tuple[str, ...]
    """What the product calls the model, an id among them where it gives one."""
    provider: str | None
    rate: str
    """One of RATES."""
    variant: str
    """`on_demand`, `batch`, `priority`, `flex` or `optimized`."""
    scope: Scope
    area: str | None
    """Of the scope `area`, where the product names it: `eu`."""
    long: bool
    """Whether it holds for long contexts only."""
    usd_per_million: float
    effective: str
    service: str
    published: str


def figures(products: Iterable[Mapping[str, Any]], region: str, on: date) -> list[Figure]:
    """The prices of a region's tokens among the products, as they hold on a day. What isn't understood is left out."""
    found = (_figure(product, region, on) for product in products)
    return [figure for figure in found if figure is not None]


def price_of(
    model_id: str, region: str | None, found: Sequence[Figure], long_above: Sequence[int] = ()
) -> Price:
    """The price of a model id, inference profile id or ARN.

    `long_above` are the input tokens above which this model is known to be priced anew, from another source. Where the
    list is not certain of its input and output, the price has no source and no figure, only notes that say why.
    """
    asked = _asked(model_id, region)
    if isinstance(asked, str):
        return Price(notes=(asked,))
    about = [figure for figure in found if _is_about(figure, asked)]
    if not about:
        return Price(notes=(f"the AWS Price List of {region} names no product that is surely {asked.name}",))
    routed = _routed(about, asked)
    if not routed:
        return Price(
            notes=(f"the AWS Price List of {region} has no price of {asked.name} {_THROUGH[asked.scope]}",)
        )
    notes: list[str] = []
    rates = {
        variant: _rates([figure for figure in routed if figure.variant == variant], words, long_above, notes)
        for variant, words in _VARIANTS.items()
    }
    plain = rates["on_demand"]
    if plain is None or plain.input_usd_per_million is None or plain.output_usd_per_million is None:
        return Price(
            notes=(
                *notes,
                f"the AWS Price List of {region} isn't certain of both input and output of {asked.name}",
            )
        )
    if asked.scope == "area" and all(figure.scope == "region" for figure in routed):
        notes.append(f"AWS prices calls through the {asked.area}. profile as those of {region}")
    services = ", ".join(sorted({figure.service for figure in routed}))
    published = max(figure.published for figure in routed)
    return Price(
        **{name: getattr(plain, name) for name in RATES},
        thresholds=plain.thresholds,
        batch=rates["batch"],
        service_tiers={tier: each for tier in ("priority", "flex") if (each := rates[tier]) is not None},
        latency_optimized=rates["optimized"],
        source=f"AWS Price List, {services}, {region}, published {published}",
        dated=max(figure.effective for figure in routed),
        notes=tuple(notes),
    )


_THROUGH: Mapping[Scope, str] = {
    "region": "within the region",
    "area": "through a profile of an area",
    "global": "through a global profile",
}


# A product's figure.


def _figure(product: Mapping[str, Any], region: str, on: date) -> Figure | None:
    try:
        attributes = product["product"]["attributes"]
        service = str(product["serviceCode"])
        usage = str(attributes["usagetype"])
        if attributes["regionCode"] != region:
            return None
        priced = _dollars(product["terms"]["OnDemand"], service, on)
    except (KeyError, TypeError, AttributeError):
        return None
    if priced is None:
        return None
    meaning = _meaning(usage, [str(attributes[key]) for key in _ALSO_SAID if attributes.get(key)])
    names = _names(attributes, meaning.head if meaning else "", service)
    if meaning is None or not names:
        return None
    variant = meaning.variant
    named = tuple(name for name in names if name)
    if any(name.lower().endswith(" latency optimized") for name in named):
        named = tuple(re.sub(r"(?i) latency optimized$", "", name) for name in named)
        if variant not in ("on_demand", "optimized"):
            return None
        variant = "optimized"
    dollars, effective = priced
    return Figure(
        names=named,
        provider=attributes.get("provider"),
        rate=meaning.rate,
        variant=variant,
        scope=meaning.scope,
        area=meaning.area,
        long=meaning.long,
        usd_per_million=dollars,
        effective=effective,
        service=service,
        published=str(product.get("publicationDate", ""))[:10],
    )


_ALSO_SAID = ("feature", "service_tier", "serviceTier", "inferenceType")
"""Attributes that can name a variant where the usage type doesn't."""

_TOKENS_IN_UNIT = re.compile(r"^(\d+)(k|m)?tokens?$")


def _dollars(terms: Mapping[str, Any], service: str, on: date) -> tuple[float, str] | None:
    """Dollars per million tokens and the day from which they hold. None where it isn't tokens that are priced, where
    the price depends on the volume, or where the list says two things of one day."""
    holds = [term for term in terms.values() if str(term["effectiveDate"])[:10] <= on.isoformat()]
    if not holds:
        return None
    latest = max(str(term["effectiveDate"]) for term in holds)
    dimensions = [
        dimension
        for term in holds
        if term["effectiveDate"] == latest
        for dimension in term["priceDimensions"].values()
    ]
    if len(dimensions) != 1:
        return None
    (dimension,) = dimensions
    unit = re.sub(r"[\s,]", "", str(dimension["unit"])).lower()
    if unit == "units" and service == MARKETPLACE:
        per = 1_000_000  # the Marketplace sells tokens by the million, and calls the million a unit
    elif match := _TOKENS_IN_UNIT.match(unit):
        per = int(match[1]) * {None: 1, "k": 1_000, "m": 1_000_000}[match[2]]
    else:
        return None
    try:
        usd = Decimal(str(dimension["pricePerUnit"]["USD"]))
    except InvalidOperation:
        return None
    if per <= 0 or not usd.is_finite() or usd < 0:
        return None
    return float(usd * 1_000_000 / per), latest[:10]


@dataclass(frozen=True, slots=True)
class _Meaning:
    head: str
    """What stands before the words that are understood: the model, in most usage types."""
    rate: str
    variant: str
    scope: Scope
    area: str | None
    long: bool


_REGION = re.compile(r"^[A-Z]{2,4}\d?-")
_MARKETPLACE_REGION = re.compile(r"^(?:[A-Z]{2,4}\d?-MP:)?[A-Z]{2,4}\d?_")
_AREAS = frozenset({"us", "eu", "apac", "jp", "au", "ca", "in", "sa", "me", "af"})
_NO_TEXT = frozenset({"audio", "image", "images", "video", "speech", "sonic", "embed", "embedding", "rerank"})
_SILENT = frozenset(
    {"token", "tokens", "count", "input", "text", "standard", "million", "cross", "region", "units"}
)
_VARIANT_WORDS = {"batch": "batch", "flex": "flex", "priority": "priority", "latencyoptimized": "optimized"}
_VARIANTS = {
    "on_demand": "on demand",
    "batch": "in batch",
    "priority": "in the priority tier",
    "flex": "in the flex tier",
    "optimized": "latency-optimised",
}
_TWO_WORDS = (
    (("long", "context"), "long"),
    (("long", "ctx"), "long"),
    (("latency", "optimized"), "latencyoptimized"),
)


def _meaning(usage: str, also_said: Sequence[str]) -> _Meaning | None:
    """What a usage type is the price of; None where any word after its model isn't known."""
    marketplace = _MARKETPLACE_REGION.match(usage)
    body = usage[marketplace.end() :] if marketplace else _REGION.sub("", usage)
    starts = re.search(
        r"(?i)(?:(?<=[^a-z])|^)(?:text[-_])?(?:cache[-_]?(?:read|write)|input|output)",
        body,
    )
    start = 0 if marketplace else -1 if starts is None else starts.start()
    if start < 0:
        return None
    head = body[:start].strip("-_")
    words = _words(body[start:])
    if _NO_TEXT.intersection(_words(head)):
        return None
    variants: set[str] = {_VARIANT_WORDS[word] for word in words if word in _VARIANT_WORDS}
    rate = _rate([word for word in words if word not in _VARIANT_WORDS])
    if rate is None:
        return None
    name, rest = rate
    scope: Scope = "region"
    area, long = None, False
    for place, word in enumerate(rest):
        if word in ("global", "geo"):
            scope = "global" if word == "global" else "area"
        elif word in _AREAS and rest[max(0, place - 1)] == "region":
            scope, area = "area", word
        elif word in ("long", "lctx"):
            long = True
        elif word not in _SILENT:
            return None
    if scope == "region" and "cross" in rest:
        scope = "area"
    for said in also_said:
        known = _words(said)
        if _NO_TEXT.intersection(known) or {
            "custom",
            "customization",
            "provisioned",
            "reserved",
        }.intersection(known):
            return None
        variants |= {_VARIANT_WORDS[word] for word in known if word in _VARIANT_WORDS}
    if len(variants) > 1:
        return None
    return _Meaning(head, name, variants.pop() if variants else "on_demand", scope, area, long)


def _words(text: str) -> list[str]:
    """The words of a usage type in lower case: parted by signs, by capitals, and before the hours of a cache."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    apart = re.sub(r"(?i)(?<=write)(?=\d)", "-", apart).lower()
    words = [word for word in re.split(r"[^a-z0-9]+", apart) if word]
    made: list[str] = []
    while words:
        for pair, one in _TWO_WORDS:
            if tuple(words[:2]) == pair:
                made.append(one)
                words = words[2:]
                break
        else:
            made.append(words.pop(0))
    return made


def _rate(words: Sequence[str]) -> tuple[str, list[str]] | None:
    """Which of RATES the words name, and the words that are left."""
    rest = [word for word in words if word != "text"]
    while rest and rest[0] == "million":
        rest = rest[1:]
    if rest[:2] == ["cache", "read"]:
        return "cache_read_usd_per_million", rest[2:]
    if rest[:2] == ["cache", "write"]:
        kept = [word for word in rest[2:] if re.fullmatch(r"\d+[mh]", word)]
        if kept not in ([], ["5m"], ["1h"]):
            return None
        name = "cache_write_1h_usd_per_million" if kept == ["1h"] else "cache_write_usd_per_million"
        return name, [word for word in rest[2:] if word not in kept]
    if rest[:1] == ["input"] and rest[1:2] in (["token"], ["tokens"]):
        return "input_usd_per_million", rest[1:]
    if rest[:1] == ["output"] and rest[1:2] in (["token"], ["tokens"]):
        return "output_usd_per_million", rest[1:]
    return None


def _names(attributes: Mapping[str, Any], head: str, service: str) -> tuple[str, ...]:
    embedded = head.removesuffix("-mantle")
    if re.fullmatch(r"[a-z0-9]+\.[a-z][a-z0-9.:-]*", embedded):
        return (embedded,)
    if service == MARKETPLACE:
        return (re.sub(r" \(Amazon Bedrock Edition\)$", "", str(attributes.get("servicename") or "")),)
    return tuple(str(attributes[key]) for key in ("model", "titanModel") if attributes.get(key))


# Which product is about which model.


@dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    """The model's id without its profile."""
    words: tuple[str, ...]
    provider: str
    scope: Scope
    area: str | None


_PROFILE = re.compile(r"^(us-gov|us|eu|apac|ap|jp|au|ca|in|sa|me|af|global)\.(?=[a-z])")
_VERSION = re.compile(r"-v?(\d+):\d+$|-v(\d+)$")


def _asked(model_id: str, region: str | None) -> _Asked | str:
    """The model behind an id, or why nobody can say from the id which it is."""
    name = model_id
    if model_id.startswith("arn:"):
        parts = model_id.split(":", 5)
        kind, _, name = (parts[5] if len(parts) == 6 else "").partition("/")
        if kind not in ("inference-profile", "foundation-model"):
            why = {
                "application-inference-profile": "an application inference profile doesn't name its model",
                "provisioned-model": "the ARN of provisioned throughput doesn't name its model, its term and its units",
            }.get(kind, "this ARN names no model that AWS lists")
            return f"{why}: give its price under `prices`"
        if parts[3] != region:
            return f"the ARN is of {parts[3] or 'no region'}, and the AWS Price List was asked for {region}"
    profile = _PROFILE.match(name)
    name = name[profile.end() :] if profile else name
    area = profile[1] if profile else None
    provider, _, rest = name.partition(".")
    scope: Scope = "region" if area is None else "global" if area == "global" else "area"
    words = _words_of_id(rest)
    if not rest or not words:
        return f"{name} is no id of a model that AWS lists"
    return _Asked(name, words, _letters(provider), scope, area if scope == "area" else None)


def _is_about(figure: Figure, asked: _Asked) -> bool:
    if figure.provider and not _alike(_letters(figure.provider), asked.provider):
        return False
    return any(
        _matches(_words_of_id(name.partition(".")[2]), asked)
        and _letters(name.partition(".")[0]) == asked.provider
        if re.fullmatch(r"[a-z0-9]+\.[a-z][a-z0-9.:-]*", name)
        else _matches(_words_of_name(name), asked)
        for name in figure.names
    )


def _matches(words: tuple[str, ...], asked: _Asked) -> bool:
    """Whether both are the same words; either may begin with who made the model."""
    return bool(words) and _without_maker(words, asked.provider) == _without_maker(
        asked.words, asked.provider
    )


def _without_maker(words: tuple[str, ...], provider: str) -> tuple[str, ...]:
    return words[1:] if len(words) > 1 and words[0] == provider else words


def _alike(a: str, b: str) -> bool:
    return a.startswith(b) or b.startswith(a)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


_DATE = re.compile(r"-20\d{6}(?=-|$)")
_UNSAID = frozenset({"instruct", "it", "chat"})
"""Words of ids that names can lack."""


def _words_of_id(name: str) -> tuple[str, ...]:
    """`claude-3-5-sonnet-20241022-v2:0` as the words of "Claude 3.5 Sonnet v2"; a first version goes without saying."""
    version = _VERSION.search(name)
    bare = name[: version.start()] if version else name
    number = int((version[1] or version[2]) if version else 0)
    again = f" v{number}" if number > 1 else ""
    return _split(_DATE.sub("", bare) + again)


def _words_of_name(name: str) -> tuple[str, ...]:
    return _split(re.sub(r"(?<=\d)\.0(?![\d.])", "", name.replace("+", " plus ")))


def _split(text: str) -> tuple[str, ...]:
    apart = re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", text.lower())
    return tuple(word for word in re.split(r"[^a-z0-9]+", apart) if word and word not in _UNSAID)


def _routed(about: Sequence[Figure], asked: _Asked) -> list[Figure]:
    """The figures of calls that are routed as the id has it.

    A profile of an area has figures of its own in the list of some models; of the others AWS says that a call costs what it
    does in the region that it is sent to.
    """
    if asked.scope == "area":
        own = [figure for figure in about if figure.scope == "area" and figure.area in (None, asked.area)]
        named = [figure for figure in own if figure.area is not None]
        return named or own or [figure for figure in about if figure.scope == "region"]
    return [figure for figure in about if figure.scope == asked.scope]


def _rates(routed: Sequence[Figure], words: str, long_above: Sequence[int], notes: list[str]) -> Rates | None:
    """The rates of one variant; None where the list has none. What two products disagree on is unknown and noted."""
    if not routed:
        return None
    short = {name: _one(routed, name, False, words, notes) for name in RATES}
    long = {name: _one(routed, name, True, words, notes) for name in RATES}
    dearer = any(rate is not None and rate != short[name] for name, rate in long.items())
    thresholds: tuple[Threshold, ...] = ()
    if dearer and len(long_above) == 1:
        thresholds = (Threshold(long_above[0], **long),)
    elif dearer:
        thresholds = (Threshold(_UNLISTED_THRESHOLD),)
        notes.append(
            f"the AWS Price List has other prices {words} for long contexts, and doesn't say from how many tokens: "
            f"above {_UNLISTED_THRESHOLD:,} tokens the price is unknown"
        )
    return Rates(**short, thresholds=thresholds)


def _one(routed: Sequence[Figure], name: str, long: bool, words: str, notes: list[str]) -> float | None:
    said = sorted(
        {round(figure.usd_per_million, 9) for figure in routed if figure.rate == name and figure.long == long}
    )
    what = name.removesuffix("_usd_per_million").replace("_", " ")
    if len(said) > 1:
        shown = " and ".join(f"${dollars:g}" for dollars in said)
        notes.append(f"the AWS Price List says {shown} per million tokens of {what} {words}: unknown")
        return None
    if said == [0.0] and not name.startswith("cache_"):
        notes.append(f"the AWS Price List says $0 for {what} {words}: taken as unknown")
        return None
    return said[0] if said else None
