"""Finished runs to compare, made up from a seed: a run's folder as its workflow leaves it, as far as a comparison reads it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from made_run import MadeModel, make_run


def finished(
    folder: Path,
    models: Mapping[str, MadeModel],
    *,
    seed: int,
    blocks: int = 1,
    levels: Sequence[int] = (1,),
    buckets: Sequence[str] = ("short", "long"),
    requests: int = 40,
    judges: Sequence[str] = ("ada",),
    title: str | None = None,
    **changed: Any,
) -> Path:
    """A run in `folder`; `changed` are sections of the settings that its report tells of."""
    made = make_run(
        folder,
        models,
        blocks=blocks,
        levels=levels,
        buckets=buckets,
        requests=requests,
        judges=judges,
        seed=seed,
    )
    for path in sorted([*made.records, *made.statuses]):  # workflows count blocks from 0
        path.replace(path.with_name(f"b{int(path.stem[1:]) - 1}{path.suffix}"))
    for path in made.verdicts:
        path.with_suffix(".json").write_text(json.dumps({"working": True, "prompt_sha256": "0" * 64}))
    (folder / "prompts").mkdir()
    made.prompts.replace(folder / "prompts" / "prompts.parquet")
    (folder / "tables").mkdir()
    rows = [{"model": label, "model_id": f"id-{label}", "accuracy_by": "panel"} for label in models]
    pq.write_table(pa.Table.from_pylist(rows), folder / "tables" / "models.parquet")
    settings = {
        "run": {"name": folder.name, "edition": 1, "seed": 1},
        "endpoint": {"kind": "simulator", "behaviour": "config/simulator/default.yaml"},
        "models": [{"label": label, "id": f"id-{label}"} for label in models],
        "load": {"concurrency": list(levels), "rates_rps": [], "blocks": blocks},
        "judges": {"panel": [{"label": judge, "id": f"id-{judge}"} for judge in judges], "verdict": "correctness"},
        "inference": {"max_tokens": 96},
        **changed,
    }  # fmt: skip
    told = {
        "run": {"name": folder.name, "title": title or f"Benchmark {folder.name}"},
        "simulated": settings["endpoint"]["kind"] == "simulator",
        "started_utc": "2026-11-01T10:00:00Z",
        "ended_utc": "2026-11-01T11:00:00Z",
        "dataset": {"kind": "synthetic", "revision": None},
        "prices": {
            "taken": "2026-11-01",
            "lines": [
                {"kind": "model", "label": label, "model_id": f"id-{label}", "input_usd_per_million": of.usd_per_million}
                for label, of in models.items()
            ],
        },
        "settings_sha256": "0" * 64,
        "code": {"version": "1", "commit": "0123456789abcdef", "changed": False},
        "versions": {"assay": "1", "python": "3.12.0"},
        "machines": [{"cores": 4}],
        "settings": settings,
    }  # fmt: skip
    (folder / "provenance.json").write_text(json.dumps(told), encoding="utf-8")
    return folder
