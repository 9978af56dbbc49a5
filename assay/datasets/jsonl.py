from collections.abc import Iterable

from assay.datasets.example import Example
from assay.datasets.examples_file import Source
from assay.datasets.settings import JsonLines


def jsonl_examples(settings: JsonLines) -> tuple[Iterable[Example], Source]:
    raise NotImplementedError
