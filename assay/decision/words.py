"""The recommendation in plain words: one sentence, and a reason for each model. Says nothing that the rule didn't."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assay.decision.compare import Comparison, Measure
from assay.decision.incumbent import Challenger, InAspect
from assay.decision.limits import Checked
from assay.decision.recommend import Candidate, Recommendation
from assay.labels.unsure import too_unsure
from assay.schedule.level import closed, open_at
from assay.stopping.looks import Look
from assay.tables import metrics
from assay.tables.metrics import asked
from assay.tables.numbers import UNKNOWN, dollars, number, percent

_LATENCY = {"ttft_ms": "time to first token", "e2e_ms": "end-to-end time", "tpot_ms": "time per output token"}
_NAMES = {
    "transactions_per_minute": "transactions per minute",
    "error_rate": "error rate",
    "cost_usd_per_10k_transactions": "cost per 10,000 transactions",
    "accuracy": "accuracy",
}
_COMPARED = {
    "cheapest": "cost",
    "most_accurate": "accuracy",
    "cheapest_success": "cost per correct answer",
    "weighted": "weighted score",
}
_UNITS = {
    "cheapest": "prompts",
    "fastest": "requests",
    "most_accurate": "prompts",
    "cheapest_success": "prompts",
    "weighted": "requests and prompts",
}


def compared_by(measure: Measure) -> str:
    """What models are compared by, in words."""
    return metric_name(measure.latency) if measure.objective == "fastest" else _COMPARED[measure.objective]


def metric_name(metric: str) -> str:
    """A limit's metric in words: `ttft_ms_p95` is "time to first token (95th percentile)"."""
    for prefix, words in _LATENCY.items():
        if metric.startswith(prefix):
            percentile = metric.rsplit("_p", 1)[1]
            return f"median {words}" if percentile == "50" else f"{words} ({percentile}th percentile)"
    return _NAMES[metric]


def amount(metric: str, value: float | None) -> str:
    """A value with its unit, to a reader's precision."""
    if value is None:
        return "unknown"
    if "_ms" in metric:
        return "infinitely late" if math.isinf(value) else f"{number(value)} ms"
    if metric.startswith("cost_usd"):
        return dollars(value)
    if metric in ("accuracy", "error_rate"):
        return percent(value)
    return number(value)


def sentence(
    found: Recommendation,
    models: Sequence[Candidate],
    comparisons: Sequence[Comparison],
    measure: Measure,
    load: str,
    confidence: float,
    look: Look | None = None,
    margin: float | None = None,
    as_good: Sequence[str] = (),
) -> str:
    """The recommendation in one line. `load` is the level that it is about, in words, `look` the look it was made at.

    `margin` is that of the objective, `as_good` the models within it of the winner.
    """
    said = _said(found, models, comparisons, measure, load, confidence, look, margin, as_good)
    return said if look is None else f"{said} {_at(look, found)}"


def _said(
    found: Recommendation,
    models: Sequence[Candidate],
    comparisons: Sequence[Comparison],
    measure: Measure,
    load: str,
    confidence: float,
    look: Look | None,
    margin: float | None,
    as_good: Sequence[str],
) -> str:
    by_name = {model.model: model for model in models}
    left_out = [model.model for model in models if model.qualifies == "not_evaluated"]
    aside = f" Not evaluated: {_and(left_out)}." if left_out else ""
    count = len(models[0].limits) if models else 0
    kept = {0: "", 1: "the limit", 2: "both limits"}.get(count, f"all {count} limits")
    aside = _unknown_accuracy([by_name[name] for name in found.candidates]) + aside
    if found.answer == "winner" and found.model is not None:
        sure = f"{100 * confidence:.6g} % interval" + ("" if look is None else " over all looks")
        return _winner(found, by_name, comparisons, measure, load, sure, kept, margin, as_good) + aside
    if found.answer == "not_evaluated":
        why = next((model.reason for model in models if model.reason), "nothing was measured")
        return f"No recommendation: no model could be evaluated ({why})."
    if found.answer == "none_qualifies":
        evaluated = [model for model in models if model.qualifies != "not_evaluated"]
        misses = "; ".join(f"{model.model} {_why_not(model, measure)}" for model in evaluated)
        subject = "No model" if not left_out else "No model that was evaluated"
        return f"{subject} qualifies at {load}: {misses}.{aside}"
    if found.answer == "equivalent":
        return _equivalent(found, by_name, comparisons, measure, load, kept, margin) + aside
    return _undecided(found, by_name, comparisons, measure, load, kept, margin) + aside


