from assay.datasets.settings import LongBench
from collections.abc import Iterable
from assay.datasets.example import Example
from assay.datasets.examples_file import Source


def longbench_examples(settings: LongBench) -> tuple[Iterable[Example], Source]:
    raise NotImplementedError
