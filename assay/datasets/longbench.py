from collections.abc import Iterable

from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.settings import LongBench


def longbench_examples(settings: LongBench) -> tuple[Iterable[Example], Source]:
    raise NotImplementedError
