"""The table `tasks`: accuracy and the dataset's own metric by set, by task, and over all, as published where it is.

Each model has rows for

- every set, and parts of it: the buckets of prompt size that it spans; groups of length in LongBench-E;
- LongBench's six tasks and its overall averages, means of set scores as published (`longbench`);
- LongBench v2 overall, by difficulty and by length, over prompts as published;
- all prompts of the run, and the plain mean over its sets where there are several.

In a dataset of one's own a set is a task. Leaves to others: what an answer is worth (`ratings`), trends over prompt size
(`trends`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assay.accuracy import longbench
from assay.accuracy.inputs import Inputs
from assay.metrics.longbench import METRIC_OF_SET, SETS_OF_LONGBENCH_E
from assay.records.metric import Metric, Value
from assay.stats import shares

COLUMNS: tuple[Metric, ...] = (
    Metric("model", "", "the model's label in the benchmark", "text"),
    Metric("benchmark", "", "LongBench, LongBench-E or LongBench v2; null for other sets", "text"),
    Metric("scope", "", "what the row is about: a set, a task, or overall", "text"),
    Metric("name", "", "the name of the set or task, or what is averaged overall", "text"),
    Metric("language", "", "English, Chinese or all, for LongBench's averages; code counts in both", "text"),
    Metric(
        "part_by", "", "null for the whole; else what the part is by: bucket, length or difficulty", "text"
    ),
    Metric("part", "", "the bucket, or the group of lengths or difficulty", "text"),
    Metric("averaged_over", "", "prompts, sets or tasks: what counts the same in the mean", "text"),
    Metric("sets", "sets", "how many sets it is of", "count"),
    Metric("sets_published", "sets", "how many the published average is of", "count"),
    Metric("documents", "documents", "source documents of its prompts", "count"),
    Metric("metric", "", "the dataset's own metric, or metrics", "text"),
    Metric("metric_score", "share", "the dataset's own metric: averaged within each prompt, then as said"),
    Metric("metric_score_low", "share", "lower end of its interval, prompts clustered by source document"),
    Metric("metric_score_high", "share", "upper end of its interval, prompts clustered by source document"),
    Metric("metric_score_n", "prompts", "prompts with an answer", "count"),
    Metric(
        "metric_score_percent",
        "%",
        "metric_score in per cent to two decimals, as LongBench prints its scores",
    ),
    Metric(
        "accuracy",
        "share",
        "correct over answered, by the panel; without judges the dataset's own metric",
    ),
    Metric("accuracy_low", "share", "lower end of its interval, prompts clustered by source document"),
    Metric("accuracy_high", "share", "upper end of its interval, prompts clustered by source document"),
    Metric(
        "accuracy_interval",
        "",
        "how its interval was made: wilson where every prompt has a document of its own and is right or wrong, else "
        "clustered; stratified for a mean of sets",
        "text",
    ),
    Metric("accuracy_n", "prompts", "prompts with an answer that has a verdict", "count"),
    Metric("accuracy_of_asked", "share", "correct over asked: what failed or has no verdict is not correct"),
    Metric("accuracy_of_asked_low", "share", "lower end of its interval"),
    Metric("accuracy_of_asked_high", "share", "upper end of its interval"),
    Metric("accuracy_of_asked_n", "prompts", "prompts asked", "count"),
    Metric(
        "cut_share",
        "share",
        "of each prompt's answers, those that were cut at the limit of output tokens, averaged over prompts",
    ),
)

Row = dict[str, Value]

_FIGURES = ("metric_score", "accuracy", "accuracy_of_asked")


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a row is about, and what counts how much: sets by `weights`, or every prompt the same."""

    benchmark: str | None
    scope: str
    name: str
    language: str | None
    over: str
    weights: Mapping[str, float] | None
    published: int | None


def rows(inputs: Inputs) -> list[Row]:
    """Rows of the table, models in the order of the benchmark."""
    of_set = (
        inputs.answers.groupby("dataset")["metric"].agg(lambda names: ", ".join(sorted(set(names.dropna()))))
        if len(inputs.answers)
        else pd.Series(dtype=object)
    )
    metrics = {str(name): str(metric) for name, metric in of_set.items()}
    made: list[Row] = []
    for model in inputs.settings.models:
        mine = inputs.ratings.loc[inputs.ratings["model"] == model.label]
        mine = mine.assign(dataset=mine["dataset"].fillna(""), source=pd.factorize(mine["source"])[0])
        for row in _of_model(mine, metrics, inputs.settings.confidence):
            made.append({"model": model.label, **row})
    return made


