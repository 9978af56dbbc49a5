"""What LongBench's sets are scored with: the metric of each, and which are cut to their first line.

A set's `_e` variant (LongBench-E) is scored as the set itself.
"""

METRIC_OF_SET = {
    "narrativeqa": "qa_f1",
    "qasper": "qa_f1",
    "multifieldqa_en": "qa_f1",
    "multifieldqa_zh": "qa_f1_zh",
    "hotpotqa": "qa_f1",
    "2wikimqa": "qa_f1",
    "musique": "qa_f1",
    "dureader": "rouge_l_zh",
    "gov_report": "rouge_l",
    "qmsum": "rouge_l",
    "multi_news": "rouge_l",
    "vcsum": "rouge_l_zh",
    "trec": "classification",
    "triviaqa": "qa_f1",
    "samsum": "rouge_l",
    "lsht": "classification",
    "passage_retrieval_en": "retrieval",
    "passage_retrieval_zh": "retrieval_zh",
    "passage_count": "count",
    "lcc": "code_similarity",
    "repobench-p": "code_similarity",
}
"""The 21 sets, each with the name of its metric in `assay.metrics.scores.METRICS`."""

_FIRST_LINE = frozenset({"trec", "triviaqa", "samsum", "lsht"})


SETS_OF_LONGBENCH_E = (
    "qasper",
    "multifieldqa_en",
    "hotpotqa",
    "2wikimqa",
    "gov_report",
    "multi_news",
    "trec",
    "triviaqa",
    "samsum",
    "passage_count",
    "passage_retrieval_en",
    "lcc",
    "repobench-p",
)
"""The sets that LongBench-E has too, there with `_e` behind their names."""


def set_of(dataset: str) -> str:
    """The set that a dataset's name stands for: `hotpotqa_e` is hotpotqa; other names are themselves."""
    return dataset.removesuffix("_e") if dataset.removesuffix("_e") in METRIC_OF_SET else dataset


def metric_of(dataset: str) -> str | None:
    """The metric of a LongBench set, with or without `_e`; None for any other name."""
    return METRIC_OF_SET.get(set_of(dataset))


def scored_part(prediction: str, dataset: str) -> str:
    """What of a prediction is scored: the first line in the few-shot sets, where models go on with more shots."""
    return prediction.lstrip("\n").split("\n")[0] if set_of(dataset) in _FIRST_LINE else prediction
