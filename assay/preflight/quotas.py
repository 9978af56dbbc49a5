"""The account's quotas of a model: the benchmark's own figures first, then what Service Quotas says.

Service Quotas names a quota in words, such as "Cross-region model inference tokens per minute for Amazon Nova Lite", or
"On-demand InvokeModel requests per minute for Anthropic Claude 3.5 Sonnet V2". A quota is taken only where a
name fits the way the model is asked and the model, and no other name that fits has another value: a wrong quota would be
worse than none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from assay.bedrock.settings import Endpoint, Model, Quota
from assay.preflight import account
from assay.preflight.catalogue import Catalogue, area

Way = Literal["on-demand", "cross-region", "global cross-region"]
Unit = Literal["requests", "tokens"]

_NAME = re.compile(
    r"^(?P<way>on-demand|cross-region|global cross-region)\s+(?P<fast>latency-optimized\s+)?"
    r"(model invocation|model inference|invokemodel|inference)?\s*(?P<unit>requests|tokens) per minute for (?P<model>.+)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits per minute of one model; null is not known, and 0 is none at all."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    output_burndown: float = 1.0
    requests_from: str = ""
    """Where the figure is from: a key of the benchmark, or Service Quotas' own name."""
    tokens_from: str = ""


@dataclass(frozen=True, slots=True)
class AccountQuotas:
    """What Service Quotas says, by name; `notes` says what could not be asked."""

    values: Mapping[str, float]
    notes: tuple[str, ...] = ()


def read(endpoint: Endpoint) -> AccountQuotas:
    """Ask Service Quotas for all quotas of Bedrock in the region."""
    why_not = account.why_not(endpoint, "service-quotas")
    if why_not is not None:
        return AccountQuotas({}, (why_not,))
    from botocore.exceptions import BotoCoreError, ClientError

    values: dict[str, float] = {}
    try:
        client = account.client(endpoint, "service-quotas")
        for page in client.get_paginator("list_service_quotas").paginate(ServiceCode="bedrock"):
            for quota in page["Quotas"]:
                if quota.get("QuotaName") and quota.get("Value") is not None:
                    values[quota["QuotaName"]] = float(quota["Value"])
    except (BotoCoreError, ClientError) as error:
        return AccountQuotas(values, (account.refused("service-quotas", error),))
    return AccountQuotas(values)


def limits(
    model: Model, given: Mapping[str, Quota], of_account: AccountQuotas, catalogue: Catalogue
) -> Limits:
    """The limits that hold for a model, figure by figure."""
    mine = given.get(model.id, Quota())
    found: dict[Unit, tuple[float | None, str]] = {}
    units: tuple[Unit, ...] = ("requests", "tokens")
    for unit in units:
        own = getattr(mine, f"{unit}_per_minute")
        if own is not None:
            found[unit] = (own, f"quotas[{model.id!r}].{unit}_per_minute")
        else:
            name = quota_name(model, unit, of_account.values, catalogue)
            found[unit] = (None, "") if name is None else (of_account.values[name], name)
    return Limits(
        found["requests"][0],
        found["tokens"][0],
        mine.output_burndown,
        found["requests"][1],
        found["tokens"][1],
    )


def quota_name(model: Model, unit: Unit, values: Mapping[str, float], catalogue: Catalogue) -> str | None:
    """The quota that a model's requests or tokens count against; null where none fits, or several that differ."""
    way = _way(model.id, catalogue)
    if way is None:
        return None
    wanted = _spellings(model.id, catalogue)
    fitting = []
    for name in values:
        parts = _NAME.match(name.strip())
        if (
            parts is not None
            and parts["way"].lower() == way
            and bool(parts["fast"]) == (model.latency == "optimized")
            and parts["unit"].lower() == unit
            and _squeezed(parts["model"]) in wanted
        ):
            fitting.append(name)
    return fitting[0] if len({values[name] for name in fitting}) == 1 else None


def _way(model_id: str, catalogue: Catalogue) -> Way | None:
    """How a model is asked; null where it has throughput of its own, or it isn't known."""
    if ":provisioned-model/" in model_id or ":custom-model" in model_id:
        return None
    if ":application-inference-profile/" in model_id:
        profile = catalogue.profile(model_id)
        if profile is None:
            return None
        return "on-demand" if profile.regions == 1 else "cross-region"
    prefix = area(model_id)
    if prefix == "global":
        return "global cross-region"
    return "cross-region" if prefix else "on-demand"


def _spellings(model_id: str, catalogue: Catalogue) -> set[str]:
    """How Service Quotas may spell a model: by the catalogue's names, and by the words of its id."""
    bare = catalogue.foundation_id(model_id)
    spelt = {_squeezed(re.sub(r"-\d{8}(?=-|$)", "", bare.partition(":")[0]))}
    model = catalogue.model(model_id)
    if model is not None and model.name:
        spelt |= {_squeezed(model.name), _squeezed(f"{model.provider} {model.name}")}
    return {words for words in spelt if words}


def _squeezed(name: str) -> str:
    """Letters and digits only; a last "V1" says nothing, since some names have it and others don't."""
    letters = re.sub(r"[^a-z0-9]+", "", name.lower())
    return re.sub(r"v1$", "", letters)
