"""A typst document as PDF. A program of its own, so that whoever starts it can end one that takes too long.

Nothing is read outside of the folder that it is given, and nothing is fetched. Same document, same bytes.
"""

import importlib.util
import sys
from pathlib import Path


def typeset(source: Path, target: Path, root: Path) -> None:
    """Write the PDF of `source` to `target`; what it refers to lies below `root`. Ends the process with what typst says is wrong.

    Letters are of the fonts that come with typst and with matplotlib; fonts of the machine stand in only for characters
    that those lack.
    """
    import typst

    found = importlib.util.find_spec("matplotlib")
    fonts = (
        [Path(place, "mpl-data", "fonts", "ttf") for place in (found.submodule_search_locations or ())]
        if found
        else []
    )
    try:
        typst.compile(source, output=target, root=root, font_paths=fonts, format="pdf")
    except typst.TypstError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    typeset(*map(Path, sys.argv[1:4]))
