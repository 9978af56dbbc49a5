"""The whole of preflight: the calls, the account's own word, prices and quotas, and every problem in one list."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay.bedrock.settings import Endpoint
from assay.errors import InputError
from assay.ledger.files import about
from assay.preflight import catalogue as catalogues
from assay.preflight import quotas as account_quotas
from assay.preflight.calls import Call, Told, ask, calls
from assay.preflight.catalogue import Catalogue
from assay.preflight.demand import Prompts, too_much
from assay.preflight.problem import Problem, listed
from assay.preflight.quotas import AccountQuotas, limits
from assay.preflight.remedies import Refusal, once, remedied
from assay.preflight.settings import AskedLine, PreflightJob
from assay.prices.book import Price
from assay.spending.cap import Cap
from assay.spending.tariff import tariff
from assay.spending.unpriced import to_write

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Checked:
    """What preflight found. `told` has an entry for each distinct line that could be asked."""

    told: list[Told]
    problems: list[Problem]
    notes: list[str]
    lines: int

    @property
    def errors(self) -> list[Problem]:
        """What has to be mended before anything is bought."""
        return [problem for problem in self.problems if problem.severity == "error"]

    def as_json(self) -> dict[str, Any]:
        """As it is written beside the run's other files."""
        return {
            "lines": [_line_json(told, asked) for told in self.told for asked in told.call.lines],
            "problems": [asdict(problem) for problem in self.problems],
            "notes": self.notes,
            "requests_sent": sum(told.tries for told in self.told),
        }

    def words(self) -> str:
        """The list for a reader."""
        passed = sum(len(told.call.lines) for told in self.told if told.ok)
        known = sum(len(told.call.lines) for told in self.told if told.ok and not told.tries)
        asked = f"{passed} of {self.lines} models and judges answer as the benchmark asks them"
        head = f"preflight: {asked}" + (f" ({known} known from earlier)" if known else "")
        parts = [
            head,
            *([listed(self.problems)] if self.problems else []),
            *(f"  note: {note}" for note in self.notes),
        ]
        return "\n".join(parts)


def check(
    job: PreflightJob,
    endpoint: Endpoint,
    system: str | None,
    prices: Mapping[str, Price],
    prompts: Prompts | None,
    ledger: Path,
    cap: Cap | None = None,
) -> Checked:
    """Ask every line and the account, side by side, within what the run may spend."""
    made, impossible = calls(job.lines, endpoint, system, job.run, prompts)
    problems = [_impossible(asked, why) for asked, why in impossible]
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(catalogues.read, endpoint)
        counting = pool.submit(account_quotas.read, endpoint)
        told = _asked(made, endpoint, ledger, job, cap, problems)
        catalogue, of_account = reading.result(), counting.result()
    for one in told:
        problems.extend(_of_call(one, endpoint, catalogue, job))
    for asked in job.lines:
        problems.extend(_of_life(asked, catalogue, job))
        problems.extend(_of_price(asked, prices, cap is not None))
    problems.extend(_of_quotas(job, told, catalogue, of_account, prompts))
    problems.extend(_unexplained(told, problems))
    return Checked(
        told, once(problems), list(dict.fromkeys([*catalogue.notes, *of_account.notes])), len(job.lines)
    )


def _asked(
    made: list[Call],
    endpoint: Endpoint,
    ledger: Path,
    job: PreflightJob,
    cap: Cap | None,
    problems: list[Problem],
) -> list[Told]:
    if not made:
        return []
    try:
        return ask(made, endpoint, ledger, job.run, job.preflight.timeout_s, cap)
    except InputError as error:  # of credentials: nothing could be asked
        key, _, text = str(error).partition(": ")
        if not key.startswith("endpoint"):
            raise
        problems.append(Problem(key, "", "credentials", "error", "nothing can be signed", text))
        return [Told(call, None, why_not=text) for call in made]


def _impossible(asked: AskedLine, why: str) -> Problem:
    """The problem of a line that can't even be asked."""
    key, _, text = why.partition(": ")
    if key.startswith("endpoint"):
        return Problem(key, "", "credentials", "error", "nothing can be asked", text)
    return Problem(
        f"{asked.key}.id", asked.model.label, "unknown_model", "error", why, "write an id that is there"
    )