def _of_model(mine: pd.DataFrame, metrics: Mapping[str, str], confidence: float) -> Iterator[Row]:
    sets = list(dict.fromkeys(mine["dataset"]))
    yield _row(mine, _Scope(None, "overall", "all prompts", None, "prompts", None, None), metrics, confidence)
    if len(sets) > 1:
        alike = dict.fromkeys(sets, 1 / len(sets))
        yield _row(
            mine, _Scope(None, "overall", "mean of sets", None, "sets", alike, None), metrics, confidence
        )
    benchmarks = {name: longbench.benchmark_of(name) for name in sets}
    for benchmark in dict.fromkeys(one for one in benchmarks.values() if one is not None):
        here = mine.loc[mine["dataset"].map(benchmarks) == benchmark]
        for part_by, part, chosen in _parts(benchmark, here):
            for scope in _averages(benchmark, list(dict.fromkeys(chosen["dataset"]))):
                within = chosen
                if scope.weights is not None:
                    within = chosen.loc[chosen["dataset"].isin(list(scope.weights))]
                yield _row(within, scope, metrics, confidence, part_by, part)
    for name, of_set in mine.groupby("dataset", sort=False):
        found = benchmarks[str(name)]
        scope = _Scope(found, "set", str(name), None, "prompts", None, None)
        yield _row(of_set, scope, metrics, confidence)
        parts = [*_by_bucket(of_set), *(_by_length(of_set) if found == "LongBench-E" else ())]
        for part_by, part, chosen in parts:
            yield _row(chosen, scope, metrics, confidence, part_by, part)


def _averages(benchmark: str, sets: Sequence[str]) -> list[_Scope]:
    """The published averages of a benchmark, out of the sets that there are."""
    if benchmark == "LongBench v2":
        return [_Scope(benchmark, "overall", "all prompts", None, "prompts", None, None)]
    published = METRIC_OF_SET if benchmark == "LongBench" else [f"{name}_e" for name in SETS_OF_LONGBENCH_E]
    return [
        _Scope(benchmark, one.scope, one.name, one.language, one.over, one.weights, one.published)
        for one in longbench.averages(sets, published)
    ]


_Part = tuple[str | None, str | None, pd.DataFrame]


def _parts(benchmark: str, prompts: pd.DataFrame) -> Iterator[_Part]:
    """The whole, and the parts that the benchmark publishes."""
    yield None, None, prompts
    if benchmark == "LongBench-E":
        yield from _by_length(prompts)
    if benchmark == "LongBench v2":
        groups = prompts["dataset"].map(longbench.of_v2)
        for place, (part_by, parts) in enumerate(longbench.PARTS_OF_V2.items()):
            for part in parts:
                chosen = prompts.loc[groups.map(lambda found, place=place: found[place]) == part]
                if len(chosen):
                    yield part_by, part, chosen


def _by_length(prompts: pd.DataFrame) -> Iterator[_Part]:
    lengths = prompts["length"].astype("float64")
    for part, (low, high) in longbench.LENGTHS.items():
        chosen = prompts.loc[(lengths >= low) & (lengths < high)]
        if len(chosen):
            yield "length", part, chosen


def _by_bucket(prompts: pd.DataFrame) -> Iterator[_Part]:
    """The buckets of a set, where it spans more than one."""
    parts = [(str(name), part) for name, part in prompts.groupby("bucket", sort=False)]
    for name, part in parts if len(parts) > 1 else ():
        yield "bucket", name, part


def _row(
    prompts: pd.DataFrame,
    scope: _Scope,
    metrics: Mapping[str, str],
    confidence: float,
    part_by: str | None = None,
    part: str | None = None,
) -> Row:
    sets = list(dict.fromkeys(prompts["dataset"]))
    row: Row = {
        "benchmark": scope.benchmark,
        "scope": scope.scope,
        "name": scope.name,
        "language": scope.language,
        "part_by": part_by,
        "part": part,
        "averaged_over": scope.over,
        "sets": len(sets),
        "sets_published": scope.published,
        "documents": int(prompts["source"].nunique()),
        "metric": ", ".join(sorted({metrics[name] for name in sets if metrics.get(name)})) or None,
    }
    for name in _FIGURES:
        there = prompts.loc[prompts[name].notna()]
        value, low, high, method = _mean(there, name, scope.weights, confidence)
        row |= {name: value, f"{name}_low": low, f"{name}_high": high, f"{name}_n": len(there)}
        if name == "accuracy":
            row["accuracy_interval"] = method
    score = row["metric_score"]
    row["metric_score_percent"] = round(100 * float(score), 2) if score is not None else None
    row["cut_share"] = _cut(prompts)
    return row


def _mean(
    prompts: pd.DataFrame, name: str, weights: Mapping[str, float] | None, confidence: float
) -> tuple[float | None, float | None, float | None, str | None]:
    """Mean, ends of its interval, and its method; None where a set that counts has no value."""
    values = prompts[name].to_numpy(dtype=np.float64)
    clusters = prompts["source"].to_numpy(dtype=np.int64)
    if not len(values):
        return None, None, None, None
    if weights is None or len(weights) == 1:
        bounds, method = shares.of_prompts(values, clusters, confidence)
        found: str | None = method
        mean = float(values.mean())
    else:
        names = list(weights)
        strata = prompts["dataset"].map({one: place for place, one in enumerate(names)})
        codes = np.asarray(strata, dtype=np.int64)
        sizes = np.bincount(codes, minlength=len(names))
        if not sizes.all():
            return None, None, None, None
        heavy = np.array([weights[one] for one in names])
        mean = float((heavy * np.bincount(codes, weights=values) / sizes).sum())
        bounds = shares.stratified(values, clusters, codes, confidence, heavy)
        found = None if bounds is None else "stratified"
    if bounds is None:
        return mean, None, None, None
    return mean, bounds.low, bounds.high, found


def _cut(prompts: pd.DataFrame) -> float | None:
    """Over prompts with answers, each prompt counting once."""
    known = prompts["cut_share"].dropna()
    return float(known.mean()) if len(known) else None
