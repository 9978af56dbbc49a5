from assay.datasets.settings import JsonLines
from collections.abc import Iterable
from assay.datasets.example import Example
from assay.datasets.examples_file import Source


def jsonl_examples(settings: JsonLines) -> tuple[Iterable[Example], Source]:
    raise NotImplementedError