def _equivalent(
    found: Recommendation,
    by_name: dict[str, Candidate],
    comparisons: Sequence[Comparison],
    measure: Measure,
    load: str,
    kept: str,
    margin: float | None,
) -> str:
    names, what = found.candidates, compared_by(measure)
    if all(pair.identical for pair in comparisons if pair.a in names and pair.b in names):
        value = _value(measure, by_name[names[0]].objective_value)
        return f"{_and(names)} are equivalent: the same {what} on every prompt ({value})."
    values = _and([_value(measure, by_name[name].objective_value) for name in names])
    allowed = "" if margin is None else margin_words(comparisons[0].unit, margin)
    also = f"keep {kept} at {load} and differ" if kept else f"differ at {load}"
    return f"{_and(names)} are equivalent: they {also} by less than the margin of {allowed} in {what} ({values})."


def _winner(
    found: Recommendation,
    by_name: dict[str, Candidate],
    comparisons: Sequence[Comparison],
    measure: Measure,
    load: str,
    sure: str,
    kept: str,
    margin: float | None,
    as_good: Sequence[str],
) -> str:
    model = by_name[found.model or ""]
    keeps = f"it keeps {kept} at {load} and " if kept else f"at {load} it "
    value = _value(measure, model.objective_value)
    figure = {
        "cheapest": f"costs {value}",
        "fastest": _taken(measure, value),
        "most_accurate": _scored(value, model),
        "cheapest_success": f"costs {value}",
        "weighted": f"has the best weighted score, {value}",
    }[measure.objective]
    pair = pair_of(comparisons, model.model, found.runner_up)
    if pair is None or pair.difference is None:
        others = len(by_name) > 1
        only = f"; no other model that was evaluated keeps {kept}" if others and kept else ""
        only = only if others else ", with no other model to compare it with"
        late = [
            each for each in by_name.values() if each.qualifies in ("yes", "undecided") and not each.finite
        ]
        if found.runner_up is not None and by_name[found.runner_up].finite:
            only = f"; {found.runner_up} can't be compared with it by {compared_by(measure)}"
        if late:
            only = "; " + "; ".join(f"{each.model} has {_without(each, measure)}" for each in late)
        return f"Use {model.model}: {keeps}{figure}{only}."
    lead = _margin(pair, model.model, found.runner_up or "", measure, sure)
    close = ""
    if as_good and margin is not None:
        verb = "is" if len(as_good) == 1 else "are"
        close = f"; {_and(as_good)} {verb} as good within the margin of {margin_words(pair.unit, margin)}"
    return f"Use {model.model}: {keeps}{figure}, {lead}{close}."


def by_score(model: Candidate) -> str | None:
    """What accuracy is a score by: ratings of judges or people, or without judges a metric. None where it is a share, or isn't known."""
    by = None if model.beside is None else model.beside.accuracy_by
    if by == "ratings":
        return "the judges' ratings"
    if by == "people_ratings":
        return "people's ratings"
    return None if by in (None, "panel", "people") else f"the dataset's own metric ({by})"


def _scored(value: str, model: Candidate) -> str:
    """Neither an overlap of words nor a rating is a share of right answers, so it isn't called so."""
    score = by_score(model)
    return f"answers correctly {value}" if score is None else f"scores {value} by {score}"


def _corrected(labels: int) -> str:
    return f", corrected by {labels:,} labels of people" if labels else ""


