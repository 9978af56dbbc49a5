"""CloudWatch's own metrics of a model for the minutes of the run, beside what the run saw."""

import argparse
import json
from pathlib import Path

import command

from assay.bedrock.cloudwatch import fetch
from assay.bedrock.settings import BedrockEndpoint, Model
from assay.measurement.seen import read, seen, span
from assay.settings import Settings


class CloudWatch(Settings):
    """Which model, and where."""

    endpoint: BedrockEndpoint
    model: Model


def main(arguments: argparse.Namespace) -> None:
    settings: CloudWatch = arguments.settings
    rows = read(arguments.records)
    began, ended = span(rows)
    told = {
        "model": settings.model.label,
        "model_id": settings.model.id,
        "cloudwatch": fetch(settings.endpoint, settings.model.id, began, ended),
        "ours": seen(rows),
    }
    command.write_text(arguments.out, json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    made = command.parser(__doc__)
    made.add_argument(
        "--settings", type=command.settings(CloudWatch), required=True, help="JSON: model and place"
    )
    made.add_argument("--records", type=Path, nargs="+", required=True, help="the model's records")
    made.add_argument("--out", type=Path, required=True, help="where to write the metrics, JSON")
    command.run(main, made)
