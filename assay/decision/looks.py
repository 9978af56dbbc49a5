"""Looks at the decision while it is being measured: what earlier ones found stands, and all of them share one error.

- A pair of models is tested at every look at which neither is out. Its sequential p value (`assay.stats.sequential`)
  takes the place of the p value in Holm's adjustment over these pairs (Ye, Li, Liu and Yao 2013). Pairs with a model that
  is out don't count any more: until one of the best is put out by mistake, all pairs of the best are among those that
  count, so the chance of that first mistake is what Holm promises.
- Limits go by intervals at the look's own level, so that all looks together claim what one would.
- A model that misses a limit, or that one which surely qualifies beats, is out and stays out. When a winner stands, or
  nobody is left, nobody gets more blocks; else every model that isn't out does.
- A model of which nothing can be said yet (it answered nothing so far, most of its requests failed in the first hour) wasn't
  tested, so no level covers going without it: as long as there is one, nothing ends before the last look, unless what
  hinders it is there to stay.

Where models end up with different numbers of blocks, a pair holds less information than planned, and its looks know more
of each other than the rule takes for granted: it errs less.

Leaves to others: the rule itself (`recommend`), the order of things (`decide`).
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.decision.compare import Adjusted, Tested
from assay.decision.recommend import Candidate, Recommendation
from assay.errors import InputError
from assay.stats.multiplicity import holm
from assay.stats.sequential import error_at_last, levels
from assay.stopping.looks import Look


@dataclass(frozen=True, slots=True)
class Out:
    """Why a model gets no more blocks, and since which look."""

    look: int
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What the looks before one found."""

    look: Look
    """The last look that is taken: a decision that stands is not looked at again."""
    out: dict[str, Out] = field(default_factory=dict)
    """Models that are out, in the order in which they went."""
    tests: tuple[tuple[Tested, ...], ...] = ()
    """The tests of each look before."""
    adjusted: dict[frozenset[str], Adjusted] = field(default_factory=dict)
    """What became of each pair at the last look at which it was tested."""

    def confidence(self, confidence: float) -> float:
        """That of an interval at this look by itself, for one of `confidence` over all looks."""
        return 1.0 - levels(1.0 - confidence, self.look.shares)[-1]

    def adjust(
        self, tested: Sequence[Tested], noted: list[tuple[Tested, Adjusted]] | None = None
    ) -> list[Adjusted]:
        """Adjusted p values over all looks of the pairs that are still tested; for the others, what was found then.

        Tests and what became of them are added to `noted`: later looks have to know them.
        """
        looks: list[dict[frozenset[str], Tested]] = [
            {frozenset((test.a, test.b)): test for test in each} for each in (*self.tests, tested)
        ]
        pairs = [frozenset((test.a, test.b)) for test in tested]
        going = [pair for pair in pairs if not pair & self.out.keys()]
        found = [_sequential([each.get(pair) for each in looks], self.look.shares) for pair in going]
        p_values = holm([one.p for one in found])
        fresh = {pair: Adjusted(p, one.ahead) for pair, p, one in zip(going, p_values, found, strict=True)}
        made = [fresh.get(pair) or self.adjusted.get(pair) or Adjusted(1.0, None) for pair in pairs]
        if noted is not None:
            noted.extend(zip(tested, made, strict=True))
        return made

    def by_itself(self, tested: Sequence[Tested]) -> list[Adjusted]:
        """Adjusted p values of tests that no earlier look made: as if only this one claimed anything."""
        p_values = holm([error_at_last(test.p, self.look.shares) for test in tested])
        return [Adjusted(p, test.ahead) for p, test in zip(p_values, tested, strict=True)]


def looked(look: Look, earlier: Iterable[Path]) -> Looked:
    """What the decisions of earlier looks say. `earlier` are their files; those at or after `look` don't count.

    Where one of them ended it, that is the look which is taken, and what it was decided from.
    """
    decisions = sorted((_read(path) for path in earlier), key=lambda found: int(found["look"]["number"]))
    before = [found for found in decisions if found["look"]["number"] < look.number]
    for place, found in enumerate(before):
        if not found["look"]["more"]:
            ended = look.model_copy(update={"number": int(found["look"]["number"])})
            return _carried(ended, before[:place])
    return _carried(look, before)


def went_out(
    looked: Looked,
    found: Recommendation,
    missed: Iterable[tuple[str, str]],
    beaten: Iterable[tuple[str, str]],
) -> dict[str, Out]:
    """All models that are out after this look: those of earlier ones, and who missed a limit or was beaten at it."""
    out = dict(looked.out)
    for model, why in (*missed, *beaten):
        if model not in found.candidates:
            out.setdefault(model, Out(looked.look.number, why))
    return out


def awaited(candidates: Iterable[Candidate], out: Collection[str]) -> list[str]:
    """Models of which nothing can be said yet, and something may be after further blocks."""
    return [
        model.model
        for model in candidates
        if model.model not in out and model.qualifies != "no" and not model.possible and not model.settled
    ]


def more(models: Iterable[str], found: Recommendation | None, out: Iterable[str]) -> list[str]:
    """The models that get more blocks. Without a recommendation that may end it, all that aren't out."""
    gone = set(out)
    open_still = [model for model in models if model not in gone]
    return [] if found is not None and found.answer in ("winner", "none_qualifies") else open_still


def _carried(look: Look, before: Sequence[Any]) -> Looked:
    out = {
        name: Out(int(gone["look"]), str(gone["why"]))
        for found in before
        for name, gone in found["look"]["out"].items()
    }
    tests = tuple(
        tuple(
            Tested(test["a"], test["b"], float(test["p"]), test["ahead"]) for test in found["look"]["tests"]
        )
        for found in before
    )
    adjusted = {
        frozenset((test["a"], test["b"])): Adjusted(float(test["p_adjusted"]), test["ahead_adjusted"])
        for found in before
        for test in found["look"]["tests"]
    }
    return Looked(look, out, tests, adjusted)


def _sequential(tests: Sequence[Tested | None], shares: tuple[float, ...]) -> Adjusted:
    """The sequential p value of one pair, and who was ahead when it was reached."""
    best = Adjusted(1.0, None)
    for place, test in enumerate(tests):
        if test is None:
            continue
        p = error_at_last(test.p, shares[: place + 1])
        if p < best.p or best.ahead is None:
            best = Adjusted(p, test.ahead)
    return best


def _read(path: Path) -> Any:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        assert found["look"]["number"] >= 1
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        raise InputError(
            f"{path}: is not the decision of a look ({type(error).__name__}: {error}); delete it and run again"
        ) from error
    return found