def by_people(models: Sequence[Candidate], compared: bool, measure: Measure) -> list[str]:
    """Lines on whose accuracy people's labels correct; `compared` says whether models are compared by that."""
    told = [model for model in models if model.beside is not None and model.beside.labels]
    if not told:
        return []
    counts = _and([f"{model.model} ({model.beside.labels:,})" for model in told if model.beside is not None])
    lines = [f"Accuracy is corrected by labels of people: {counts}."]
    doubted = [
        f"{model.beside.unsure:,} of {model.beside.unsure + model.beside.labels:,} of {model.model}"
        for model in told
        if model.beside is not None and too_unsure(model.beside.unsure, model.beside.labels)
    ]
    if doubted:
        lines.append(
            f"People were unsure of many answers ({_and(doubted)}): if these are the hard ones, corrected accuracy is lower, "
            "and its interval doesn't hold that."
        )
    others = [model.model for model in models if model not in told]
    by_accuracy = measure.higher or "accuracy" in measure.weights
    if others:
        lines.append(
            f"{_and(others)} {'has' if len(others) == 1 else 'have'} too few labels to be corrected: there accuracy is what "
            f"the judges say{', and so is what all are compared by' if by_accuracy and not compared else ''}."
        )
    if measure.objective == "cheapest_success":
        lines.append(
            "Dollars per correct answer go by what the judges say, which labels don't correct: hold them against the "
            "corrected accuracies."
        )
    return lines


def _unknown_accuracy(models: Sequence[Candidate]) -> str:
    """A sentence about those models of which nobody knows how right they are."""
    unknown = [model for model in models if model.beside is not None and model.beside.accuracy is None]
    if not unknown:
        return ""
    return (
        f" The accuracy of {_and([model.model for model in unknown])} is unknown: {_why_unknown(unknown[0])}."
    )


def _why_unknown(model: Candidate) -> str:
    told = model.beside
    if told is None or not told.n_ok:
        return "nothing was answered"
    if told.accuracy_by in ("panel", "ratings"):
        return "no verdict of the judges could be read, or they had no majority"
    return "there are no judges, and the dataset's own metric scored nothing"


def against(model: Candidate, measure: Measure) -> str | None:
    """What a reader should hold against a model that may be chosen, and no limit does. None without anything."""
    told, limited = model.beside, {limit.metric for limit in model.limits}
    if told is None or {"error_rate", "accuracy"} <= limited:
        return None
    parts = [f"{told.n:,} requests measured"]
    if "error_rate" not in limited and told.error_rate is not None and told.error_rate > 0.01:
        parts.append(f"{percent(told.error_rate)} of them failed")
    if "accuracy" not in limited:
        if told.accuracy is None:
            parts.append(f"accuracy is unknown: {_why_unknown(model)}")
        elif not measure.higher:
            value = amount("accuracy", told.accuracy)
            parts.append(f"{_scored(value, model)} ({told.accuracy_n:,} prompts{_corrected(told.labels)})")
    where = "beside its limits" if limited else "of which nothing is limited"
    return f"{model.model}, {where}: {', '.join(parts)}."


def pair_of(comparisons: Sequence[Comparison], a: str | None, b: str | None) -> Comparison | None:
    """The comparison of two models, whichever way round."""
    return next((pair for pair in comparisons if {pair.a, pair.b} == {a, b}), None)


def lead(pair: Comparison, model: str) -> tuple[float, float, float]:
    """How far `model` is from the other one: difference, low and high, seen from `model`."""
    difference, low, high = pair.difference or 0.0, pair.low or 0.0, pair.high or 0.0
    if pair.a == model:
        return difference, low, high
    if pair.unit == "absolute":
        return -difference, -high, -low
    return _turned(difference), _turned(high), _turned(low)


def _turned(relative: float) -> float:
    """b / a - 1 from a / b - 1."""
    return math.inf if relative <= -1 else 1.0 / (1.0 + relative) - 1.0


