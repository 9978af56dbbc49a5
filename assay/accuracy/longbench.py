"""How LongBench's scores are averaged: which sets make a task, which are Chinese, which lengths make a group.

The six tasks and their sets are those of LongBench's own table of tasks; its published averages are means of set scores,
first within a task, then over the tasks. The two sets of code count in English and in Chinese (Bai et al. 2024,
arXiv:2308.14508, table 2). LongBench-E has the groups 0-4k, 4-8k and 8k+ by the words that the dataset counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assay.metrics.longbench import METRIC_OF_SET, set_of

TASKS: Mapping[str, tuple[str, ...]] = {
    "single-document QA": ("narrativeqa", "qasper", "multifieldqa_en", "multifieldqa_zh"),
    "multi-document QA": ("hotpotqa", "2wikimqa", "musique", "dureader"),
    "summarization": ("gov_report", "qmsum", "multi_news", "vcsum"),
    "few-shot learning": ("trec", "triviaqa", "samsum", "lsht"),
    "synthetic tasks": ("passage_count", "passage_retrieval_en", "passage_retrieval_zh"),
    "code completion": ("lcc", "repobench-p"),
}

CHINESE = frozenset({"multifieldqa_zh", "dureader", "vcsum", "lsht", "passage_retrieval_zh"})
CODE = "code completion"
OF_NO_LANGUAGE = frozenset(TASKS[CODE])

LENGTHS: Mapping[str, tuple[float, float]] = {
    "0-4k": (0, 4_000),
    "4-8k": (4_000, 8_000),
    "8k+": (8_000, float("inf")),
}
"""Groups of LongBench-E: from so many words on, up to and without so many."""

PARTS_OF_V2: Mapping[str, tuple[str, ...]] = {
    "difficulty": ("easy", "hard"),
    "length": ("short", "medium", "long"),
}
"""The parts by which LongBench v2 is published."""

V2 = "longbench_v2_"
"""How the names of LongBench v2's sets begin; difficulty and length follow."""
_PARTS_OF_NAMES = {
    f"{difficulty}_{length}": (difficulty, length)
    for difficulty in PARTS_OF_V2["difficulty"]
    for length in PARTS_OF_V2["length"]
}


@dataclass(frozen=True, slots=True)
class Average:
    """A mean of set scores: what it is called, and what each set counts. `published` is how many sets it should have."""

    scope: str
    """task or overall."""
    name: str
    language: str
    over: str
    """What is averaged last: sets or tasks."""
    weights: Mapping[str, float]
    published: int


def benchmark_of(dataset: str) -> str | None:
    """LongBench, LongBench-E or LongBench v2; None for any other set."""
    if dataset.startswith(V2) and dataset.removeprefix(V2) in _PARTS_OF_NAMES:
        return "LongBench v2"
    if set_of(dataset) in METRIC_OF_SET:
        return "LongBench" if dataset in METRIC_OF_SET else "LongBench-E"
    return None


def of_v2(dataset: str) -> tuple[str, str]:
    """Difficulty and length of a set of LongBench v2."""
    return _PARTS_OF_NAMES[dataset.removeprefix(V2)]


def averages(sets: Iterable[str], published: Iterable[str]) -> list[Average]:
    """The averages that can be made of `sets`, out of the `published` ones, by language: overall, then each task.

    Overall is the mean of the tasks' means, as LongBench publishes it, and again the plain mean over sets, as many papers
    print it. Of a run in one language there is no average over all; code is of no language, and stands once.
    """
    there, all_of_them = list(sets), list(published)
    made: list[Average] = []
    for language in _languages(there):
        mine = [name for name in there if _counts(name, language)]
        asked = [name for name in all_of_them if _counts(name, language)]
        found = {task: names for task in TASKS if (names := _of_task(mine, task))}
        of_tasks = {name: 1 / len(found) / len(names) for names in found.values() for name in names}
        made.append(Average("overall", "mean of tasks", language, "tasks", of_tasks, len(asked)))
        alike = dict.fromkeys(mine, 1 / len(mine))
        made.append(Average("overall", "mean of sets", language, "sets", alike, len(asked)))
        made += [_task(task, language, mine, asked) for task in found if task != CODE]
    if _of_task(there, CODE):
        made.append(_task(CODE, "all", there, all_of_them))
    return made


def _languages(sets: Iterable[str]) -> list[str]:
    own = {set_of(name) for name in sets} - OF_NO_LANGUAGE
    english, chinese = bool(own - CHINESE), bool(own & CHINESE)
    found = [name for name, there in (("English", english), ("Chinese", chinese)) if there]
    return found if len(found) == 1 else [*found, "all"]


def _task(task: str, language: str, sets: Iterable[str], published: Iterable[str]) -> Average:
    names = _of_task(sets, task)
    weights = dict.fromkeys(names, 1 / len(names))
    return Average("task", task, language, "sets", weights, len(_of_task(published, task)))


def _of_task(sets: Iterable[str], task: str) -> list[str]:
    return [name for name in sets if set_of(name) in TASKS[task]]


def _counts(name: str, language: str) -> bool:
    own = set_of(name)
    return language == "all" or own in OF_NO_LANGUAGE or (own in CHINESE) == (language == "Chinese")
