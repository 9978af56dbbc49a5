"""A drawing of matplotlib's as a file that can stand in a page: dark colours, words for the pointer, names of its own.

- Colours are plain attributes, so that whatever knows no style sheets (print, PDF) shows the light ones; a rule for dark
  screens turns those of the palette, and no other, into their counterparts.
- Every id and the rules begin with the figure's name: several figures can stand in one page.
- A mark that was given words (`words_for`) gets them as `<title>`, which browsers show under the pointer.
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from matplotlib.artist import Artist

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_WORDS = "words:"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_LONG = re.compile(r"-?\d+\.\d{3,}")
_PLACED = ("d", "x", "y", "width", "height")


def words_for(artist: Artist, words: Sequence[str]) -> None:
    """Have the marks of `artist` say `words`, one after the other; with a single one, all of it says that."""
    artist.set_gid(_WORDS + json.dumps(list(words)))


def rewritten(drawn: str, name: str, description: str, dark: Mapping[str, str]) -> str:
    """The SVG text `drawn` by matplotlib, as this module's first lines say.

    `name` may hold letters, digits, `_` and `-`. `dark` gives colours of dark screens by those that were drawn, both as
    `#rrggbb`. Where more or fewer marks were drawn than were given words, they say nothing rather than the wrong thing.
    """
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.fromstring(drawn)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
    used: set[tuple[str, str]] = set()
    for element in root.iter():
        _as_attributes(element)
        _with_words(element)
        _named(element, name)
        for kind in ("fill", "stroke"):
            if (shade := element.get(kind, "").lower()) in dark:
                element.set(kind, shade)
                used.add((kind, shade))
    anchor = f"figure-{name}"
    root.attrib |= {
        "id": anchor,
        "class": "assay-figure",
        "role": "img",
        "aria-label": description,
        "stroke-linejoin": "round",  # what matplotlib asks of everything in the page
        "stroke-linecap": "butt",
    }
    root.attrib.pop("version", None)
    says = ElementTree.Element(f"{{{_SVG}}}desc")
    says.text = description
    style = ElementTree.Element(f"{{{_SVG}}}style")
    style.text = "@media screen and (prefers-color-scheme:dark){" + "".join(
        f'#{anchor} [{kind}="{shade}"]{{{kind}:{dark[shade]}}}' for kind, shade in sorted(used)
    ) + "}"  # fmt: skip
    root[:0] = [says, style]
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _as_attributes(element: ElementTree.Element) -> None:
    """A rule can't override what stands in `style=`; it can override an attribute. Places to the hundredth of a point are
    plenty."""
    for name in _PLACED:
        if name in element.attrib and not element.tag.endswith("}svg"):
            element.set(name, _LONG.sub(_hundredths, element.attrib[name]))
    for part in element.attrib.pop("style", "").split(";"):
        if part.strip():
            name, value = part.split(":", 1)
            element.set(name.strip(), value.strip())


def _hundredths(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


def _with_words(element: ElementTree.Element) -> None:
    identifier = element.get("id", "")
    if not identifier.startswith(_WORDS):
        return
    del element.attrib["id"]
    words = json.loads(identifier.removeprefix(_WORDS))
    marks = list(element.iter(f"{{{_SVG}}}use"))
    if len(words) > 1 and len(marks) != len(words):
        logging.warning(
            "%d marks were given words, %d were drawn: %r and on", len(words), len(marks), words[0]
        )
        return
    for mark, said in zip(marks if len(words) > 1 else [element], words, strict=True):
        title = ElementTree.Element(f"{{{_SVG}}}title")
        title.text = said
        mark.insert(0, title)


def _named(element: ElementTree.Element, name: str) -> None:
    """Ids, and references to them, with the figure's name before them."""
    attributes: dict[str, Any] = element.attrib
    for key, value in attributes.items():
        if key == "id":
            attributes[key] = f"{name}-{value}"
        elif key in ("href", f"{{{_XLINK}}}href") and value.startswith("#"):
            attributes[key] = f"#{name}-{value[1:]}"
        elif "url(#" in value:
            attributes[key] = _REFERENCE.sub(rf"url(#{name}-\1)", value)