def _margin(pair: Comparison, model: str, other: str, measure: Measure, sure: str) -> str:
    difference, low, high = lead(pair, model)
    if measure.higher:
        return f"{_points(difference)} points more than {other} ({sure} {_points(low)} to {_points(high)})"
    return f"{percent(-difference)} less than {other} ({sure} {_span(0.0 - high, 0.0 - low)} %)"


def _span(low: float, high: float) -> str:
    """Two shares as per cents to a tenth, or with as many decimals (three at most) as it takes to tell them apart."""
    for decimals in range(1, 4):
        ends = [f"{100 * end:.{decimals}f}".removesuffix(".0") for end in (low, high)]
        if ends[0] != ends[1]:
            break
    return " to ".join(ends)


def _undecided(
    found: Recommendation,
    by_name: dict[str, Candidate],
    comparisons: Sequence[Comparison],
    measure: Measure,
    load: str,
    kept: str,
    margin: float | None,
) -> str:
    names = found.candidates
    unsure = [name for name in names if by_name[name].qualifies == "undecided"]
    if unsure:
        parts = []
        for name in unsure:
            open_limits = [limit for limit in by_name[name].limits if limit.state == "undecided"]
            parts.append(f"{name} ({_and([limited(limit) for limit in open_limits])})")
        more = more_needed(by_name[name] for name in unsure)
        return (
            f"Undecided at {load}: whether every limit is kept can't be said yet of {_and(parts)}"
            f"{'; ' + more if more else ''}."
        )
    late = [by_name[name] for name in names if not by_name[name].finite]
    if late:
        told = _and([f"{each.model} has {_without(each, measure)}" for each in late])
        rest = [name for name in names if by_name[name].finite]
        surely = (
            f" {'It' if len(late) == 1 else 'They'} may still be better than {_and(rest)}." if rest else ""
        )
        only = f"Undecided between {_and(names)}" if len(names) > 1 else "Undecided"
        return f"{only} at {load}: in this sample {told}.{surely}"
    values = _and([_value(measure, by_name[name].objective_value) for name in names])
    same = f"keep {kept} and " if kept else ""
    wanted = [
        pair.more for pair in comparisons if pair.a in names and pair.b in names and pair.more is not None
    ]
    unit = _unit(comparisons, measure)
    more = f"; about {_more(max(wanted), unit)} per model would decide" if wanted else ""
    what = compared_by(measure)
    within = ""
    if margin is not None and comparisons:
        within = (
            f", nor are they shown to be within the margin of {margin_words(comparisons[0].unit, margin)}"
        )
    return f"Undecided between {_and(names)} at {load}: they {same}can't be told apart by {what} ({values}){within}{more}."


def _unit(comparisons: Sequence[Comparison], measure: Measure) -> str:
    """What more of would tell models apart."""
    return "labels" if any(pair.by_labels for pair in comparisons) else _UNITS[measure.objective]


def more_needed(models: Iterable[Candidate]) -> str:
    """What would decide the limits that are undecided: "about 32 more requests and 40 more prompts would decide".

    Nothing where one of them can't be decided by any number that somebody would send.
    """
    wanted: dict[str, int] = {}
    for model in models:
        for limit in model.limits:
            if limit.state != "undecided":
                continue
            if limit.more is None:
                return ""
            wanted[limit.unit] = max(wanted.get(limit.unit, 0), limit.more)
    parts = [_more(number, unit) for unit, number in wanted.items()]
    return f"about {_and(parts)} would decide" if parts else ""


def _at(look: Look, found: Recommendation) -> str:
    """When the decision was made, of one that was looked at while it was being measured."""
    measured = look.after[-1]
    said = "Decided" if found.answer in ("winner", "none_qualifies") else "So it stands"
    return (
        f"{said} after {look.words}, when {measured} of {look.blocks} block{'' if look.blocks == 1 else 's'} "
        f"{'was' if measured == 1 else 'were'} measured."
    )


def beaten_by(pair: Comparison, measure: Measure) -> str:
    """Why the worse one of a pair is out."""
    return f"{pair.better} is better by {compared_by(measure)} ({_p(pair.p_adjusted)})"


