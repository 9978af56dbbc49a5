"""What judging will take: one judge on the answers of all models, of what its ledger doesn't hold yet.

How many distinct answers there will be is unknown: at least one to each prompt that is answered at all, at most one to
each request. Once there are answers, those are counted. Beside the first askings there are second ones, of the answers that
are drawn for it, and repairs, of replies that can't be read; each asking may need one.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from assay.bedrock.settings import SimulatorEndpoint
from assay.judging.asking import judge_ask, judge_key
from assay.judging.parsing import parse
from assay.judging.repair import repair_prompt
from assay.judging.schema import Form, modes
from assay.judging.settings import Judge, VerdictKind
from assay.prices.book import Price, Usage, cost_usd, most_usd
from assay.spending import prior
from assay.spending.costs import within
from assay.spending.ends import NOTHING, Ends, between, exactly
from assay.spending.estimate_settings import Panel
from assay.spending.facts import AskedLine, Facts, about_answer
from assay.spending.models import Amounts, ModelPart, quota_seconds
from assay.spending.seen import Seen, mean
from assay.stopping.settings import Stop


@dataclass(slots=True)
class JudgePart:
    """What is still to be bought of a judge, and how many verdicts are held."""

    amounts: Amounts
    held: int


@dataclass(frozen=True, slots=True)
class _Held:
    """What a judge's ledger holds of the judge prompts of one model's answers."""

    waiting: int = 0
    """Prompts that weren't answered."""
    ours: int = 0
    """Those that were, by our own requests."""
    reused: int = 0
    again: int = 0
    """Those that were answered a second time, too."""
    unreadable: int = 0
    """Those whose reply can't be read, and that weren't asked once more."""


def of_judge(
    facts: Facts,
    judge: AskedLine,
    parts: Mapping[str, tuple[AskedLine, ModelPart]],
    panel: Panel,
    stop: Stop | None,
    *,
    told: bool = True,
) -> JudgePart:
    """What a judge still takes. `parts` are the models, by label."""
    seen = judge.seen if told else Seen()
    replies = _replies(judge) if told else {}
    made = JudgePart(Amounts(), 0)
    for line, part in parts.values():
        held = _held(facts, judge, part, panel, replies)
        made.held += held.ours + held.reused + held.again
        first = _stopped(exactly(held.waiting) + coming(line, part), part, stop)
        again = _again(first, held, panel.asked_twice)
        repairs = _repairs(first + again, held.unreadable) if panel.repair else NOTHING
        count = first + again + repairs
        if count.at_most == 0:
            continue
        amounts = _amounts(facts, judge, part, seen, count)
        amounts.requests = {"judging": first, "judging again": again, "repairs": repairs}
        latency = mean(seen.seconds, "", 0.2, 3.0) or prior.latency_s(
            facts.endpoint, amounts.input_tokens.middle / max(1.0, count.middle), _output(facts, judge, seen)
        )
        rounds = (count * (1 / panel.concurrency)).at_least(exactly(1.0))
        amounts.seconds = rounds.times(latency).at_least(
            quota_seconds(amounts, judge.max_tokens, panel.quota)
        )
        amounts.seconds += prior.JOB_S
        made.amounts.add(amounts)
    return made


def coming(line: AskedLine, part: ModelPart) -> Ends:
    """Distinct answers that the missing requests of a model will give."""
    unanswered = sum(first for first, _ in part.serving.values())
    beyond = sum(more for _, more in part.serving.values())
    share = prior.DIFFERING if line.hot else prior.DIFFERING_AT_ZERO
    repeats, differing = part.repeats
    if repeats >= 10:
        rate = differing / repeats
        share = Ends(rate / 2, rate, min(1.0, 2 * rate + 0.02), 1.0)
    return prior.ANSWERED * unanswered + share * beyond


def _stopped(count: Ends, part: ModelPart, stop: Stop | None) -> Ends:
    """The low end where judging may end early."""
    if stop is None or stop.accuracy is None or part.asked_prompts <= stop.min_prompts:
        return count
    least = stop.min_prompts / part.asked_prompts
    return Ends(count.low * least, count.middle * least**0.5, count.high, count.at_most)


def _again(first: Ends, held: _Held, asked_twice: int) -> Ends:
    """Second askings: of so many of the answers that are judged for this run, but for those that were asked again already."""
    of_ours = first + exactly(held.ours)
    ends = (
        max(0.0, min(asked_twice, each) - held.again)
        for each in (of_ours.low, of_ours.middle, of_ours.high, of_ours.at_most)
    )
    return Ends(*ends)


def _repairs(askings: Ends, unreadable: int) -> Ends:
    """Repairs: of a share of what is to be asked, and of replies that the ledger holds."""
    return prior.UNREADABLE.times(askings) + exactly(unreadable)


