"""What each prompt takes of a model: tokens in, tokens out and dollars, by all ends."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assay.bedrock.request import cache_point
from assay.prices.book import Price, Usage, cost_usd, most_usd
from assay.prompts.prompt import Prompt
from assay.spending import prior
from assay.spending.ends import Ends, between
from assay.spending.facts import AskedLine, Facts
from assay.spending.seen import Seen, mean

Floats = NDArray[np.float64]


class Costs:
    """What the prompts of a bucket take: rows of tokens in, tokens out, dollars, by the four ends."""

    def __init__(self, read: Floats, written: Floats) -> None:
        self.read = read
        self.written = written
        """Where they fill the prompt cache."""
        self.mean = read.mean(axis=0)
        self.input_tokens = Ends(*self.mean[0].tolist())
        self.output_tokens = Ends(*self.mean[1].tolist())

    def first(self, prompts: int) -> "Costs":
        """Those of the first prompts of the bucket."""
        return Costs(self.read[:prompts], self.written[:prompts])


def costed(prompts: Sequence[Prompt], facts: Facts, line: AskedLine, bucket: str, seen: Seen) -> Costs:
    """What the prompts of a bucket take: by what was seen of the model, else by priors."""
    ratio = mean(seen.inputs, bucket, 0.01, 1.05)
    observed = {
        limit: mean(seen.outputs_of(limit), bucket, 0.05, 1.5) for limit in {None, *line.limits.values()}
    }
    warm = line.model.cache == "warm"
    read = np.empty((len(prompts), 3, 4))
    written = np.empty((len(prompts), 3, 4)) if warm else read
    for index, prompt in enumerate(prompts):
        if ratio is None:
            tokens_in = prior.INPUT_RATIO * prompt.tokens + prior.OVERHEAD_TOKENS
        else:
            tokens_in = ratio * prompt.tokens
        most = line.max_tokens_of(prompt)
        alike = observed[line.limits.get(prompt.prompt_id)]
        if alike is None:
            least = min(facts.reference_tokens[prompt.prompt_id], most)
            tokens_out = between(0.85 * least, most)
        else:
            tokens_out = within(alike, most)
        share = cache_point(prompt.text, prompt.question) / len(prompt.text) if warm else 0.0
        read[index] = _row(tokens_in, tokens_out, _usd(tokens_in, tokens_out, line.price, share))
        if warm:
            usd = _usd(tokens_in, tokens_out, line.price, share, write=True)
            written[index] = _row(tokens_in, tokens_out, usd)
    return Costs(read, written)


def within(observed: Ends, max_tokens: int) -> Ends:
    """Output tokens as they were seen: never above what is asked for, which is also the most."""
    low, middle, high = (min(max_tokens, end) for end in (observed.low, observed.middle, observed.high))
    return Ends(low, middle, high, max_tokens)


def _row(tokens_in: Ends, tokens_out: Ends, usd: Ends | None) -> list[list[float]]:
    nothing = [math.nan] * 4
    return [four(tokens_in), four(tokens_out), nothing if usd is None else four(usd)]


def four(ends: Ends) -> list[float]:
    """Its four ends, from low to most."""
    return [ends.low, ends.middle, ends.high, ends.at_most]


def _usd(
    tokens_in: Ends, tokens_out: Ends, price: Price | None, cached: float = 0.0, write: bool = False
) -> Ends | None:
    """Dollars of one request. The part that is meant to come from the prompt cache may have to be written again."""
    if price is None:
        return None
    if price.usd_per_hour is not None:
        return Ends()
    most = most_usd(math.ceil(tokens_in.at_most), math.ceil(tokens_out.at_most), price, cached=cached > 0)
    if most is None:
        return None
    if cached == 0.0:
        costs = [cost_usd(Usage(round(i), round(o)), price) for i, o in _pairs(tokens_in, tokens_out)]
        return None if None in costs else Ends(costs[0] or 0.0, costs[1] or 0.0, costs[2] or 0.0, most)
    made = []
    for number, (whole, out) in enumerate(_pairs(tokens_in, tokens_out)):
        part = round(whole * cached)
        reads = not write and number < 2
        usage = Usage(round(whole) - part, round(out), part if reads else 0, 0 if reads else part)
        # Too short for the cache, or a rate that is unknown: then as if it weren't cached.
        cost = cost_usd(usage, price)
        made.append(cost if cost is not None else cost_usd(Usage(round(whole), round(out)), price) or 0.0)
    return Ends(made[0], made[1], made[2], max(most, made[2]))


def _pairs(tokens_in: Ends, tokens_out: Ends) -> list[tuple[float, float]]:
    return [
        (tokens_in.low, tokens_out.low),
        (tokens_in.middle, tokens_out.middle),
        (tokens_in.high, tokens_out.high),
    ]