def _unexplained(told: Sequence[Told], problems: Sequence[Problem]) -> list[Problem]:
    """A problem for each line that wasn't asked though nothing was found wrong with it: none passes in silence."""
    explained = {problem.label for problem in problems if problem.severity == "error"}
    return [
        Problem(
            asked.key,
            asked.model.label,
            "not_asked",
            "error",
            one.why_not or "it wasn't asked",
            "mend that first",
        )
        for one in told
        for asked in one.call.lines
        if one.outcome is None and not explained & {asked.model.label, ""}
    ]


def _of_call(told: Told, endpoint: Endpoint, catalogue: Catalogue, job: PreflightJob) -> Iterator[Problem]:
    if told.ok:
        return
    if told.why_not.startswith("budget.max_usd"):
        first = told.call.lines[0]
        yield Problem(
            "budget.max_usd",
            first.model.label,
            "capped",
            "error",
            told.why_not.partition(": ")[2],
            "raise budget.max_usd: it doesn't hold the worst case of this one small call",
        )
    if told.outcome is None:
        return
    for asked in told.call.lines:
        yield remedied(
            Refusal(
                asked,
                told.outcome["error"],
                told.outcome.get("error_message", ""),
                told.outcome.get("http_status"),
                endpoint,
                catalogue,
                job.preflight.timeout_s,
                told.call.line.inference.max_tokens,
            )
        )


def _of_life(asked: AskedLine, catalogue: Catalogue, job: PreflightJob) -> Iterator[Problem]:
    model = catalogue.model(asked.model.id)
    if model is None or model.status != "LEGACY" or "legacy" in job.preflight.accept:
        return
    until = f", and ends on {model.ends:%Y-%m-%d}" if model.ends else ""
    yield Problem(
        f"{asked.key}.id",
        asked.model.label,
        "legacy",
        "warning",
        f"{model.id} is a legacy model{until}",
        "choose a newer model, or say that it is meant: `preflight.accept: [legacy]`",
    )


def _of_price(asked: AskedLine, prices: Mapping[str, Price], capped: bool) -> Iterator[Problem]:
    whose = about("", "preflight", asked.model)
    if tariff(prices, asked.model.id, whose) is not None:
        return
    names = {"service_tier": "service tier", "latency": "latency", "cache": "prompt cache"}
    variant = ", ".join(f"{words} {whose[name]}" for name, words in names.items() if name in whose)
    yield Problem(
        f"prices[{asked.model.id!r}]",
        asked.model.label,
        "price_unknown",
        "error" if capped else "warning",
        f"no source knows its price{f' ({variant})' if variant else ''}"
        + (", so budget.max_usd can't be kept" if capped else ", so its cost stays unknown"),
        f"give it under `prices`: {to_write([asked.model]).strip()}",
    )


def _of_quotas(
    job: PreflightJob,
    told: list[Told],
    catalogue: Catalogue,
    of_account: AccountQuotas,
    prompts: Prompts | None,
) -> Iterator[Problem]:
    took = {asked.key: one.ms for one in told for asked in one.call.lines}
    for asked in job.lines:
        yield from too_much(
            asked,
            job.load,
            prompts,
            limits(asked.model, job.quotas, of_account, catalogue),
            took.get(asked.key),
            "warning" if "quota" in job.preflight.accept else "error",
        )


def _line_json(told: Told, asked: AskedLine) -> dict[str, Any]:
    outcome = told.outcome or {}
    return {
        "key": asked.key,
        "label": asked.model.label,
        "role": asked.role,
        "model_id": asked.model.id,
        "api": told.call.line.api,
        "ok": told.ok,
        "ms": told.ms,
        "tries": told.tries,
        "error": outcome.get("error"),
        "input_tokens": outcome.get("input_tokens"),
        "output_tokens": outcome.get("output_tokens"),
    }


def refused_words(checked: Checked) -> str:
    """The one error that ends the run."""
    count = len(checked.errors)
    return (
        f"{count} {'problem' if count == 1 else 'problems'}, so nothing else was bought. What was found, all of it:\n"
        f"{checked.words()}\n"
        "Mend them and run again: what passed isn't asked again. `preflight.enabled: false` goes on without looking."
    )


def to_text(checked: Checked) -> str:
    """JSON of `as_json`."""
    return json.dumps(checked.as_json(), indent=1) + "\n"
