"""A look at a run in words: a screen that is drawn again and again, and single lines for where nothing can be redrawn."""

import textwrap
from collections.abc import Mapping, Sequence

from assay.following.jobs import Standing
from assay.following.picture import AskedLine, Money, Picture, StageLine
from assay.ledger.text import table
from assay.spending.purse import PICODOLLARS
from assay.tables.numbers import number

_MOST_JOBS = 12
"""Jobs at work that a screen names."""

_WIDTH = 79
"""Columns that the words take at most; tables take theirs."""

_NAME, _BAR = 12, 20
"""Characters of a stage's name and of its bar."""

_STAGE_WORDS = {
    "check_budget": "estimate", "invoke": "measure", "figure": "figures", "label_sample": "label sample",
    "stop_at_look": "look",
}  # fmt: skip

_COUNTED = {"invoke": "measured", "judge": "judged"}


def screen(picture: Picture) -> list[str]:
    """All of it: lines of any width."""
    lines = [*_wrapped(headline(picture)), *_wrapped(money(picture.money)), "", *_stages(picture)]
    if any(each.asked.sent for each in picture.asked):
        lines += ["", *table([_asked(each, picture.over) for each in picture.asked]).splitlines()]
    if at_work := picture.standing("at work"):
        lines += ["", "Not at their end:" if picture.over else "At work:"]
        lines += [_at_work(each) for each in at_work[:_MOST_JOBS]]
        if len(at_work) > _MOST_JOBS:
            lines.append(f"  and {len(at_work) - _MOST_JOBS} more")
    if wrong := notes(picture):
        lines += ["", *wrong]
    if picture.over:
        lines += ["", *ending(picture)]
    return lines


def headline(picture: Picture) -> str:
    """Run, jobs, time."""
    done, at_work = len(picture.standing("done")), len(picture.standing("at work"))
    parts = [f"Run {picture.run}: {done} of {len(picture.jobs)} jobs done"]
    if at_work and not picture.over:
        parts.append(f"{at_work} at work")
    if failed := len(picture.standing("failed")):
        parts.append(f"{failed} failed")
    ago = "since its start" if picture.how == "killed" else "so far" if not picture.over else "in all"
    parts.append(f"{duration(picture.seconds)} {ago}")
    if picture.estimated_minutes is not None and not picture.over:
        low, high = (number(minutes, 2) for minutes in picture.estimated_minutes)
        parts.append(f"measuring and judging estimated at {low if low == high else f'{low} to {high}'} min")
    return ", ".join(parts)


def line(picture: Picture) -> str:
    """How it stands, in one line."""
    stages = [
        f"{_name(each)} {each.done}/{each.jobs}"
        for each in picture.stages
        if each.at_work or (each.stage in ("invoke", "judge", "search") and each.done < each.jobs)
    ]
    requests = [
        f"{_COUNTED[kind]} {sum(each.asked.ended for each in mine):,}{_of(mine)}"
        for kind in ("invoke", "judge")
        if (mine := [each for each in picture.asked if each.stage == kind])
        and any(each.asked.sent for each in mine)
    ]
    return "; ".join(
        part
        for part in (headline(picture), ", ".join(stages), ", ".join(requests), money(picture.money))
        if part
    )


def notes(picture: Picture) -> list[str]:
    """What failed, and what was capped or spoilt."""
    said = [f"Failed: {each.job.name}: {each.said}{_log(each)}" for each in picture.standing("failed")]
    return said + [f"{each.job.name}: {each.note}" for each in picture.jobs if each.note is not None]


def _log(standing: Standing) -> str:
    return "" if standing.job.log is None else f" ({standing.job.log})"


def ending(picture: Picture) -> list[str]:
    """How the run ended, and what to do about it."""
    if picture.how == "done":
        return [f"Done. {picture.verdict}" if picture.verdict else "Done."]
    again = "What was bought is kept: the same command goes on from here."
    if picture.how == "failed":
        failed = len(picture.standing("failed"))
        why = f"jobs that failed: {failed}" if failed else "it was stopped"
        return [f"The run ended before its plan was done: {why}. {again}"]
    alone = (
        f" Jobs of it that are still at work: {picture.still_at_work}; they end by themselves."
        if picture.still_at_work
        else ""
    )
    return [f"The run was killed.{alone} {again} (Snakemake may ask for `--unlock` first.)"]


