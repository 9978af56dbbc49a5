"""Whether the plan asks for more than a model's quota: what is certain is a problem, what may be is a warning.

Bedrock counts input and output tokens together, and reserves a request's most output tokens when it starts. Where an
output token counts several times, it isn't documented whether the reservation does so: what is certain counts it once.
An open loop asks for a rate whatever happens. A closed loop asks for as much as the answers' latency allows, which
nobody knows beforehand; certain is only what it has in flight at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from assay.bedrock.request import Line
from assay.preflight.problem import Problem, Severity
from assay.preflight.quotas import Limits
from assay.preflight.settings import AskedLine, PlannedLoad
from assay.prompts.prompt import Prompt

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Prompts:
    """Sizes of the benchmark's prompts, bucket by bucket: input tokens, and the prompt's own limit of output tokens, if any."""

    buckets: tuple[tuple[tuple[int, int | None], ...], ...]

    @classmethod
    def of(cls, prompts: Iterable[Prompt]) -> "Prompts | None":
        """Of the prompts that were drawn; null without any."""
        sizes: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
        for prompt in prompts:
            sizes[prompt.bucket].append((prompt.tokens, prompt.max_tokens))
        return cls(tuple(map(tuple, sizes.values()))) if sizes else None

    def longest_asked_by(self, line: Line) -> Line:
        """The line as it asks the prompt that may have the longest answer."""
        limits = {limit for sizes in self.buckets for _, limit in sizes}
        return max(map(line.limited, limits), key=lambda one: one.inference.max_tokens or 0)

    def asked_by(self, line: Line) -> "Requests":
        """What requests of a line take."""
        found = []
        for sizes in self.buckets:
            output = [line.max_tokens(limit) or 0 for _, limit in sizes]
            tokens = [each for each, _ in sizes]
            largest = max(map(sum, zip(tokens, output, strict=True)))
            found.append(Requests(sum(tokens) / len(sizes), sum(output) / len(sizes), largest))
        of_most = max(found, key=lambda each: (each.mean_tokens, each.mean_output))
        return replace(of_most, largest=max(each.largest for each in found))


@dataclass(frozen=True, slots=True)
class Requests:
    """What requests take of a quota, in tokens."""

    mean_tokens: float
    """Input of the mean one, in the bucket where that is largest."""
    mean_output: float
    """Most output of a request of the same bucket, in the mean."""
    largest: int
    """Input and most output together, of the largest one."""


def too_much(
    line: AskedLine,
    load: PlannedLoad,
    prompts: Prompts | None,
    limits: Limits,
    call_ms: float | None,
    certain: Severity,
) -> Iterator[Problem]:
    """The problems of a line with its quota. `call_ms` is how long the small call took, if it was answered.

    `certain` is the severity of what is certain. Prompts of judges are not known before there are answers.
    """
    plan = _Plan(line, load if line.role == "model" else PlannedLoad(), prompts, limits, call_ms)
    for limit, where in (
        (limits.requests_per_minute, limits.requests_from),
        (limits.tokens_per_minute, limits.tokens_from),
    ):
        if limit == 0:
            yield plan.problem(
                where, f"{where} is 0", "nothing can be asked of the model until it is raised", certain
            )
            return
    yield from plan.of_requests(certain)
    yield from plan.of_tokens(certain)


@dataclass(frozen=True, slots=True)
class _Plan:
    line: AskedLine
    load: PlannedLoad
    prompts: Prompts | None
    limits: Limits
    call_ms: float | None

    def problem(self, where: str, found: str, remedy: str, severity: Severity) -> Problem:
        key = where if where.startswith("quotas[") else f"{self.line.key}.id"
        accepted = "" if severity == "warning" else "; or say that it is meant: `preflight.accept: [quota]`"
        return Problem(key, self.line.model.label, "quota", severity, found, f"{remedy}{accepted}")

    def raise_or(self, where: str, otherwise: str) -> str:
        if where.startswith("quotas["):
            return f"{otherwise}, or correct the figure if the quota is higher"
        return f"{otherwise}, or have the quota raised (Service Quotas, Amazon Bedrock)"

    def of_requests(self, certain: Severity) -> Iterator[Problem]:
        limit, where = self.limits.requests_per_minute, self.limits.requests_from
        if limit is None:
            return
        is_limit = f"{where} is {limit:,.0f} requests per minute"
        yield from self._rates(limit, 1.0, 1.0, "requests", is_limit, where, certain)
        fastest = max(self.load.concurrency, default=0)
        if fastest > limit:
            yield self.problem(
                where,
                f"{fastest} requests are in flight at once; {is_limit}",
                self.raise_or(where, f"take concurrency levels above {limit:.0f} out"),
                certain,
            )
        elif fastest:
            yield from self._may_be_throttled(fastest * MINUTE_S / limit, fastest, is_limit, where)

    def of_tokens(self, certain: Severity) -> Iterator[Problem]:
        limit, where = self.limits.tokens_per_minute, self.limits.tokens_from
        if limit is None:
            return
        is_limit = f"{where} is {limit:,.0f} tokens per minute"
        line = Line(self.line.model, self.line.inference)
        asked = self.prompts.asked_by(line) if self.prompts and self.line.role == "model" else None
        largest = (line.max_tokens(None) or 0) if asked is None else asked.largest
        if largest > limit:
            yield self.problem(
                where,
                f"a single request reserves up to {largest:,.0f} tokens; {is_limit}",
                self.raise_or(where, "lower max_tokens, or ask shorter prompts"),
                certain,
            )
            return
        if self.prompts is None:
            return
        sizes = self.prompts.asked_by(line)
        mean, output = sizes.mean_tokens, sizes.mean_output
        used = mean + output * self.limits.output_burndown
        yield from self._rates(limit, mean, used, "tokens", is_limit, where, certain)
        fastest = max(self.load.concurrency, default=0)
        if fastest * (mean + output) > limit:
            yield self.problem(
                where,
                f"{fastest} requests in flight reserve {fastest * (mean + output):,.0f} tokens at once; {is_limit}",
                self.raise_or(
                    where,
                    f"take concurrency levels above {limit // (mean + output):.0f} out, or lower max_tokens",
                ),
                certain,
            )
        elif fastest:
            yield from self._may_be_throttled(fastest * MINUTE_S * mean / limit, fastest, is_limit, where)

    def _rates(
        self,
        limit: float,
        each: float,
        reserved: float,
        unit: str,
        is_limit: str,
        where: str,
        certain: Severity,
    ) -> Iterator[Problem]:
        """Of open loops: what is asked for without doubt, and what is reserved for a while."""
        rate = max(self.load.rates_rps, default=0.0)
        ramp = max(self.load.ramps_rps, default=0.0)
        highest = f"{limit / MINUTE_S / each:.3g} requests per second"
        if rate * MINUTE_S * each > limit:
            yield self.problem(
                where,
                f"{rate:g} requests per second ask for {rate * MINUTE_S * each:,.0f} {unit} per minute; {is_limit}",
                self.raise_or(where, f"take rates above {highest} out"),
                certain,
            )
        elif rate * MINUTE_S * reserved > limit:
            yield self.problem(
                where,
                f"{rate:g} requests per second reserve up to {rate * MINUTE_S * reserved:,.0f} {unit} per minute; "
                f"{is_limit}",
                "expect throttles if answers are long; a lower max_tokens reserves less",
                "warning",
            )
        if ramp * MINUTE_S * each > limit:
            yield self.problem(
                where,
                f"the ramp ends at {ramp:g} requests per second, {ramp * MINUTE_S * each:,.0f} {unit} per minute; "
                f"{is_limit}",
                f"expect throttles from {highest} on, if that isn't what the ramp is for",
                "warning",
            )

    def _may_be_throttled(
        self, latency_s: float, in_flight: int, is_limit: str, where: str
    ) -> Iterator[Problem]:
        """Of closed loops: answers faster than `latency_s` would ask for more than the quota."""
        if self.call_ms is not None and self.call_ms < latency_s * 1000:
            yield self.problem(
                where,
                f"{is_limit}; with {in_flight} in flight, answers faster than {latency_s:.3g} s ask for more, and the "
                f"small call took {self.call_ms / 1000:.3g} s",
                "expect throttles, which are results; a lower concurrency or a higher quota avoids them",
                "warning",
            )
