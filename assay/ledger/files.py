"""The name of the ledger file that a job writes, by what it asks, never by a label; and what its sittings say of themselves."""

import re
from typing import Any

from assay.bedrock.settings import Model
from assay.ledger.keys import digest

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]+")


def file_name(stage: str, model_id: str, asks: dict[str, Any], *parts: str) -> str:
    """Such as `invoke.sim.swift-v1-0.3f2a9c01.c8.b0.jsonl`.

    `asks` is what tells the file from others of the same stage and model: two lines that ask the same model with
    other parameters don't wait for each other's lock.
    """
    readable = _NOT_IN_NAMES.sub("-", model_id.rsplit("/", 1)[-1])[:60]
    return ".".join((stage, readable, digest(asks)[:8], *parts, "jsonl"))


def about(run: str, stage: str, model: Model) -> dict[str, str]:
    """Whose a sitting is, for its line: run, stage, label and model id, and, where it isn't the default, what sets its price."""
    made = {"run": run, "stage": stage, "label": model.label, "model": model.id}
    if model.service_tier not in (None, "default"):
        made["service_tier"] = str(model.service_tier)
    if model.latency == "optimized":
        made["latency"] = model.latency
    if model.cache == "warm":
        made["cache"] = model.cache
    return made
