"""The number that an answer states, and whether it is the reference's, within a tolerance.

Read are: thousands separators, decimals, a minus, scientific notation (1.5e3, 1.5 × 10^3, 10³), words for powers of a thousand
(3.5 million), per cent, and a few units, so that 5 km is 5000 m. Digits inside of words (GPT-4), versions (1.2.3),
dates and ranges (10-20) are no numbers.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from assay.metrics.choice import Numeric

_POWERS = {"thousand": 3, "million": 6, "bn": 9, "billion": 9, "trillion": 12}
_UNITS = {
    name: (dimension, factor)
    for dimension, units in {
        "length": {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3},
        "mass": {"mg": 1e-3, "g": 1.0, "kg": 1e3, "t": 1e6},
        "time": {
            "ms": 1e-3,
            "s": 1.0,
            "seconds": 1.0,
            "min": 60.0,
            "minutes": 60.0,
            "h": 3600.0,
            "hours": 3600.0,
        },
        "volume": {"ml": 1e-3, "l": 1.0, "L": 1.0},
    }.items()
    for name, factor in units.items()
}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Scripts that may stand close to a number: Chinese, Japanese, Korean."""
_DATE = re.compile(
    r"(?:\d{2,4}\s?[年년]\s?)?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日号號일]|\d{2,4}\s?[年년]\s?\d{1,2}\s?[月월](?!\d)"
)
_CLOSE = re.compile(rf"(?<=[{_UNSPACED}])(?=-?\d)|(?<=\d)(?=[{_UNSPACED}])")
_RAISED = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，％－−﹣", "0123456789.,%---")
_ANNOUNCED = re.compile(
    r"(?:\banswer\b(?:\s+is\b|\s*[:=]|\s+would\s+be\b)|####|\\boxed\s*\{|答案\s*(?:是|为|:|：))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Stated:
    """A number as it was written: its value, whether a per cent sign follows, and the unit behind it, if known."""

    value: float
    percent: bool
    unit: str | None


def numeric(prediction: str, answers: Sequence[str], settings: Numeric) -> float:
    """1 if the number that the prediction states is one of the answers', within the larger tolerance."""
    found = _chosen(prediction, settings)
    return float(
        found is not None and any(_equal(found, _reference(answer, settings), settings) for answer in answers)
    )


def is_number(answer: str, settings: Numeric) -> bool:
    """Whether a reference holds one number, and one only."""
    return len(stated(answer, settings.decimal_mark)) == 1


def stated(text: str, decimal_mark: str = "point") -> list[Stated]:
    """The numbers in a text, in order. Those beyond a float's range are left out."""
    text = _RAISED.sub(lambda raised: "^" + raised.group().translate(_SUPERSCRIPTS), text).translate(
        _FULL_WIDTH
    )
    text = _CLOSE.sub(" ", _DATE.sub(" ", text))
    found = []
    for part in _number(decimal_mark).finditer(text):
        number = _value(part, decimal_mark)
        if number is not None:
            unit = part["unit"] if part["unit"] in _UNITS else None
            found.append(Stated(number, part["percent"] is not None, unit))
    return found


@cache
def _number(decimal_mark: str) -> re.Pattern[str]:
    decimal, thousands = (r"\.", ",") if decimal_mark == "point" else (",", r"\.")
    separator = f"[{thousands}'’\u00a0\u2009\u202f]"
    return re.compile(
        rf"""(?<![\w^])(?<!\w[-–])(?<!\d{decimal})(?<!\d[/:])  # not inside a word, a version, a date, a range or a power
        (?P<minus>(?<![\w)])-)?
        (?P<digits>
            (?P<whole>\d{{1,3}}(?:{separator}\d{{3}})+|\d+)(?:{decimal}(?P<part>\d+))?
            | (?<![\d\w]){decimal}(?P<bare>\d+)
        )
        (?![\d])(?!{decimal}\d)(?![/:\-–]\d)
        (?:[eE](?P<exponent>[+-]?\d{{1,4}})(?!\w))?
        (?:\s*(?:[×x*·⋅]|\\times|\\cdot)\s*10\s*(?:\^|\*\*)\s*[{{(]?\s*(?P<power>[+-]?\d{{1,4}})|\^(?P<self_power>[+-]?\d{{1,3}}))?
        (?:[\ \u00a0-]?(?P<scale>thousand|million|billion|trillion|bn)\b)?
        (?:\s?(?P<percent>%|\\%|per\ ?cent\b|percent\b))?
        (?:[\ \u00a0]?(?P<unit>[A-Za-z]+)\b)?
        """,
        re.VERBOSE | re.IGNORECASE,
    )


def _value(part: "re.Match[str]", decimal_mark: str) -> float | None:
    whole = re.sub(r"\D", "", part["whole"] or "0")
    number = float(
        f"{whole}.{part['part'] or part['bare'] or '0'}e{int(part['exponent'] or 0) + int(part['power'] or 0)}"
    )
    if part["self_power"] is not None:
        try:
            number = number ** int(part["self_power"])
        except (OverflowError, ZeroDivisionError):
            return None
    number *= 10.0 ** _POWERS.get((part["scale"] or "").lower(), 0)
    return (-number if part["minus"] else number) if math.isfinite(number) else None


def _chosen(prediction: str, settings: Numeric) -> Stated | None:
    """The number behind the last announcement, if one follows; else the one that the settings take."""
    announced = list(_ANNOUNCED.finditer(prediction))
    if announced and (
        behind := stated(prediction[announced[-1].end() :].split("\n")[0], settings.decimal_mark)
    ):
        return behind[0]
    numbers = stated(prediction, settings.decimal_mark)
    if not numbers or (settings.take == "only" and len(set(numbers)) > 1):
        return None
    return numbers[0] if settings.take == "first" else numbers[-1]


def _reference(answer: str, settings: Numeric) -> Stated:
    return stated(answer, settings.decimal_mark)[0]


def _equal(found: Stated, reference: Stated, settings: Numeric) -> bool:
    if found.percent != reference.percent:
        # One of them says "12 %", the other 12 or 0.12: both are meant.
        share = 0.01 if found.percent else 100.0
        return _close(found.value, reference.value, settings) or _close(
            found.value * share, reference.value, settings
        )
    if found.unit is None or reference.unit is None:
        return _close(found.value, reference.value, settings)
    (dimension, factor), (expected, reference_factor) = _UNITS[found.unit], _UNITS[reference.unit]
    return dimension == expected and _close(
        found.value * factor / reference_factor, reference.value, settings
    )


def _close(value: float, reference: float, settings: Numeric) -> bool:
    # The last term is for arithmetic: 12.1 % is 0.121 but for its last bit. Whole numbers, which may be identifiers, are exact.
    allowed = max(settings.absolute_tolerance, settings.relative_tolerance * abs(reference))
    exact = value.is_integer() and reference.is_integer()
    return abs(value - reference) <= allowed + (0.0 if exact else 1e-12 * max(abs(value), abs(reference)))
