"""What is in a PDF that typst wrote: the text of each sheet, alternative texts, kinds of elements, and where its links lead.

It reads what typst writes and no more: objects that are not packed, fonts that say which characters their glyphs are.
"""

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_STRING = rb"\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*\)|<[0-9A-Fa-f]*>"
"""Round brackets may stand in it in pairs."""
_TOKEN = re.compile(
    rb"/(f\d+) [\d.]+ Tf|(" + _STRING + rb")(?=\s*Tj)|\[((?:" + _STRING + rb"|[-\d.\s]+)*)\]\s*TJ", re.DOTALL
)


@dataclass(frozen=True)
class Pdf:
    sheets: tuple[str, ...]
    """Text of each sheet without its spaces: where lines break is typst's business."""
    alternatives: tuple[str, ...]
    kinds: frozenset[str]
    """Kinds of elements: P, Table, Figure and so on."""
    links: tuple[str, ...]
    """Addresses outside of the document."""

    @property
    def text(self) -> str:
        return "".join(self.sheets)


def read_pdf(path: Path) -> Pdf:
    whole = path.read_bytes()
    objects = {
        int(number): body
        for number, body in re.findall(rb"(?<=\n)(\d+) 0 obj\n(.*?)endobj", whole, re.DOTALL)
    }
    page = re.compile(rb"/Type/Page/Resources (\d+) 0 R.*/Contents (\d+) 0 R")
    pages = [found.groups() for body in objects.values() if (found := page.search(body.split(b"stream")[0]))]
    dictionaries = [body.split(b"stream")[0] for body in objects.values()]
    return Pdf(
        tuple(_text(objects, int(resources), int(contents)) for resources, contents in pages),
        tuple(
            _string(found) for body in dictionaries for found in re.findall(rb"/Alt(" + _STRING + rb")", body)
        ),
        frozenset(
            found.decode() for body in dictionaries for found in re.findall(rb"/StructElem/S/(\w+)", body)
        ),
        tuple(
            _string(found) for body in dictionaries for found in re.findall(rb"/URI(" + _STRING + rb")", body)
        ),
    )


def _stream(body: bytes) -> bytes:
    return zlib.decompressobj().decompress(body.split(b"stream\n", 1)[1])


def _text(objects: dict[int, bytes], resources: int, contents: int) -> str:
    fonts = {
        name: _characters(objects, int(number))
        for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", objects[resources])
    }
    made: list[str] = []
    characters: dict[int, str] = {}
    for token in _TOKEN.finditer(_stream(objects[contents])):
        if token[1]:
            characters = fonts[token[1]]
            continue
        for string in [token[2]] if token[2] else re.findall(_STRING, token[3], re.DOTALL):
            glyphs = _bytes(string)
            made += [characters[int.from_bytes(glyphs[at : at + 2])] for at in range(0, len(glyphs), 2)]
    return "".join("".join(made).split())


def _characters(objects: dict[int, bytes], font: int) -> dict[int, str]:
    to = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    assert to is not None
    lines = re.findall(rb"^<(\w{4})> <(\w+)>$", _stream(objects[int(to[1])]), re.MULTILINE)
    return {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in lines}


def _unescaped(text: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        mark = found[1]
        return bytes([int(mark, 8)]) if mark[:1].isdigit() else _ESCAPES.get(mark, mark)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, text, flags=re.DOTALL)


def _bytes(token: bytes) -> bytes:
    return bytes.fromhex(token[1:-1].decode()) if token.startswith(b"<") else _unescaped(token[1:-1])


def _string(token: bytes) -> str:
    raw = _bytes(token)
    return raw[2:].decode("utf-16-be") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")
