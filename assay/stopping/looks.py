"""When the decision is looked at: between blocks, spread evenly over those that are planned, the last time at the end.

Only the plan: what a look may claim stands in `assay.stats.sequential`, what follows from it in `assay.decision.looks`.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from assay.settings import Count, Settings, Whole


def after_blocks(looks: int, blocks: int) -> tuple[int, ...]:
    """How many of the planned blocks have been measured at each look; never the same number twice."""
    return tuple(-(-blocks * number // looks) for number in range(1, looks + 1))


class Look(Settings):
    """One of the planned looks at the decision."""

    number: Count
    """From 1."""
    of: Annotated[Count, Field(ge=2)]
    """How many are planned."""
    blocks: Count
    """Blocks that are planned for every cell."""
    least_requests: Whole = 0
    """Measured requests that every model has before a look other than the last one ends anything."""

    @model_validator(mode="after")
    def _between_blocks(self) -> Self:
        if self.number > self.of or self.of > self.blocks:
            raise ValueError("expected at most as many looks as blocks, and a look among them")
        return self

    @property
    def last(self) -> bool:
        """Whether it comes at the end."""
        return self.number == self.of

    @property
    def after(self) -> tuple[int, ...]:
        """Blocks that were measured at this look and at each before it."""
        return after_blocks(self.of, self.blocks)[: self.number]

    @property
    def shares(self) -> tuple[float, ...]:
        """The same as shares of those that are planned: of the information, as far as it is known beforehand."""
        return tuple(measured / self.blocks for measured in self.after)

    @property
    def words(self) -> str:
        """Such as "look 2 of 5"."""
        return f"look {self.number} of {self.of}"
