"""Stands in for every stage in the tests of the order of jobs: notes when it begins and ends, and writes its outputs.

A measurement ends only once the other model's measurement of the same place has begun too (`ASSAY_TEST_MODELS` of
them): if models didn't run side by side, the test would fail by the time limit below rather than pass by chance.
"""

import json
import os
import sys
import time
from itertools import pairwise
from pathlib import Path

TIME_LIMIT_S = 60.0
LINES = Path(os.environ["ASSAY_TEST_JOBS"])
SIDE_BY_SIDE = int(os.environ.get("ASSAY_TEST_MODELS", "1"))


def note(event: str, job: str, model: str) -> None:
    line = json.dumps(
        {"event": event, "job": job, "model": model, "block": settings.get("load", {}).get("block")}
    )
    descriptor = os.open(LINES, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def begun_of(model: str) -> int:
    """How many measurements of a model have begun."""
    lines = [json.loads(line) for line in LINES.read_text("utf-8").splitlines()]
    return sum(
        line["event"] == "begin" and line["job"] == "invoke" and line["model"] == model for line in lines
    )


def models_begun() -> set[str]:
    lines = [json.loads(line) for line in LINES.read_text("utf-8").splitlines()]
    return {line["model"] for line in lines if line["job"] == "invoke"}


arguments = sys.argv[1:]
values = dict(pairwise(arguments))
stage = Path(sys.argv[0]).stem
settings = json.loads(values.get("--settings", "{}"))
model = settings.get("model", "")
model = model["label"] if isinstance(model, dict) else model

note("begin", stage, model)
if stage == "invoke":
    mine = begun_of(model)
    limit = time.monotonic() + TIME_LIMIT_S
    while len(models_begun()) < SIDE_BY_SIDE or any(begun_of(other) < mine for other in models_begun()):
        if time.monotonic() > limit:
            sys.exit(f"no other model was measured beside {model}")
for option, value in values.items():
    if option.startswith("--out"):
        path = Path(value)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", "utf-8")
        if path.parent.name == "tables":
            path.with_suffix(".csv").write_text("", "utf-8")
note("end", stage, model)
