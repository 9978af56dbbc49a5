"""What judging will take: one judge on the answers of all models, of what its ledger doesn't hold yet.

How many distinct answers there will be is unknown: at least one to each prompt that is answered at all, at most one to
each request. Once there are answers, those are counted.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from assay.bedrock.settings import Quota
from assay.ledger.keys import attempt_key
from assay.prices.book import Price, Usage, cost_usd, most_usd
from assay.spending import prior
from assay.spending.costs import within
from assay.spending.ends import Ends, between, exactly
from assay.spending.facts import AskedLine, Facts, judge_ask_key
from assay.spending.models import Amounts, ModelPart, quota_seconds
from assay.spending.seen import Seen, mean
from assay.stopping.settings import Stop


@dataclass(slots=True)
class JudgePart:
    """What is still to be bought of a judge, and how many verdicts are held."""

    amounts: Amounts
    held: int


def of_judge(
    facts: Facts,
    judge: AskedLine,
    parts: Mapping[str, tuple[AskedLine, ModelPart]],
    concurrency: int,
    quota: Quota,
    stop: Stop | None,
    *,
    told: bool = True,
) -> JudgePart:
    """What a judge still takes. `parts` are the models, by label."""
    seen = judge.seen if told else Seen()
    answered = _answered(judge) if told else set()
    made = JudgePart(Amounts(), 0)
    for line, part in parts.values():
        waiting, held = _waiting(facts, judge, part, answered)
        made.held += held
        count = exactly(waiting) + coming(line, part)
        count = _stopped(count, part, stop)
        if count.at_most == 0:
            continue
        amounts = _amounts(facts, judge, part, seen, count)
        latency = mean(seen.seconds, "", 0.2, 3.0) or prior.latency_s(
            facts.endpoint, amounts.input_tokens.middle / max(1.0, count.middle), _output(facts, judge, seen)
        )
        rounds = (count * (1 / concurrency)).at_least(exactly(1.0))
        amounts.seconds = rounds.times(latency).at_least(quota_seconds(amounts, judge.max_tokens, quota))
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


def _answered(judge: AskedLine) -> set[str]:
    """Keys of the judge prompts that were answered, by our own requests or in other runs."""
    return {
        key
        for ledger in judge.files.values()
        for key in (
            *(
                key
                for key, outcomes in ledger.outcomes.items()
                if any("error" not in each for each in outcomes)
            ),
            *ledger.reused,
        )
    }


def _waiting(facts: Facts, judge: AskedLine, part: ModelPart, answered: set[str]) -> tuple[int, int]:
    """Distinct judge prompts of held answers: those to be asked, and those that are answered."""
    assert facts.template is not None
    prompts = {facts.template.prompt(prompt.question, prompt.answers, text) for prompt, text in part.known}
    keys = {
        attempt_key(judge_ask_key(judge, prompt), judge.asked.edition, role="judge") for prompt in prompts
    }
    held = len(keys & answered)
    return len(keys) - held, held


def _output(facts: Facts, judge: AskedLine, seen: Seen) -> Ends:
    observed = mean(seen.outputs, "", 0.05, 1.0)
    if observed is not None:
        return within(observed, judge.max_tokens)
    return between(min(0.85 * facts.verdict_tokens, judge.max_tokens), judge.max_tokens)


def _amounts(facts: Facts, judge: AskedLine, part: ModelPart, seen: Seen, count: Ends) -> Amounts:
    """What so many verdicts on a model's answers take. The document isn't part of a judge prompt."""
    observed = mean(seen.inputs, "", 0.05, 1.0)
    if observed is None:
        base = sum(facts.judge_tokens.values()) / max(1, len(facts.judge_tokens))
        tokens_in = (exactly(base) + part.output_tokens).times(prior.INPUT_RATIO) + prior.OVERHEAD_TOKENS
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