def _replies(judge: AskedLine) -> dict[str, tuple[str, bool]]:
    """What the judge replied by attempt key, and whether another run has paid for it."""
    found: dict[str, tuple[str, bool]] = {}
    for ledger in judge.files.values():
        for key, outcomes in ledger.outcomes.items():
            for outcome in outcomes:
                if "error" not in outcome:
                    found[key] = str(outcome.get("text", "")), False
        for key, outcome in ledger.reused.items():
            found.setdefault(key, (str(outcome.get("text", "")), True))
    return found


def _held(
    facts: Facts, judge: AskedLine, part: ModelPart, panel: Panel, replies: Mapping[str, tuple[str, bool]]
) -> _Held:
    """What is held of the distinct judge prompts of held answers."""
    assert facts.template is not None
    form = Form(panel.verdict, panel.abstention)
    prompts = {about_answer(facts.template, prompt, text): text for prompt, text in part.known}
    if not replies:
        return _Held(waiting=len(prompts))
    counts = dict.fromkeys(("waiting", "ours", "reused", "again", "unreadable"), 0)
    for prompt, answer in prompts.items():
        found = _first(_keys(judge, prompt, form), replies)
        if found is None:
            counts["waiting"] += 1
            continue
        counts["reused" if found[1] else "ours"] += 1
        counts["again"] += _first(_keys(judge, prompt, form, again=True), replies) is not None
        if panel.repair and _unreadable(found[0], panel.verdict, answer):
            repaired = _first(_keys(judge, repair_prompt(prompt, form), form), replies)
            counts["unreadable"] += repaired is None
    return _Held(**counts)


def _keys(judge: AskedLine, prompt: str, form: Form, again: bool = False) -> Iterable[str]:
    """Attempt keys of a judge prompt in all modes that the judge may be asked in."""
    asked = judge.asked
    output = judge.model.output if isinstance(judge.model, Judge) else "text"
    for mode in modes(output):
        ask = judge_ask(asked.endpoint, asked.region, asked.line, prompt, form, mode)
        yield judge_key(ask, asked.edition, again)


def _first(keys: Iterable[str], replies: Mapping[str, tuple[str, bool]]) -> tuple[str, bool] | None:
    return next((replies[key] for key in keys if key in replies), None)


@lru_cache(maxsize=50_000)
def _unreadable(reply: str, kind: VerdictKind, answer: str) -> bool:
    """Whether a reply states no verdict. A plan is estimated several times over the same ledger."""
    return parse(reply, kind, answer).verdict == "unparseable"


def _output(facts: Facts, judge: AskedLine, seen: Seen) -> Ends:
    observed = mean(seen.outputs, "", 0.05, 1.0)
    if observed is not None:
        return within(observed, judge.max_tokens)
    return between(min(0.85 * facts.verdict_tokens, judge.max_tokens), judge.max_tokens)


def _amounts(facts: Facts, judge: AskedLine, part: ModelPart, seen: Seen, count: Ends) -> Amounts:
    """What so many requests about a model's answers take. `facts.judge_tokens` has the document, where judges see it."""
    observed = mean(seen.inputs, "", 0.05, 1.0)
    if observed is None:
        base = sum(facts.judge_tokens.values()) / max(1, len(facts.judge_tokens))
        tokens_in = (exactly(base) + part.output_tokens).times(prior.INPUT_RATIO) + prior.OVERHEAD_TOKENS
        by_text = isinstance(judge.model, Judge) and judge.model.output == "text"
        if not by_text and not isinstance(facts.endpoint, SimulatorEndpoint):  # which counts the prompt alone
            tokens_in += prior.FORM_TOKENS
        tokens_in += prior.REPAIR_TOKENS
    else:
        tokens_in = observed
    tokens_out = _output(facts, judge, seen)
    usd = usd_of(tokens_in, tokens_out, judge.price)
    return Amounts(
        {"judging": count},
        tokens_in.times(count),
        tokens_out.times(count),
        None if usd is None else usd.times(count),
    )


def usd_of(tokens_in: Ends, tokens_out: Ends, price: Price | None) -> Ends | None:
    """Dollars of a request with so many tokens in the mean; None where the price is unknown."""
    if price is None:
        return None
    if price.usd_per_hour is not None:
        return Ends()
    most = most_usd(math.ceil(tokens_in.at_most), math.ceil(tokens_out.at_most), price)
    if most is None:
        return None
    made = []
    for each_in, each_out in (
        (tokens_in.low, tokens_out.low),
        (tokens_in.middle, tokens_out.middle),
        (tokens_in.high, tokens_out.high),
    ):
        # Means of tokens are no whole numbers: of ten requests' output, a tenth.
        without = cost_usd(Usage(round(each_in), 0), price)
        of_ten = cost_usd(Usage(round(each_in), round(10 * each_out)), price)
        if without is None or of_ten is None:
            return None
        made.append(without + (of_ten - without) / 10)
    return Ends(made[0], made[1], made[2], max(most, made[2]))
