"""All metrics by name, and the score of one answer: the published ones of datasets, and those for the user's own data.

What a score is built from stands in the modules beside this one; accuracy by judges is the room `judging`.
"""

from collections.abc import Callable, Sequence

from assay.errors import InputError
from assay.metrics.choice import (
    KINDS,
    Contains,
    ExactMatch,
    JsonMatch,
    MultipleChoice,
    Numeric,
    Regex,
    RougeLTextbook,
    TokenF1,
    WithSettings,
)
from assay.metrics.code_similarity import code_similarity, code_similarity_levenshtein
from assay.metrics.compared import contains, exact_match, rouge_l_textbook, token_f1
from assay.metrics.json_match import json_flaw, json_match
from assay.metrics.longbench import scored_part
from assay.metrics.longbench_v2 import longbench_v2, reference_letter
from assay.metrics.matches import PARAGRAPH, PARAGRAPH_ZH, classification, count, retrieval, retrieval_zh
from assay.metrics.multiple_choice import choice, multiple_choice
from assay.metrics.numeric import is_number, numeric
from assay.metrics.regex import regex
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
    "code_similarity_levenshtein": code_similarity_levenshtein,
    "longbench_v2": longbench_v2,
}
"""Published metric by name: (prediction, answers, all_classes) to the score against the best fitting answer, 0 to 1."""

NAMES = (*METRICS, *KINDS)
"""All metrics that a benchmark can name."""


def flaw(metric: str | WithSettings, answers: Sequence[str], all_classes: Sequence[str] | None) -> str | None:
    """Why a row can't be scored by this metric, in words that follow "the row ..."; None if it can.

    To be asked of every row before anything is sent: an answer to a row that can't be scored is money lost.
    """
    if isinstance(metric, str) and metric not in METRICS:
        return f"names the metric {metric!r}, which is not one of {', '.join(NAMES)}"
    if not answers:
        return "has no answers; at least one is expected"
    if not isinstance(metric, str):
        return next((found for answer in answers if (found := _flaw(metric, answer)) is not None), None)
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
    if metric == "longbench_v2" and (
        missing := [answer for answer in answers if reference_letter(answer) is None]
    ):
        return f"has the answer {missing[0]!r}; the metric longbench_v2 expects A, B, C or D"
    return None


def _flaw(metric: WithSettings, answer: str) -> str | None:
    if isinstance(metric, Numeric) and not is_number(answer, metric):
        return f"has the answer {answer[:60]!r}; the metric numeric expects one number (decimal_mark: {metric.decimal_mark})"
    if isinstance(metric, MultipleChoice) and choice(answer, metric.letters) is None:
        return f"has the answer {answer[:60]!r}; the metric multiple_choice expects one of the letters {metric.letters}"
    if isinstance(metric, JsonMatch):
        return json_flaw(answer, metric)
    return None


def score(
    prediction: str,
    answers: Sequence[str],
    metric: str | WithSettings,
    dataset: str,
    all_classes: Sequence[str] | None = None,
) -> float:
    """The score of one prediction, 0 to 1: the best over the answers.

    The dataset's name decides what of the prediction is scored (`longbench.scored_part`) by a published metric; those with
    settings read it whole. Raises InputError where `flaw` finds one, and where a regular expression takes too long.
    """
    if found := flaw(metric, answers, all_classes):
        raise InputError(f"a row of dataset {dataset!r} {found}")
    if isinstance(metric, str):
        return METRICS[metric](scored_part(prediction, dataset), answers, all_classes)
    return _score(prediction, answers, metric)


def _score(prediction: str, answers: Sequence[str], metric: WithSettings) -> float:
    match metric:
        case ExactMatch():
            return exact_match(prediction, answers, metric)
        case Contains():
            return contains(prediction, answers, metric)
        case TokenF1():
            return token_f1(prediction, answers, metric)
        case RougeLTextbook():
            return rouge_l_textbook(prediction, answers, metric)
        case Numeric():
            return numeric(prediction, answers, metric)
        case MultipleChoice():
            return multiple_choice(prediction, answers, metric)
        case JsonMatch():
            return json_match(prediction, answers, metric)
        case Regex():
            return regex(prediction, answers, metric)
