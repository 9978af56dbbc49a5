"""What the report has to know beside the files of the run."""

from assay.config.benchmark import Benchmark
from assay.settings import Settings


class ReportSettings(Settings):
    """The whole benchmark, which the report prints, and how to run it again."""

    benchmark: Benchmark
    commands: tuple[str, ...]
    """Command lines that recreate the report, in order."""
