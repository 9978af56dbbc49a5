"""What was measured: how many requests under which loads, on what data, of which models."""

from collections.abc import Sequence
from typing import Any

from assay.document import provenance
from assay.document.reported import Reported, total
from assay.prompts.choice import template_files
from assay.tables import run as run_tables
from assay.tables.inputs import column

Row = dict[str, Any]


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    public, inputs, drawn = run.public, run.inputs, run.finished.buckets
    panel = public["judges"]
    return {
        "requests": {
            "measured": int(column(inputs.cells, "n").sum()),
            "answered": int(column(inputs.cells, "n_ok").sum()),
            "sent": total(column(inputs.models, "requests_sent").tolist()),
        },
        "source": provenance.without_private_parts(run.finished.source),
        "tokenizer": drawn.get("tokenizer") or {},
        "system_sha256": drawn.get("system_sha256"),
        "template_sha256": drawn.get("template_sha256"),
        "template": provenance.without_private_parts(
            template_files(run.benchmark.dataset, run.benchmark.prompt.template).described
        ),
        "output_limits": sorted(set((drawn.get("output_limits") or {}).values())),
        "buckets": run_tables.buckets(drawn.get("buckets", [])),
        "models": run_tables.models(_asked_with(public["models"], public["inference"])),
        "judges": run_tables.models(_asked_with(panel["panel"], panel["inference"])) if panel else None,
        "cells": run_tables.cells(inputs, run.shown.models, run.buckets),
    }


def _asked_with(models: Sequence[Row], defaults: Row) -> list[Row]:
    """Of each model: label, id, API, and inference parameters completed by the defaults, in words."""
    rows = []
    for model in models:
        inference = {
            **defaults,
            **{name: value for name, value in model["inference"].items() if value is not None},
        }
        parts = [f"{name} {value}" for name, value in inference.items() if value is not None]
        parts += [f"{name} {model[name]}" for name in ("service_tier", "latency") if model.get(name)]
        if model.get("cache") == "warm":
            parts.append("warm prompt cache")
        rows.append(
            {
                "label": model["label"],
                "id": model["id"],
                "api": "ConverseStream" if model["stream"] else "Converse",
                "inference": ", ".join(parts),
            }
        )
    return rows