def money(found: Money) -> str:
    """Spent, estimated, and the cap."""
    if found.spent_usd is None:
        parts = ["Prices aren't known yet"]
    else:
        parts = [f"Spent: {usd(found.spent_usd)}"]
        if found.unknown:
            parts[0] += f" (without {found.unknown:,} requests of which it isn't known what they cost)"
    if found.estimated_usd is not None:
        parts.append(f"estimated for the whole run: {between(found.estimated_usd)}")
    if found.max_usd is not None:
        aside = (
            ""
            if found.committed_usd is None
            else f", of which {number(found.committed_usd)} is spent or set aside"
        )
        parts.append(f"cap: {usd(found.max_usd)}{aside}")
    return "; ".join(parts)


def usd(amount: float) -> str:
    """Dollars to three digits, from a dollar on to the cent."""
    return f"{amount:,.2f} USD" if amount >= 1 else f"{number(amount)} USD"


def between(ends: tuple[float, float]) -> str:
    """Dollars between two ends."""
    low, high = (number(end) for end in ends)
    return f"{low} USD" if low == high else f"{low} to {high} USD"


def duration(seconds: float) -> str:
    """As people say it: `42 s`, `3 min 5 s`, `2 h 4 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _stages(picture: Picture) -> list[str]:
    """What is done and what is to come in a line each, and a bar for each stage between."""
    done = [_name(each) for each in picture.stages if each.done == each.jobs]
    coming = [
        f"{_name(each)} ({each.jobs})" if each.jobs > 1 else _name(each)
        for each in picture.stages
        if not (each.done or each.at_work or each.failed)
    ]
    begun = [
        _stage(each, picture.over)
        for each in picture.stages
        if each.done < each.jobs and (each.done or each.at_work or each.failed)
    ]
    return [*_named("done", done), *begun, *_named("not begun" if picture.over else "to come", coming)]


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDTH, subsequent_indent="  ")


def _named(word: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return textwrap.wrap(
        ", ".join(names), _WIDTH, initial_indent=f"{word:<{_NAME}} ", subsequent_indent=" " * (_NAME + 1)
    )


def _stage(each: StageLine, over: bool) -> str:
    filled = _BAR * each.done // each.jobs
    bar = "#" * filled + "." * (_BAR - filled)
    more = [f"{each.at_work} at work"] if each.at_work and not over else []
    more += [f"{each.failed} failed"] if each.failed else []
    jobs = f"{each.done}/{each.jobs}"
    return f"{_name(each):<{_NAME}} {bar} {jobs:>9}  {', '.join(more)}".rstrip()


def _name(each: StageLine) -> str:
    return _STAGE_WORDS.get(each.stage, each.stage)


def _asked(each: AskedLine, over: bool) -> Mapping[str, str]:
    asked = each.asked
    return {
        "": {"invoke": "model", "search": "search of", "judge": "judge"}[each.stage],
        " ": each.label,
        "done": f"{asked.ended:,}" if each.stage != "search" else "",
        "of": _of([each]).removeprefix("/"),
        "sent": f"{asked.sent:,}",
        "in flight": f"{asked.in_flight:,}" if asked.in_flight and not over else "",
        "throttled": f"{asked.throttled:,}" if asked.throttled else "",
        "failed": f"{asked.failed:,}" if asked.failed else "",
        "USD": "unknown" if asked.unknown and not asked.spent else number(asked.spent / PICODOLLARS),
        "estimated": "" if each.estimated_usd is None else between(each.estimated_usd).removesuffix(" USD"),
    }


def _of(lines: Sequence[AskedLine]) -> str:
    if any(each.planned is None for each in lines):
        return ""
    low = sum(each.planned[0] for each in lines if each.planned)
    high = sum(each.planned[1] for each in lines if each.planned)
    return f"/{low:,}" if low == high else f"/{low:,} to {high:,}"


def _at_work(standing: Standing) -> str:
    return f"  {standing.job.name}" + (f": {standing.said}" if standing.said else "")