def out_reasons(out: Mapping[str, Mapping[str, Any]], looks: int) -> list[str]:
    """A line for each model that got no more blocks."""
    return [
        f"{model} was out after look {gone['look']} of {looks}, and got no more blocks: {gone['why']}."
        for model, gone in out.items()
        if gone["look"] < looks
    ]


def reasons(
    models: Sequence[Candidate],
    comparisons: Sequence[Comparison],
    found: Recommendation,
    measure: Measure,
) -> list[str]:
    """A line for each model, then a line for each comparison that matters to the answer."""
    lines = []
    for model in models:
        if model.qualifies == "not_evaluated":
            lines.append(
                f"{model.model} was not evaluated, which is not to say it was beaten: {model.reason or 'a figure is unknown'}."
            )
            continue
        told = [limit_words(limit) for limit in model.limits if limit.state != "met"]
        if told:
            lines.append(f"{model.model}: {'; '.join(told)}.")
        elif model.limits:
            top = model.highest_concurrency
            reached = [] if top is None else [closed(top).words]
            reached += [] if model.highest_rate_rps is None else [open_at(model.highest_rate_rps).words]
            # Lower loads may miss one, such as the least of transactions per minute.
            highest = f"; the highest load at which it does is {_and(reached)}" if reached else ""
            lines.append(f"{model.model} keeps every limit{highest}.")
        if model.objective_value is not None and math.isinf(model.objective_value):
            lines.append(f"{model.model} has {_without(model, measure)}.")
        if model.model in found.candidates and (told_against := against(model, measure)):
            lines.append(told_against)
    if len(models) == 1:
        lines.append(f"{models[0].model} is the only model: there was nothing to compare it with.")
    for pair in comparisons:
        if pair.difference is None:
            if any(each.model in (pair.a, pair.b) and not each.finite for each in models):
                continue  # said of the model itself
            lines.append(
                f"{pair.a} and {pair.b} can't be compared by {compared_by(measure)}: too few requests or prompts."
            )
        elif pair.better is not None:
            worse = pair.b if pair.better == pair.a else pair.a
            lines.append(
                f"{pair.better} is better than {worse} by {compared_by(measure)} ({_p(pair.p_adjusted)})."
            )
        elif pair.identical:
            lines.append(f"{pair.a} and {pair.b} have the same {compared_by(measure)} on every prompt.")
        else:
            more = (
                f"; about {_more(pair.more, _unit([pair], measure))} would tell"
                if pair.more is not None
                else ""
            )
            lines.append(
                f"{pair.a} and {pair.b} can't be told apart by {compared_by(measure)} ({_p(pair.p_adjusted)}){more}."
            )
    return lines


def against_incumbent(name: str, challengers: Sequence[Challenger], models: Sequence[Candidate]) -> str:
    """Who could take the place of the model that is in use, and who couldn't, in one line."""
    qualifies = {model.model: model.qualifies for model in models}
    if all(each.verdict == "not_evaluated" for each in challengers):
        if not challengers:
            return f"{name} is in use, and there is no other model to hold against it."
        return f"No model could be held against {name}, which is in use: it, or the others, weren't measured whole."
    parts = []
    fine = [each for each in challengers if each.verdict == "non_inferior"]
    if fine:
        verb = "is" if len(fine) == 1 else "are"
        parts.append(
            f"{_and([each.model for each in fine])} {verb} not worse by more than the margins ({_margins(fine[0])})"
        )
        parts += [f"{each.model} is better {_and(better)}" for each in fine if (better := _better(each))]
        missing = [each.model for each in fine if qualifies[each.model] == "no"]
        if missing:
            parts.append(f"but {_and(missing)} {'misses' if len(missing) == 1 else 'miss'} a limit")
    parts += [
        f"{each.model} is worse by more than the margins: {_and(_worse(each))}"
        for each in challengers
        if each.verdict == "inferior"
    ]
    parts += [_open(each) for each in challengers if each.verdict == "undecided"]
    left_out = [each.model for each in challengers if each.verdict == "not_evaluated"]
    if left_out:
        parts.append(f"{_and(left_out)} {'was' if len(left_out) == 1 else 'were'} not evaluated")
    return f"Against {name}, which is in use: {'; '.join(parts)}."


