"""Whether a run may begin under its cap, and if not, what to change: every way with the estimate that it leads to."""

from collections.abc import Callable, Iterator

from assay.spending.estimate import Estimate, Estimator
from assay.spending.estimate_settings import EstimateJob
from assay.spending.printed import span
from assay.spending.unpriced import to_write
from assay.tables.numbers import number


def refused(found: Estimate, estimator: Estimator, settings: EstimateJob) -> str | None:
    """Why a run may not begin; None if it may."""
    if found.max_usd is None:
        return None
    if found.unknown:
        return (
            f"budget.max_usd is {number(found.max_usd)}, and the price of {', '.join(found.unknown)} is unknown, so no cap"
            f" could be kept. Write it into the benchmark file, or leave budget.max_usd out:\n\nprices:\n{to_write(found.unpriced)}"
        )
    if not found.above:
        return None
    ways = "\n".join(f"  {each}" for each in levers(estimator, settings, found.max_usd))
    spent = f", {number(found.spent_usd)} of them spent already" if found.spent_usd else ""
    return (
        f"the run is estimated at {span(found.usd)} USD{spent}; budget.max_usd is {number(found.max_usd)}, so it doesn't"
        f" begin. Any of these changes that (with the estimate each leads to), or several together:\n{ways}"
    )


def levers(estimator: Estimator, settings: EstimateJob, max_usd: float) -> Iterator[str]:
    """What can be changed, one thing at a time."""

    def of(changed: EstimateJob, prompts: int | None = None) -> Estimate:
        return estimator.of(changed, prompts, from_scratch=False)

    base = of(settings)
    needed = base.usd.high

    def told(words: str, changed: EstimateJob, prompts: int | None = None) -> Iterator[str]:
        found = of(changed, prompts)
        if found.usd.high < needed:
            enough = "" if not found.above else ", still above it"
            yield f"{words}: {span(found.usd)} USD{enough}"

    load = settings.load
    if load.requests is not None and load.requests > 1:
        fits = _largest(load.requests, lambda count: not of(_requests(settings, count)).above)
        count = fits or max(1, load.requests // 2)
        yield from told(f"load.requests: {count} in place of {load.requests}", _requests(settings, count))
    if load.duration_s is not None:
        half = load.model_copy(update={"duration_s": load.duration_s / 2})
        yield from told(f"load.duration_s: {half.duration_s:g}", settings.model_copy(update={"load": half}))
    levels = len(load.concurrency) + len(load.rates_rps)
    if len(load.concurrency) > 1 or (load.concurrency and levels > 1):
        fewer = _without(load.concurrency, settings.level_of_interest)
        if fewer != load.concurrency:
            changed = load.model_copy(update={"concurrency": fewer})
            yield from told(f"load.concurrency: {list(fewer)}", settings.model_copy(update={"load": changed}))
    if load.blocks > 1:
        changed = load.model_copy(update={"blocks": 1})
        yield from told("load.blocks: 1", settings.model_copy(update={"load": changed}))
    most = max(len(each) for each in estimator.prompts.values())
    if most > 1:
        fits = _largest(most, lambda count: not of(settings, count).above)
        count = fits or max(1, most // 2)
        yield from told(f"n: {count} in every bucket that has more", settings, count)
    if len(settings.models) > 1:
        dearest = _dearest(base, "model")
        others = tuple(model for model in settings.models if model.label != dearest)
        yield from told(f"without model {dearest}", settings.model_copy(update={"models": others}))
    if settings.judges is not None:
        if len(settings.judges.panel) > 1:
            dearest = _dearest(base, "judge")
            judges = tuple(judge for judge in settings.judges.panel if judge.label != dearest)
            changed_panel = settings.judges.model_copy(update={"panel": judges})
            yield from told(f"without judge {dearest}", settings.model_copy(update={"judges": changed_panel}))
        yield from told("without judges", settings.model_copy(update={"judges": None}))
    yield f"budget.max_usd: {_rounded_up(needed)}"


def _requests(settings: EstimateJob, count: int) -> EstimateJob:
    return settings.model_copy(update={"load": settings.load.model_copy(update={"requests": count})})


def _largest(below: int, fits: Callable[[int], bool]) -> int | None:
    """The largest number under `below` that fits, by halving; None if not even 1 does."""
    if not fits(1):
        return None
    low, high = 1, below
    while high - low > max(1, low // 20):
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _without(levels: tuple[int, ...], of_interest: str) -> tuple[int, ...]:
    """Levels without the highest that the decision isn't about."""
    others = [level for level in levels if f"c{level}" != of_interest]
    return tuple(level for level in levels if level != max(others, default=None))


def _dearest(found: Estimate, kind: str) -> str:
    rows = [row for row in found.rows if row.kind == kind]
    return max(rows, key=lambda row: row.left.usd.high if row.left.usd is not None else 0.0).label


def _rounded_up(usd: float) -> str:
    """A cap that holds it, with two digits that count."""
    step = 1.0
    while usd / step >= 100:
        step *= 10
    while usd / step < 10:
        step /= 10
    return f"{(int(usd / step) + 1) * step:.10g}"
