"""The JSON schema for editors and the reference page, both made from the settings models.

Descriptions are the docstrings in the rooms' settings. The page keeps whatever stands outside its two markers.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from assay.config.benchmark import Benchmark
from assay.errors import InputError
from assay.settings import Expected, Settings

BEGIN = "<!-- reference: begin. Made by scripts/reference.py from the settings in assay/; edit those. -->"
END = "<!-- reference: end -->"


def schema_text() -> str:
    """The JSON schema of a benchmark file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Benchmark.model_json_schema()}
    schema["title"] = "An Assay benchmark"
    return json.dumps(_untitled(schema), indent=1, ensure_ascii=False) + "\n"


def page_text(page: str, name: str) -> str:
    """The page with the reference between its markers made anew. InputError (naming `name`) without markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{name}: expected the lines {BEGIN!r} and {END!r}, around the generated part")
    return f"{before}{begin}\n\n{_Reference().text()}\n{end}{after}"


def _untitled(part: Any, *, names: bool = False) -> Any:
    """Without pydantic's titles, which repeat the key. `names`: the keys here are names of the user's."""
    if isinstance(part, dict):
        return {
            key: _untitled(value, names=key in ("properties", "$defs") and not names)
            for key, value in part.items()
            if names or key != "title" or value == "An Assay benchmark"
        }
    if isinstance(part, list):
        return [_untitled(item) for item in part]
    return part


class _Reference:
    """Writes the tables. A group of keys that occurs in several places is described at the first and linked after."""

    def __init__(self) -> None:
        self.places: dict[type[BaseModel], str] = {}
        self.lines: list[str] = []

    def text(self) -> str:
        for name, field in Benchmark.model_fields.items():
            for model in _models(field.annotation):
                self.places.setdefault(model, name)
        self._table(Benchmark, "")
        for name, field in Benchmark.model_fields.items():
            models = [model for model in _models(field.annotation) if self.places[model] == name]
            if not models:
                continue
            self.lines += [f"## {name}", ""]
            if len(models) > 1:
                self.lines += [_sentence(field.description), ""]
            for model in models:
                if len(models) > 1:
                    kind = get_args(model.model_fields["kind"].annotation)[0]
                    self.lines += [f"### {name}, kind: {kind}", ""]
                self._section(model, name)
        return "\n".join(self.lines)

    def _section(self, model: type[BaseModel], place: str) -> None:
        about = " ".join((model.__doc__ or "").split())
        self.lines += [about, ""] if about else []
        new: list[tuple[str, type[BaseModel]]] = []
        for name, field in model.model_fields.items():
            for inner in _models(field.annotation):
                if inner not in self.places:
                    often = (
                        sum(inner in _models(other.annotation) for other in model.model_fields.values()) > 1
                    )
                    several = len(_models(field.annotation)) > 1
                    self.places[inner] = f"{place}: {_name(inner)}" if often or several else f"{place}.{name}"
                    new.append((f"{place}.{name}", inner))
        self._table(model, place)
        for where, inner in new:
            self.lines += [f"### {self.places[inner]}", ""]
            self._section(inner, where)

    def _table(self, model: type[BaseModel], place: str) -> None:
        self.lines += ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
        for name, field in model.model_fields.items():
            value = _value(field)
            targets = list(dict.fromkeys(self.places[inner] for inner in _models(field.annotation)))
            links = [f"[{target}](#{_anchor(target)})" for target in targets]
            if not place:
                key = f"[`{name}`](#{_anchor(name)})" if name in targets else f"`{name}`"
                links = [link for link, target in zip(links, targets, strict=True) if target != name]
            else:
                key = f"`{name}`"
            meaning = _sentence(field.description)
            if links and not (place == "" and name in targets):
                meaning = f"{meaning} See {', '.join(links)}.".strip()
            cells = (key, value, _default(field), meaning)
            self.lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        self.lines.append("")


def _name(model: type[BaseModel]) -> str:
    """What a group of keys that has no place of its own is called: its kind, if it is of one, else its type."""
    kinds = get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()
    return str(kinds[0]) if len(kinds) == 1 else model.__name__.lower()


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-").replace(".", "").replace(",", "").replace(":", "")


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The settings models inside a type, in order."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return [annotation]
    found: list[type[BaseModel]] = []
    if get_origin(annotation) is not Literal:
        for argument in get_args(annotation):
            found.extend(model for model in _models(argument) if model not in found)
    return found


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return ""
    plain = to_jsonable_python(value, exclude_none=True)
    if isinstance(value, BaseModel) and value == type(value).model_construct():
        return "its own defaults"
    if isinstance(value, Path):
        plain = value.as_posix()
    return f"`{plain}`" if isinstance(plain, str) and plain else f"`{json.dumps(plain)}`"


def _value(field: FieldInfo) -> str:
    """The values that a key takes, in words."""
    return ", ".join(dict.fromkeys(_words(field.annotation, field.metadata)))


_NAMES = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    date: "date",
}


def _words(annotation: Any, metadata: list[Any]) -> Iterator[str]:
    extras = list(metadata)
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        extras.extend(more)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        words = [", ".join(_words(member, [])) for member in arguments if member is not type(None)]
        models = [member for member in arguments if _models(member)]
        if len(models) == len(words) and len(words) > 1:
            words = ["keys, by `kind`"]
        yield " or ".join([*words, "null"] if type(None) in arguments else words)
    elif origin is Literal:
        yield " or ".join(f"`{choice}`" for choice in arguments)
    elif origin is tuple:
        yield f"list of {_plural(', '.join(_words(arguments[0], [])))}"
    elif origin is dict:
        values = " ".join(_words(arguments[1], []))
        yield "keys with values" if arguments[1] is Any or values == "keys" else f"keys, each with a {values}"
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "keys"
    else:
        bounds = ", ".join(_bounds(extras))
        expected = next((extra.words for extra in extras if isinstance(extra, Expected)), None)
        name = expected or _NAMES.get(annotation, getattr(annotation, "__name__", str(annotation)))
        yield f"{name} ({bounds})" if bounds else name


def _plural(words: str) -> str:
    for one, many in (("whole number", "whole numbers"), ("keys", "groups of keys"), ("text", "texts")):
        if words.startswith(one):
            return many + words[len(one) :]
    return words


def _bounds(extras: list[Any]) -> Iterator[str]:
    said: dict[str, float] = {}
    for extra in extras:
        for part in [extra, *getattr(extra, "metadata", [])]:
            for name in ("ge", "gt", "le", "lt"):
                bound = getattr(part, name, None)
                if bound is not None:
                    said[name] = bound
    for name, word, tighter in (
        ("ge", "at least", "gt"),
        ("gt", "above", ""),
        ("le", "at most", "lt"),
        ("lt", "below", ""),
    ):
        if name in said and said.get(tighter) != said[name]:
            yield f"{word} {said[name]:g}"
