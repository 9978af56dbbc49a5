"""How numbers are written for people: three significant digits, thousands apart, unknown said as unknown.

Where a number comes from, and which column it stands in, is the caller's business.
"""

import math
from typing import Any

UNKNOWN = "—"
"""What stands where a figure could not be computed or was not asked for."""


def known(value: Any) -> bool:
    """Whether `value` is a number that can be shown: not None, not NaN, not pandas' NA. Infinity is known."""
    if value is None or isinstance(value, (str, bool)):
        return False
    try:
        return not math.isnan(float(value))
    except (TypeError, ValueError):
        return False


def number(value: Any, digits: int = 3) -> str:
    """`value` to `digits` significant digits, thousands apart: 0.0412, 4.12, 412, 41,200."""
    if not known(value):
        return UNKNOWN
    found = float(value)
    if math.isinf(found):
        return "∞" if found > 0 else "-∞"
    if found == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(found)))
    rounded = round(found, places)
    if rounded != 0 and math.floor(math.log10(abs(rounded))) > math.floor(math.log10(abs(found))):
        places -= 1  # 9.996 became 10.0, which is one digit longer
    return f"{rounded:,.{max(places, 0)}f}"


def count(value: Any) -> str:
    """A whole number, every digit of it, thousands apart."""
    if not known(value):
        return UNKNOWN
    return number(value) if math.isinf(float(value)) else f"{round(float(value)):,}"


def as_written(value: float) -> str:
    """A number as somebody wrote it, thousands apart: every digit of it, since what was asked for isn't rounded."""
    return f"{value:,.12g}"


def about(value: Any) -> str:
    """An estimated number to two digits, rounded up, as the decision's words have it: 31, 880, 12,000."""
    if not known(value) or math.isinf(float(value)):
        return count(value)
    whole = math.ceil(float(value))
    scale = 10 ** max(len(str(whole)) - 2, 0) if whole >= 100 else 1
    return f"{math.ceil(whole / scale) * scale:,}"


def percent(share: Any) -> str:
    """A share from 0 to 1 in per cent, to a tenth, from a thousand on without: `93.3 %`, `3,291 %`. A small share that is not zero never reads as zero."""
    if not known(share):
        return UNKNOWN
    found = float(share) * 100
    if 0 < found < 0.05:
        return "under 0.1 %"
    if 99.95 <= found < 100 - 1e-9:  # closer is a weighted mean of ones, rounded
        return "over 99.9 %"
    text = f"{found:,.0f}" if abs(found) >= 1000 else f"{found:.1f}".removesuffix(".0")
    return f"{text} %"


def dollars(value: Any) -> str:
    """US dollars to three significant digits, from ten cents on to the cent, from a thousand dollars on without: `$0.0412`, `$1.20`, `$412.00`, `$4,120`."""
    if not known(value):
        return UNKNOWN
    found = float(value)
    sign = "-" if found < 0 else ""
    small = math.isinf(found) or 0 < abs(found) < 0.1
    if small:
        return f"{sign}${number(abs(found))}"
    return f"{sign}${abs(found):,.{0 if abs(found) >= 1000 else 2}f}"


def decimal(value: Any, places: int = 2) -> str:
    """A figure with fixed decimals, such as a kappa."""
    if not known(value):
        return UNKNOWN
    text = f"{float(value):.{places}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text
