"""Tables as plain text, for a terminal."""

import re
from collections.abc import Mapping, Sequence

_NUMBER = re.compile(r"^[<~]?[\d,.]+%?$|^$|^-$")


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows of one kind, under their names; columns of numbers stand to the right, and those that are all empty are left out."""
    names = [name for name in rows[0] if any(row[name] for row in rows)]
    lines = []
    for name in names:
        cells = [row[name] for row in rows]
        width = max(map(len, [name, *cells]))
        right = all(_NUMBER.match(cell) for cell in cells)
        lines.append([cell.rjust(width) if right else cell.ljust(width) for cell in [name, *cells]])
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*lines, strict=True))