def _margins(challenger: Challenger) -> str:
    return ", ".join(f"{each.aspect} {margin_words(each.unit, each.margin)}" for each in challenger.aspects)


def margin_words(unit: str, margin: float) -> str:
    """A margin: "5 %" of a ratio, "2 points" of a share."""
    return metrics.margin(margin, unit)


def _better(challenger: Challenger) -> list[str]:
    return [f"by {_aspect_words(each)}" for each in challenger.aspects if each.superior]


def _worse(challenger: Challenger) -> list[str]:
    worst = [each for each in challenger.aspects if each.state == "inferior"] or [
        min(challenger.aspects, key=lambda each: each.p_inferior)
    ]
    return [f"{each.aspect} is {_apart(each)}, where {_allowed(each)}" for each in worst]


def _open(challenger: Challenger) -> str:
    """What keeps a challenger from being called as good or worse."""
    waiting = [each for each in challenger.aspects if each.state == "undecided"]
    if not waiting:
        return f"of {challenger.model} it can't be said yet: what each aspect shows doesn't hold for all models at once"
    told = [f"{each.aspect} is {_apart(each)}, where {_allowed(each)}" for each in waiting]
    return f"of {challenger.model} it can't be said yet: {_and(told)}{_what_would(waiting)}"


def _allowed(each: InAspect) -> str:
    way = "less" if each.aspect == "accuracy" else "more"
    return (
        f"{margin_words(each.unit, each.margin)} {way} {'is' if each.unit == 'relative' else 'are'} allowed"
    )


def _aspect_words(each: InAspect) -> str:
    return f"{each.aspect} ({_apart(each)})"


def _apart(each: InAspect) -> str:
    """How far the challenger is from the incumbent in one aspect."""
    if each.difference is None:
        return "unknown"
    way = "more" if each.difference > 0 else "less"
    if math.isinf(each.difference):
        return f"infinitely {way}"
    if each.unit == "absolute":
        return f"{_points(abs(each.difference))} points {way}"
    return f"{percent(abs(each.difference))} {way}"


def _what_would(waiting: Sequence[InAspect]) -> str:
    """How many more requests and prompts would settle what is open; nothing where no number is known."""
    wanted: dict[str, int] = {}
    for each in waiting:
        if each.more is None:
            return ""
        wanted[each.counted] = max(wanted.get(each.counted, 0), each.more)
    return f" (about {_and([_more(number, unit) for unit, number in wanted.items()])} would settle it)"


def limit_words(limit: Checked) -> str:
    """A limit that isn't met, in words."""
    wanted = f"at {'most' if limit.bound == 'max' else 'least'} {asked(limit.metric, limit.limit)} is asked"
    name, value = limited(limit), amount(limit.metric, limit.value)
    if limit.state == "not_evaluated":
        return f"{name} is unknown{f' ({limit.why})' if limit.why else ''}, where {wanted}"
    if limit.state == "missed":
        return f"misses {name}: {value}, where {wanted}{_missed_by(limit)}"
    around = (
        f"{amount(limit.metric, limit.low)} to {amount(limit.metric, limit.high)}"
        if limit.low is not None and limit.high is not None
        else f"too few {limit.unit} for an interval: {limit.n}"
    )
    more = f"; about {_more(limit.more, limit.unit)} would decide" if limit.more is not None else ""
    return f"undecided on {name}: {value} ({around}), where {wanted}{more}"


def limited(limit: Checked) -> str:
    """What a limit is on: "end-to-end time (95th percentile) in 2000-4000", of one that is on a bucket."""
    name = metric_name(limit.metric)
    return name if limit.bucket is None else f"{name} in {limit.bucket}"


