"""JSON lines as people really have them: with a byte order mark, blank lines, odd encodings, mistakes.

Every mistake is an error that names file and line. What a row means is left to `rows`.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from assay.errors import InputError

_WIDE = (b"\xff\xfe", b"\xfe\xff")


def read_rows(lines: Iterable[bytes], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number, from 1, and object of every line that isn't blank.

    Raises InputError for a line that is not UTF-8, not JSON, or no object.
    """
    for number, raw in enumerate(lines, start=1):
        where = f"{name}, line {number}"
        if number == 1:
            if raw.startswith(_WIDE):
                raise InputError(f"{where}: the file is UTF-16. Save it as UTF-8.")
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if not raw.strip():
            continue
        yield number, _object(raw, where)


def _object(raw: bytes, where: str) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}: byte {error.start + 1} (0x{raw[error.start]:02x}) is not UTF-8. Save the file as UTF-8."
        ) from error
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        hint = ""
        if where.endswith("line 1") and text.lstrip().startswith(("[", "{")):
            hint = " If the file is one large JSON value, write its rows out one to a line (jq -c '.[]')."
        raise InputError(
            f"{where}: expected one JSON object, found {_start(text)} ({error}).{hint}"
        ) from error
    if not isinstance(value, dict):
        hint = " Write its rows out one to a line (jq -c '.[]')." if isinstance(value, list) else ""
        raise InputError(f"{where}: expected one JSON object, found {_start(text)}.{hint}")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _start(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
