"""What only the whole benchmark can check: that its sections agree with each other.

Each check is a function whose parameters are named after the sections that it needs, and yields the problems it
finds. So the checks whose sections are sound run even where another section has a fault, and one error names all.
Files that the benchmark names are checked in `assay.config.files`.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from assay.bedrock.request import Line
from assay.bedrock.settings import Endpoint, Inference, Model, Quota, SimulatorEndpoint
from assay.config.problems import KeyPath, Problem, dotted, listed, meant
from assay.datasets.settings import Dataset, LongBench
from assay.decision.settings import Bounds, Decision, Limits, Traffic
from assay.judging.settings import Judges
from assay.metrics.longbench import METRIC_OF_SET, SETS_OF_LONGBENCH_E
from assay.prices.settings import PriceOverride
from assay.prompts.settings import Bucket
from assay.schedule.level import open_at, ramp
from assay.schedule.settings import Load
from assay.stopping.settings import Stop


def problems(sections: Mapping[str, Any]) -> list[Problem]:
    """The problems of the sections at hand, keyed as in `Benchmark`."""
    found: list[Problem] = []
    for check in _CHECKS:
        needed = inspect.signature(check).parameters
        if needed.keys() <= sections.keys():
            found.extend(check(**{name: sections[name] for name in needed}))
    return found


def asked(models: tuple[Model, ...], judges: Judges | None) -> list[tuple[KeyPath, Model]]:
    """Every model and judge with the key it stands under."""
    found: list[tuple[KeyPath, Model]] = [(("models", index), model) for index, model in enumerate(models)]
    if judges is not None:
        found.extend((("judges", "panel", index), judge) for index, judge in enumerate(judges.panel))
    return found


def _labels_differ(models: tuple[Model, ...], judges: Judges | None) -> Iterator[Problem]:
    first: dict[str, KeyPath] = {}
    for path, model in asked(models, judges):
        other = first.setdefault(model.label.lower(), path)
        if other != path:
            yield Problem(
                (*path, "label"),
                f"found {model.label!r}, which {dotted(other)} has too; expected a label of its own "
                "(labels of models and judges name files, so upper and lower case count as the same)",
            )


def _asks_differ(models: tuple[Model, ...], inference: Inference) -> Iterator[Problem]:
    """Two labels that ask the same would share their answers, since the ledger buys no request twice."""
    asks = [Line(model, model.inference.over(inference)).identity() for model in models]
    for index, ask in enumerate(asks):
        if (other := asks.index(ask)) != index:
            yield Problem(
                ("models", index),
                f"found {models[index].label!r}, which asks just what models[{other}] "
                f"({models[other].label!r}) asks; expected another id, parameter, API or tier, since what is the "
                "same is bought once and would be shown twice",
            )


def _judges_differ(judges: Judges | None) -> Iterator[Problem]:
    """Two judges that ask the same would have one reply between them, which would vote twice."""
    if judges is None:
        return
    asks = [Line(judge, judge.inference.over(judges.inference)).identity() for judge in judges.panel]
    for index, judge in enumerate(judges.panel):
        for other, earlier in enumerate(judges.panel[:index]):
            alike = judge.output == earlier.output or "auto" in (judge.output, earlier.output)
            if asks[index] == asks[other] and alike:
                yield Problem(
                    ("judges", "panel", index),
                    f"found {judge.label!r}, which asks just what judges.panel[{other}] ({earlier.label!r}) asks; expected "
                    "another id, parameter, API, tier or output, since what is the same is bought once, and one reply would "
                    "vote twice",
                )
                break


def _max_tokens_known(models: tuple[Model, ...], inference: Inference) -> Iterator[Problem]:
    for index, model in enumerate(models):
        if model.inference.over(inference).max_tokens is None:
            yield _no_max_tokens(("models", index, "inference", "max_tokens"), "inference.max_tokens")


def _max_tokens_of_judges_known(judges: Judges | None) -> Iterator[Problem]:
    for index, judge in enumerate(judges.panel if judges else ()):
        if judges is not None and judge.inference.over(judges.inference).max_tokens is None:
            path = ("judges", "panel", index, "inference", "max_tokens")
            yield _no_max_tokens(path, "judges.inference.max_tokens")


def _judges_asked_cold(judges: Judges | None) -> Iterator[Problem]:
    for index, judge in enumerate(judges.panel if judges else ()):
        if judge.cache != "cold":
            yield Problem(
                ("judges", "panel", index, "cache"),
                f"found {judge.cache!r}, expected nothing: caching is measured on models, and no judge prompt is asked "
                "twice",
            )


def _no_max_tokens(path: KeyPath, default: str) -> Problem:
    return Problem(
        path,
        f"found nothing, expected the most output tokens, here or for all in {default}: Bedrock reserves them "
        "from the quota, and they bound what an answer can cost",
    )


def _bucket_names_differ(buckets: tuple[Bucket, ...]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, bucket in enumerate(buckets):
        other = first.setdefault(bucket.name.lower(), index)
        if other != index:
            yield Problem(
                ("buckets", index, "name"),
                f"found {bucket.name!r}, which buckets[{other}] has too; expected a name of its own",
            )


def _bucket_ranges_apart(buckets: tuple[Bucket, ...]) -> Iterator[Problem]:
    for index, bucket in enumerate(buckets):
        for earlier in range(index):
            other = buckets[earlier]
            if bucket.min < other.max and other.min < bucket.max:
                yield Problem(
                    ("buckets", index),
                    f"found {bucket.min} to {bucket.max} tokens, which overlaps buckets[{earlier}] "
                    f"({other.name!r}, {other.min} to {other.max}); expected ranges that do not overlap "
                    "(max is excluded, so one bucket may begin where another ends)",
                )


def _interest_known(
    dataset_of_interest: str | dict[str, float], buckets: tuple[Bucket, ...]
) -> Iterator[Problem]:
    names = [bucket.name for bucket in buckets]
    weighted = isinstance(dataset_of_interest, dict)
    if weighted and not dataset_of_interest:
        yield Problem(
            ("dataset_of_interest",),
            f"found an empty {{}}, expected a weight for at least one of the buckets {listed(names)}",
        )
    for name in dataset_of_interest if weighted else (dataset_of_interest,):
        if name not in names:
            yield Problem(
                ("dataset_of_interest", *((name,) if weighted else ())),
                f"found {name!r}, expected the name of a bucket: {listed(names)}{meant(str(name), names)}",
            )


_SETS_OF_LONGBENCH = (*METRIC_OF_SET, *(f"{name}_e" for name in SETS_OF_LONGBENCH_E))


def _sets_known(dataset: Dataset) -> Iterator[Problem]:
    if isinstance(dataset, LongBench):
        for index, name in enumerate(dataset.sets or ()):
            if name not in _SETS_OF_LONGBENCH:
                yield Problem(
                    ("dataset", "sets", index),
                    f"found {name!r}, expected a set of LongBench: {listed(_SETS_OF_LONGBENCH)}"
                    f"{meant(name, _SETS_OF_LONGBENCH)}",
                )


def _metric_known(dataset: Dataset) -> Iterator[Problem]:
    named: list[tuple[KeyPath, object]] = [(("dataset", "metric"), getattr(dataset, "metric", None))]
    by_set = getattr(dataset, "metrics", {})
    named += [(("dataset", "metrics", name), metric) for name, metric in by_set.items()]
    if not any(isinstance(metric, str) for _, metric in named):
        return
    from assay.metrics.scores import NAMES  # here, since few benchmarks name one

    for path, metric in named:
        if isinstance(metric, str) and metric not in NAMES:
            yield Problem(path, f"found {metric!r}, expected a metric: {listed(NAMES)}{meant(metric, NAMES)}")


def _metrics_are_of_sets(dataset: Dataset) -> Iterator[Problem]:
    if isinstance(dataset, LongBench):
        for name in dataset.metrics:
            if name not in (dataset.sets or METRIC_OF_SET):
                sets = dataset.sets or tuple(METRIC_OF_SET)
                yield Problem(
                    ("dataset", "metrics", name),
                    f"found {name!r}, expected a set that is read: {listed(sets)}{meant(name, sets)}",
                )


def _some_load(load: Load) -> Iterator[Problem]:
    if not load.concurrency and not load.rates_rps:
        yield Problem(
            ("load", "concurrency"),
            "found an empty list, expected at least 1 entry here or in load.rates_rps",
        )


def _levels_differ(load: Load) -> Iterator[Problem]:
    for index, level in enumerate(load.concurrency):
        if level in load.concurrency[:index]:
            yield Problem(
                ("load", "concurrency", index), f"found {level} a second time, expected each level once"
            )
    names = [open_at(rate).name for rate in load.rates_rps]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(
                ("load", "rates_rps", index),
                f"found {load.rates_rps[index]:g} a second time (rates go by six digits), expected each rate once",
            )


LEAST_OF_A_RAMP = 20
"""Requests that a ramp has in the mean, so that none is without any."""


def _ramps_are_ramps(load: Load) -> Iterator[Problem]:
    names = [ramp(*one.ends).name for one in load.ramps]
    for index, (name, one) in enumerate(zip(names, load.ramps, strict=True)):
        if one.from_rps == one.to_rps:
            yield Problem(
                ("load", "ramps", index, "to_rps"),
                f"found {one.to_rps:g}, which from_rps is too; expected another rate, or this one in load.rates_rps",
            )
        if name in names[:index]:
            yield Problem(
                ("load", "ramps", index),
                f"found a ramp from {one.from_rps:g} to {one.to_rps:g} a second time (rates go by six digits), "
                "expected each pair of rates once",
            )
        if one.requests < LEAST_OF_A_RAMP:
            yield Problem(
                ("load", "ramps", index, "duration_s"),
                f"found {one.duration_s:g}, in which about {one.requests:.3g} requests arrive; expected a time for at "
                f"least {LEAST_OF_A_RAMP}",
            )


def _count_or_duration(load: Load) -> Iterator[Problem]:
    if load.requests is not None and load.duration_s is not None:
        yield Problem(
            ("load", "duration_s"),
            f"found {load.duration_s:g} beside load.requests ({load.requests}), expected one of them: a cell is "
            "measured by the number of requests or by time",
        )


def _blocks_filled(load: Load) -> Iterator[Problem]:
    if load.requests is not None and load.blocks > load.requests:
        yield Problem(
            ("load", "blocks"),
            f"found {load.blocks}, expected at most load.requests ({load.requests}), so that every block has one",
        )


def _something_to_search_for(limits: Limits, load: Load) -> Iterator[Problem]:
    if load.search is None:
        return
    if not limits.on_service:
        yield Problem(
            ("load", "search"),
            "found a search for the highest rate that keeps the limits, but no limit that a rate could break; expected "
            "a `max` on a latency or on the error rate, such as limits.e2e_ms_p95",
        )
    least = math.ceil(load.search.start_rps * load.search.probe_s)
    if load.search.max_requests < least:
        yield Problem(
            ("load", "search", "max_requests"),
            f"found {load.search.max_requests}, expected at least {least}: so many arrive in {load.search.probe_s:g} s "
            f"at the first rate, {load.search.start_rps:g} per second",
        )


def _limits_at_a_measured_level(limits: Limits, load: Load) -> Iterator[Problem]:
    if limits.concurrency is not None and limits.concurrency not in load.concurrency:
        yield Problem(
            ("limits", "concurrency"),
            f"found {limits.concurrency}, expected one of the levels of load.concurrency: "
            f"{listed(load.concurrency)}",
        )
    if limits.rate_rps is not None and open_at(limits.rate_rps) not in map(open_at, load.rates_rps):
        yield Problem(
            ("limits", "rate_rps"),
            f"found {limits.rate_rps:g}, expected one of the rates of load.rates_rps: "
            f"{listed(f'{rate:g}' for rate in load.rates_rps)}",
        )


def _each_bounds(limits: Limits) -> Iterator[tuple[KeyPath, Bounds]]:
    """The limits on the dataset of interest, then those on single buckets, each with where they stand."""
    yield ("limits",), limits
    for bucket, bounds in limits.buckets.items():
        yield ("limits", "buckets", bucket), bounds


def _shares_are_shares(limits: Limits) -> Iterator[Problem]:
    for path, bounds in _each_bounds(limits):
        for name in ("accuracy", "error_rate"):
            bound = getattr(bounds, name)
            for end in ("min", "max"):
                value = getattr(bound, end, None)
                if value is not None and not 0 <= value <= 1:
                    yield Problem(
                        (*path, name, end), f"found {value:g}, expected a share from 0 to 1 (0.9 for 90 %)"
                    )


def _limits_on_known_buckets(limits: Limits, buckets: tuple[Bucket, ...]) -> Iterator[Problem]:
    names = [bucket.name for bucket in buckets]
    for name, bounds in limits.buckets.items():
        path = ("limits", "buckets", name)
        if name not in names:
            yield Problem(
                path, f"found {name!r}, expected the name of a bucket: {listed(names)}{meant(name, names)}"
            )
        elif not bounds.named:
            yield Problem(path, "found no limit, expected at least one, such as e2e_ms_p95: {max: 900}")


def _limits_can_be_measured(
    limits: Limits, decision: Decision, models: tuple[Model, ...]
) -> Iterator[Problem]:
    streamed = [
        ".".join((*map(str, path), name))
        for path, bounds in _each_bounds(limits)
        for name in bounds.named
        if name.startswith(("ttft", "tpot"))
    ]
    if decision.latency.startswith(("ttft", "tpot")):
        streamed.append(f"decision.latency ({decision.latency})")
    for index, model in enumerate(models):
        if streamed and not model.stream:
            yield Problem(
                ("models", index, "stream"),
                f"found false, expected true: {streamed[0]} can only be measured on a streamed answer",
            )


def _weights_where_they_count(decision: Decision) -> Iterator[Problem]:
    if decision.objective == "weighted" and decision.weights is None:
        yield Problem(
            ("decision", "weights"),
            "found nothing, expected what counts how much for the objective weighted, such as "
            "{cost: 2, latency: 1, accuracy: 3}",
        )
    for name, given in (("weights", decision.weights), ("margins.score", decision.margins.score)):
        if decision.objective != "weighted" and given is not None:
            yield Problem(
                ("decision", *name.split(".")),
                f"found it with the objective {decision.objective}, expected it with the objective weighted only: "
                "it would change nothing",
            )


def _incumbent_known(decision: Decision, models: tuple[Model, ...]) -> Iterator[Problem]:
    if decision.incumbent is None:
        return
    labels = [model.label for model in models]
    path = ("decision", "incumbent")
    if decision.incumbent not in labels:
        yield Problem(
            path,
            f"found {decision.incumbent!r}, expected the label of a model: {listed(labels)}"
            f"{meant(decision.incumbent, labels)}",
        )
    if not decision.margins.of_aspects:
        yield Problem(
            path,
            f"found {decision.incumbent!r}, but no margin on cost, latency or accuracy; expected at least one in "
            "decision.margins: how much worse than it another model may be",
        )


def _prices_used(
    prices: dict[str, PriceOverride], models: tuple[Model, ...], judges: Judges | None
) -> Iterator[Problem]:
    ids = list(dict.fromkeys(model.id for _, model in asked(models, judges)))
    for name in prices:
        if name not in ids:
            yield Problem(
                ("prices", name),
                f"found a price for {name!r}, which no model or judge has as its id; expected one of "
                f"{listed(ids)}{meant(name, ids)}",
            )


def _quotas_used(
    quotas: dict[str, Quota], models: tuple[Model, ...], judges: Judges | None
) -> Iterator[Problem]:
    ids = list(dict.fromkeys(model.id for _, model in asked(models, judges)))
    for name in quotas:
        if name not in ids:
            yield Problem(
                ("quotas", name),
                f"found a quota for {name!r}, which no model or judge has as its id; expected one of "
                f"{listed(ids)}{meant(name, ids)}",
            )


def _traffic_known(traffic: Traffic | None, buckets: tuple[Bucket, ...]) -> Iterator[Problem]:
    names = [bucket.name for bucket in buckets]
    if traffic is not None and traffic.buckets == {}:
        yield Problem(
            ("traffic", "buckets"),
            f"found an empty {{}}, expected a weight for at least one of the buckets {listed(names)}, or no such key",
        )
    for name in (traffic.buckets or {}) if traffic is not None else ():
        if name not in names:
            yield Problem(
                ("traffic", "buckets", name),
                f"found {name!r}, expected one of buckets: {listed(names)}{meant(name, names)}",
            )


def _stops_at_blocks(stop: Stop | None, load: Load, judges: Judges | None) -> Iterator[Problem]:
    if stop is None:
        return
    if stop.looks is not None and stop.looks > load.blocks:
        yield Problem(
            ("stop", "looks"),
            f"found {stop.looks}, expected at most load.blocks ({load.blocks}): the decision is looked at between blocks",
        )
    widths = [
        name
        for name in type(stop).model_fields
        if name.startswith(("ttft", "e2e", "error_rate")) and getattr(stop, name) is not None
    ]
    if widths and load.blocks < 2:
        yield Problem(
            ("stop", widths[0]),
            f"found a width at which cells end, with load.blocks {load.blocks}; expected at least 2 blocks, since cells "
            "end between blocks (5 make good intervals)",
        )
    if stop.accuracy is not None and judges is None:
        yield Problem(
            ("stop", "accuracy"),
            "found a width at which judging ends, but no judges; expected a section judges, or no such width",
        )


def _arns_in_region(
    endpoint: Endpoint, models: tuple[Model, ...], judges: Judges | None
) -> Iterator[Problem]:
    if isinstance(endpoint, SimulatorEndpoint):
        return
    for path, model in asked(models, judges):
        if model.id.startswith("arn:"):
            region = model.id.split(":")[3] if model.id.count(":") >= 5 else ""
            if region != endpoint.region:
                yield Problem(
                    (*path, "id"),
                    f"found an ARN of region {region or '(none)'}, expected one of endpoint.region "
                    f"({endpoint.region}): a request goes to one region",
                )


_CHECKS: tuple[Callable[..., Iterator[Problem]], ...] = (
    _labels_differ,
    _asks_differ,
    _judges_differ,
    _max_tokens_known,
    _max_tokens_of_judges_known,
    _judges_asked_cold,
    _bucket_names_differ,
    _bucket_ranges_apart,
    _interest_known,
    _sets_known,
    _metric_known,
    _metrics_are_of_sets,
    _some_load,
    _levels_differ,
    _ramps_are_ramps,
    _count_or_duration,
    _blocks_filled,
    _something_to_search_for,
    _limits_at_a_measured_level,
    _shares_are_shares,
    _limits_on_known_buckets,
    _weights_where_they_count,
    _incumbent_known,
    _limits_can_be_measured,
    _prices_used,
    _quotas_used,
    _traffic_known,
    _stops_at_blocks,
    _arns_in_region,
)
