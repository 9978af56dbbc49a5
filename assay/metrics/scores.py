"""The datasets' own metrics by name, and the score of one answer.

What a score is built from stands in the modules beside this one; accuracy by judges is the room `judging`.
"""

from collections.abc import Callable, Sequence

from assay.errors import InputError
from assay.metrics.code_similarity import code_similarity
from assay.metrics.longbench import scored_part
from assay.metrics.matches import PARAGRAPH, PARAGRAPH_ZH, classification, count, retrieval, retrieval_zh
from assay.metrics.rouge import rouge_l, rouge_l_zh
from assay.metrics.token_f1 import qa_f1, qa_f1_zh

MetricFunction = Callable[[str, Sequence[str], Sequence[str] | None], float]

METRICS: dict[str, MetricFunction] = {
    "qa_f1": qa_f1,
    "qa_f1_zh": qa_f1_zh,
    "rouge_l": rouge_l,
    "rouge_l_zh": rouge_l_zh,
    "classification": classification,
    "retrieval": retrieval,
    "retrieval_zh": retrieval_zh,
    "count": count,
    "code_similarity": code_similarity,
}
"""Metric by name: (prediction, answers, all_classes) to the score against the best fitting answer, 0 to 1."""


def flaw(metric: str, answers: Sequence[str], all_classes: Sequence[str] | None) -> str | None:
    """Why a row can't be scored by this metric, in words that follow "the row ..."; None if it can.

    To be asked of every row before anything is sent: an answer to a row that can't be scored is money lost.
    """
    if metric not in METRICS:
        return f"names the metric {metric!r}, which is not one of {', '.join(METRICS)}"
    if not answers:
        return "has no answers; at least one is expected"
    if metric == "classification":
        missing = [answer for answer in answers if answer not in (all_classes or ())]
        if missing:
            return f"has the answer {missing[0]!r}, which is not among its all_classes"
    for name, pattern, form in (
        ("retrieval", PARAGRAPH, "Paragraph 7"),
        ("retrieval_zh", PARAGRAPH_ZH, "段落7"),
    ):
        if metric == name and (missing := [answer for answer in answers if not pattern.search(answer)]):
            return f"has the answer {missing[0]!r}; the metric {metric} expects the form {form!r}"
    if metric == "count" and (missing := [answer for answer in answers if not answer.isdecimal()]):
        return f"has the answer {missing[0]!r}; the metric count expects a whole number in digits"
    return None


def score(
    prediction: str,
    answers: Sequence[str],
    metric: str,
    dataset: str,
    all_classes: Sequence[str] | None = None,
) -> float:
    """The score of one prediction, 0 to 1: the best over the answers.

    The dataset's name decides what of the prediction is scored (`longbench.scored_part`). Raises InputError where
    `flaw` finds one.
    """
    if found := flaw(metric, answers, all_classes):
        raise InputError(f"a row of dataset {dataset!r} {found}")
    return METRICS[metric](scored_part(prediction, dataset), answers, all_classes)
