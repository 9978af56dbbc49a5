"""What Bedrock's control plane says of models in a region: life cycle, ways to invoke, streaming, inference profiles.

It is asked where the credentials may; preflight does without it, since the small calls say most of what is wrong.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assay.bedrock.settings import Endpoint
from assay.preflight import account

_AREA = re.compile(r"^(us|us-gov|eu|apac|ap|jp|au|ca|in|sa|me|af|global)\.(?=[a-z])")


@dataclass(frozen=True, slots=True)
class FoundationModel:
    """A model as the region offers it."""

    id: str
    name: str = ""
    provider: str = ""
    status: str = "ACTIVE"
    """ACTIVE or LEGACY."""
    ends: datetime | None = None
    """When its life ends, where that is known."""
    inference_types: tuple[str, ...] = ()
    """ON_DEMAND, PROVISIONED, INFERENCE_PROFILE."""
    streams: bool | None = None
    outputs: tuple[str, ...] = ()
    """TEXT, IMAGE, EMBEDDING."""


@dataclass(frozen=True, slots=True)
class Profile:
    """An inference profile."""

    id: str
    arn: str
    name: str
    kind: str
    """SYSTEM_DEFINED or APPLICATION."""
    models: tuple[str, ...]
    """Ids of the foundation models behind it; one, whatever the number of regions."""
    regions: int
    """How many regions it leads to."""


@dataclass(slots=True)
class Catalogue:
    """Models and profiles of a region; `known` is whether anything could be asked."""

    models: dict[str, FoundationModel] = field(default_factory=dict)
    profiles: list[Profile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What could not be asked, and why."""

    @property
    def known(self) -> bool:
        """Whether the region's models are known."""
        return bool(self.models)

    def profile(self, model_id: str) -> Profile | None:
        """The profile of that id or ARN, if it is one."""
        bare = model_id.rsplit("/", 1)[-1]
        return next((one for one in self.profiles if model_id == one.arn or bare == one.id), None)

    def foundation_id(self, model_id: str) -> str:
        """The id of the model behind an id, profile id or ARN, as far as that can be told."""
        profile = self.profile(model_id)
        if profile is not None and profile.models:
            return profile.models[0]
        return _AREA.sub("", model_id.rsplit("/", 1)[-1])

    def model(self, model_id: str) -> FoundationModel | None:
        """What is known of the model behind an id, profile id or ARN."""
        return self.models.get(self.foundation_id(model_id))

    def profiles_with(self, model_id: str) -> list[Profile]:
        """The profiles that lead to a model, those of AWS first."""
        wanted = self.foundation_id(model_id)
        found = [one for one in self.profiles if wanted in one.models]
        return sorted(
            found, key=lambda one: (one.kind != "SYSTEM_DEFINED", one.id.startswith("global."), one.id)
        )


def area(model_id: str) -> str:
    """`us` of `us.amazon.nova-lite-v1:0`, or of the ARN of such a profile; empty for a model's own id."""
    found = _AREA.match(model_id.rsplit("/", 1)[-1])
    return found.group(1) if found else ""


def read(endpoint: Endpoint) -> Catalogue:
    """Ask the control plane. What can't be asked is noted, and left out."""
    why_not = account.why_not(endpoint, "bedrock")
    if why_not is not None:
        return Catalogue(notes=[why_not])
    from botocore.exceptions import BotoCoreError, ClientError

    found = Catalogue()
    try:
        client = account.client(endpoint, "bedrock")
        for summary in client.list_foundation_models()["modelSummaries"]:
            found.models[summary["modelId"]] = _model(summary)
        for kind in ("SYSTEM_DEFINED", "APPLICATION"):
            for page in client.get_paginator("list_inference_profiles").paginate(typeEquals=kind):
                found.profiles.extend(map(_profile, page["inferenceProfileSummaries"]))
    except (BotoCoreError, ClientError) as error:
        found.notes.append(account.refused("bedrock", error))
    return found


def _model(summary: dict[str, Any]) -> FoundationModel:
    life = summary.get("modelLifecycle") or {}
    return FoundationModel(
        id=summary["modelId"],
        name=summary.get("modelName") or "",
        provider=summary.get("providerName") or "",
        status=life.get("status") or "ACTIVE",
        ends=life.get("endOfLifeTime"),
        inference_types=tuple(summary.get("inferenceTypesSupported") or ()),
        streams=summary.get("responseStreamingSupported"),
        outputs=tuple(summary.get("outputModalities") or ()),
    )


def _profile(summary: dict[str, Any]) -> Profile:
    arns = [model["modelArn"] for model in summary.get("models") or ()]
    return Profile(
        id=summary["inferenceProfileId"],
        arn=summary["inferenceProfileArn"],
        name=summary["inferenceProfileName"],
        kind=summary["type"],
        models=tuple(dict.fromkeys(arn.rsplit("/", 1)[-1] for arn in arns)),
        regions=len(arns),
    )
