"""What a comparison of runs is asked: which runs, at which error rate, and which models have another name now.

Read from Snakemake's command line (`--config before=... after=...`). Cheap to import, since the Snakefile does.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError

from assay.errors import InputError
from assay.settings import Positive, Settings, Share

KEYS = ("before", "after", "error_rate", "renamed")
SIDES = ("before", "after")

_EXAMPLE = "snakemake compare --config before=monday after=friday"


class Comparison(Settings):
    """Settings of the stage that compares runs."""

    error_rate: Annotated[Positive, Field(le=0.5)] = 0.05
    """Chance of calling anything changed where nothing did, over all tests of the comparison together."""
    renamed: dict[str, str] = Field(default_factory=dict)
    """Models that have another label after than before: label before to label after."""

    @property
    def confidence(self) -> Share:
        """Of each interval, by itself."""
        return 1.0 - self.error_rate


def asked_for(config: Mapping[str, Any]) -> bool:
    """Whether Snakemake's config asks for a comparison, and not for a benchmark."""
    return any(side in config for side in SIDES)


def runs_asked(config: Mapping[str, Any], side: str, written: Iterable[str] = ()) -> list[str]:
    """The runs of one side, as they were given: names or folders, separated by commas. InputError where there is none.

    `written` are the settings of the command line, as `key=value`: Snakemake takes what looks like a number for one, and
    `0715` or `20261120_1` is the name of a run.
    """
    given = config.get(side)
    if isinstance(given, int | float):
        pairs = (str(one).partition("=") for one in written)
        given = next((value for key, _, value in reversed(list(pairs)) if key == side), given)
    parts = given if isinstance(given, list) else str("" if given is None else given).split(",")
    runs = [str(part).strip() for part in parts if str(part).strip()]
    if not runs:
        raise InputError(
            f"compare: no run is named by {side!r}; expected names of finished runs or their folders,"
            f" separated by commas, such as: {_EXAMPLE}"
        )
    return runs


def settings_of(config: Mapping[str, Any], given: Mapping[str, Any]) -> Comparison:
    """The settings in Snakemake's `config`. `given` is what the command line itself gave: a key that is unknown is an InputError."""
    if unknown := sorted(set(given) - set(KEYS)):
        raise InputError(f"compare: --config {unknown[0]}=... is unknown; expected {', '.join(KEYS)}")
    values: dict[str, Any] = {}
    if (rate := config.get("error_rate")) is not None:
        values["error_rate"] = rate
    if renamed := config.get("renamed"):
        pairs = [pair.split(":") for pair in str(renamed).split(",")]
        if any(len(pair) != 2 or not all(part.strip() for part in pair) for pair in pairs):
            raise InputError(
                f"compare: --config renamed={renamed}: expected labels before and after, such as renamed=haiku-3:haiku-4"
            )
        values["renamed"] = {before.strip(): after.strip() for before, after in pairs}
    try:
        return Comparison.model_validate(values)
    except ValidationError as error:
        raise InputError(
            f"compare: --config error_rate={config['error_rate']}: expected a number above 0 and at most 0.5, such as 0.05"
        ) from error
