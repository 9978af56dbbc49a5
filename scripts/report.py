"""Fill the report's template from the files of a finished run: one Quarto document, the verdict in one line,
and where they come from."""

import argparse
import tomllib
from pathlib import Path

import command

from assay.document.inputs import RunFiles
from assay.document.report import write
from assay.document.settings import ReportSettings

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: argparse.Namespace) -> None:
    files = RunFiles(
        cells=arguments.cells,
        models=arguments.models,
        accuracy=arguments.accuracy,
        of_accuracy=tuple(arguments.of_accuracy),
        of_requests=tuple(arguments.of_requests),
        periods=arguments.periods,
        ramps=arguments.ramps,
        decision=arguments.decision,
        prices=arguments.prices,
        source=arguments.source,
        buckets=arguments.buckets,
        estimate=arguments.estimate,
        statuses=tuple(arguments.statuses),
        verdict_statuses=tuple(arguments.verdict_statuses),
        figures=tuple(arguments.figures),
        cloudwatch=tuple(arguments.cloudwatch),
        searches=tuple(arguments.searches),
        search_records=tuple(arguments.search_records),
        preflight=arguments.preflight,
    )
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    write(
        arguments.settings,
        files,
        arguments.template,
        PROJECT,
        version,
        arguments.out_qmd,
        arguments.out_verdict,
        arguments.out_provenance,
    )


if __name__ == "__main__":
    parser = command.parser(__doc__)
    parser.add_argument("--settings", type=command.settings(ReportSettings), required=True)
    for table in ("cells", "models", "accuracy", "periods", "ramps"):
        parser.add_argument(f"--{table}", type=Path, required=True, help=f"table of {table}, Parquet")
    parser.add_argument(
        "--of-accuracy", type=Path, nargs="+", required=True, help="tables of the accuracy stage, Parquet"
    )
    parser.add_argument(
        "--of-requests",
        type=Path,
        nargs="+",
        required=True,
        help="tables loads, distribution and cost_parts, Parquet",
    )
    for name in ("decision", "prices", "source", "buckets", "estimate"):
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"{name}.json of the run")
    parser.add_argument("--statuses", type=Path, nargs="+", required=True, help="statuses of the invoke jobs")
    parser.add_argument(
        "--verdict-statuses", type=Path, nargs="*", default=[], help="statuses of the judge jobs"
    )
    parser.add_argument(
        "--cloudwatch", type=Path, nargs="*", default=[], help="what CloudWatch says of models"
    )
    parser.add_argument(
        "--searches", type=Path, nargs="*", default=[], help="what the searches for the highest rate found"
    )
    parser.add_argument("--search-records", type=Path, nargs="*", default=[], help="records of the searches")
    parser.add_argument("--preflight", type=Path, help="what the small calls before the run came to, JSON")
    parser.add_argument("--figures", type=Path, nargs="+", required=True, help="files of every figure")
    parser.add_argument("--template", type=Path, required=True, help="the document's template, Jinja")
    parser.add_argument("--out-qmd", type=Path, required=True)
    parser.add_argument("--out-verdict", type=Path, required=True)
    parser.add_argument("--out-provenance", type=Path, required=True)
    command.run(main, parser)