def _missed_by(limit: Checked) -> str:
    """How far a limit is missed: " (a fifth of it, or in points of a share)"; nothing where it is without end."""
    told = metrics.missed_by(limit.metric, limit.bound, limit.limit, limit.value)
    return "" if told == UNKNOWN else f" ({told} too {'much' if limit.bound == 'max' else 'little'})"


def _without(model: Candidate, measure: Measure) -> str:
    """What to say of a model whose figure by the objective is infinite."""
    return f"no {compared_by(measure)} to compare: {_why_infinite(model, measure)}"


def _why_infinite(model: Candidate, measure: Measure) -> str:
    """Why a figure that is to be compared has no end."""
    wrong = model.beside is not None and model.beside.accuracy == 0
    if measure.objective == "weighted" and ("latency" not in measure.weights or wrong):
        return "no answer of it is correct"
    percentile = int(measure.latency.rsplit("_p", 1)[1])
    return (
        "half of its requests or more failed"
        if percentile == 50
        else f"more than {100 - percentile} % of its requests failed"
    )


def scored_by(measure: Measure) -> list[str]:
    """What the weighted score is, as a line for the reasons; nothing for other objectives."""
    if measure.objective != "weighted":
        return []
    names = {"cost": "cost per transaction", "latency": metric_name(measure.latency), "accuracy": "accuracy"}
    parts = [f"{names[aspect]} {percent(weight)}" for aspect, weight in measure.weights.items()]
    return [
        f"The weighted score counts {_and(parts)}: the product of the figures, each to the power of its weight, with "
        "accuracy below the line. Lower is better, and only the ratio of two scores means something."
    ]


def on_traffic(
    shares: Mapping[str, float], of_limits: Mapping[str, float], lacking: tuple[float, float] | None
) -> list[str]:
    """Lines on the traffic that the decision is for: its mix, where it isn't that of the limits, and a rate that was not
    reached, as (the traffic's, the highest that was measured)."""
    lines = []
    if dict(shares) != dict(of_limits):
        mix = ", ".join(f"{bucket} {percent(share)}" for bucket, share in shares.items())
        lines.append(
            f"Models are compared on the traffic's mix ({mix}); limits are held against the dataset of interest."
        )
    if lacking is not None:
        lines.append(
            f"The traffic is {lacking[0]:g} requests per second, more than was measured ({lacking[1]:g}): what holds here "
            "need not hold there."
        )
    return lines


def _why_not(model: Candidate, measure: Measure) -> str:
    missed = [limit for limit in model.limits if limit.state == "missed"]
    if missed:
        return _and([limit_words(limit) for limit in missed])
    return f"has {_without(model, measure)}"


def _value(measure: Measure, value: float | None) -> str:
    if measure.objective == "cheapest":
        return f"{amount('cost_usd', value)} per 10,000 transactions"
    if measure.objective == "cheapest_success":
        return f"{amount('cost_usd', value)} per 10,000 correct answers"
    if measure.objective == "weighted":
        return "unknown" if value is None else number(value)
    return amount(measure.latency if measure.objective == "fastest" else "accuracy", value)


def _taken(measure: Measure, value: str) -> str:
    """The latency of the winner, as a verb and its figure."""
    if measure.latency == "e2e_ms_p50":
        return f"takes a median of {value}"
    name = metric_name(measure.latency)
    return f"has {'an' if name.startswith('e') else 'a'} {name} of {value}"


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def _points(difference: float) -> str:
    """Percentage points to a tenth, as the tables have them."""
    return f"{100.0 * difference:.1f}".removesuffix(".0")


def _p(p: float) -> str:
    """An adjusted p value, which nobody needs in more detail than this."""
    return "adjusted p < 0.001" if p < 0.001 else f"adjusted p = {p:.2g}"


def _more(number: int, unit: str) -> str:
    return f"{_count(number)} more {unit.removesuffix('s') if number == 1 else unit}"


def _count(number: int | None) -> str:
    """A rough number, to two digits that matter: it is an estimate."""
    if number is None or number < 100:
        return str(number)
    scale = 10 ** (len(str(number)) - 2)
    return f"{math.ceil(number / scale) * scale:,}"
