"""What is wrong with a benchmark, in plain words: key, found, expected, and what was probably meant.

pydantic finds the faults of single values; here they are put into words. Faults between sections are found in
`assay.config.consistency`, missing files in `assay.config.files`.
"""

import difflib
import re
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from assay.settings import Expected

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. `path` leads to the key in the benchmark, `text` says found, expected and what to do."""

    path: KeyPath
    text: str


def dotted(path: KeyPath) -> str:
    """`models[1].inference.max_tokens`; list entries count from 0. A key with a dot is quoted in brackets."""
    words = ""
    for step in path:
        if isinstance(step, int):
            words += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", step):
            words += f".{step}" if words else step
        else:
            words += f"[{step!r}]"
    return words or "the benchmark"


def meant(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` if one of the known names is close to this one, else nothing."""
    by_lower = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean `{by_lower[close[0]]}`?" if close else ""


def listed(names: Iterable[object]) -> str:
    """`a, b, c`"""
    return ", ".join(str(name) for name in names)


_CREDENTIALS = re.compile(r"//[^/@\s]*@")
"""User and password in a URL: never shown."""


def shown(value: Any) -> str:
    """A value as a reader of the YAML file would say it, short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        value = _CREDENTIALS.sub("//…@", value)
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, Mapping):
        keys = [str(key) for key in value][:6]
        return f"keys ({listed(keys)}{', ...' if len(value) > 6 else ''})" if keys else "an empty {}"
    if isinstance(value, Sequence):
        return f"a list of {len(value)}" if len(value) else "an empty list"
    return str(value)


def of_validation(error: ValidationError, model: type[BaseModel], raw: Any) -> list[Problem]:
    """The faults that pydantic found when it read `raw` as `model`, in plain words."""
    problems: list[Problem] = []
    for detail in error.errors(include_url=False):
        if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
            continue  # pydantic counts the sound entries only; the others have errors of their own
        found = detail.get("ctx", {}).get("problems")
        if detail["type"] == "inconsistent" and found is not None:
            problems.extend(found)
            continue
        path, kind = _place(model, detail["loc"], raw)
        problems.append(Problem(path, _words(detail, path, kind)))
    return problems


_EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "text (put it in quotes if it looks like a number, a date, yes or no)",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "keys with values",
    "path_type": "the path of a file",
}


def _words(detail: ErrorDetails, path: KeyPath, annotation: Any) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        names = _keys_of(annotation)
        return f"found an unknown key, expected one of {listed(names)}{meant(str(path[-1]), names)}"
    if kind == "missing":
        about = _about(annotation)
        return f"found nothing, expected this key{f': {about}' if about else ''}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        choices = _choices(annotation)
        if not isinstance(value, Mapping):
            return f"found {shown(value)}, expected keys below it, with `kind`: one of {listed(choices)}"
        tag = value.get("kind")
        return f"found {shown(tag)}, expected one of {listed(choices)}{meant(str(tag), choices)}"
    if kind == "literal_error":
        names = [str(choice) for choice in _literals(annotation)] or re.findall(
            r"'([^']*)'", context["expected"]
        )
        return f"found {shown(value)}, expected one of {listed(names)}{meant(str(value), names)}"
    if kind in ("model_type", "model_attributes_type", "dataclass_type"):
        if len(choices := _choices(annotation)) > 1:
            return f"found {shown(value)}, expected keys below it, with `kind`: one of {listed(choices)}"
        return f"found {shown(value)}, expected keys below it: {listed(_keys_of(annotation))}"
    if kind in ("greater_than_equal", "greater_than", "less_than_equal", "less_than"):
        bound = next(iter(context.values()))
        words = {
            "greater_than_equal": "of at least",
            "greater_than": "above",
            "less_than_equal": "of at most",
            "less_than": "below",
        }[kind]
        return f"found {shown(value)}, expected a number {words} {bound:g}"
    if kind == "too_short":
        return f"found {shown(value)}, expected at least {context['min_length']} entry"
    if kind in ("string_pattern_mismatch", "string_too_short", "string_too_long"):
        words = _expected(annotation) or f"text of the form {context.get('pattern', detail['msg'])}"
        return f"found {shown(value)}, expected {words}"
    if kind == "string_type" and (form := _expected(annotation)):
        return f"found {shown(value)}, expected {_EXPECTED[kind]}: {form}"
    if kind == "value_error":
        return f"found {shown(value)}, {context['error']}"
    if kind == "invalid_key":
        return "found a key that is no text, expected text: put it in quotes"
    if kind.startswith("date"):
        return f"found {shown(value)}, expected a date such as 2026-11-30"
    if kind in _EXPECTED:
        return f"found {shown(value)}, expected {_EXPECTED[kind]}"
    return f"found {shown(value)}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _place(model: type[BaseModel], loc: tuple[str | int, ...], raw: Any) -> tuple[KeyPath, Any]:
    """Where in the file an error is, and the type expected there.

    pydantic's location also holds the tag of each union that it went through: those steps are no keys.
    """
    path: list[str | int] = []
    annotation: Any = model
    parent: Any = None
    here = raw
    for index, step in enumerate(loc):
        members = _members(annotation)
        tagged = {_tag(member): member for member in members} if len(members) > 1 else {}
        if step in tagged and len(tagged) == len(members):
            annotation = tagged[step]
            continue
        if step == "[key]":
            return tuple(path), _key_type(parent)
        path.append(step)
        last_unknown = index == len(loc) - 1 and isinstance(step, str)
        below = _below(annotation, step)
        if below is None and last_unknown:
            return tuple(path), annotation  # an unknown key: the model that does not have it
        parent, annotation = annotation, below
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
    is_union = len(_members(annotation)) > 1
    if is_union and isinstance(here, Mapping) and here.get("kind", annotation) not in _choices(annotation):
        path.append("kind")
    return tuple(path), annotation


def _strip(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _members(annotation: Any) -> list[Any]:
    """The alternatives of a union (without None), or the one type itself."""
    plain = _strip(annotation)
    if get_origin(plain) in (Union, types.UnionType):
        members: list[Any] = []
        for member in get_args(plain):
            # A union within the union, as in `Metric | None`: its members are alternatives too, unless it has a tag.
            nested = not _has_tag(member) and get_origin(_strip(member)) in (Union, types.UnionType)
            members += _members(member) if nested else [member]
        return [member for member in members if member is not type(None)]
    return [annotation]


def _has_tag(member: Any) -> bool:
    return get_origin(member) is Annotated and any(
        type(one).__name__ == "Tag" for one in get_args(member)[1:]
    )


def _tag(member: Any) -> str:
    if get_origin(member) is Annotated:
        for extra in get_args(member)[1:]:
            if type(extra).__name__ == "Tag":
                return str(extra.tag)
    plain = _strip(member)
    if isinstance(plain, type) and issubclass(plain, BaseModel) and "kind" in plain.model_fields:
        return str(get_args(plain.model_fields["kind"].annotation)[0])
    return repr(plain)


def _below(annotation: Any, step: str | int) -> Any:
    """The type one step down, or None if there is none."""
    for member in _members(annotation):
        plain = _strip(member)
        if isinstance(plain, type) and issubclass(plain, BaseModel):
            info = plain.model_fields.get(str(step))
            if info is not None:
                return Annotated[info.annotation, info, *info.metadata]
        elif get_origin(plain) is tuple and isinstance(step, int):
            return get_args(plain)[0]
        elif get_origin(plain) is dict:
            return get_args(plain)[1]
    return None


def _key_type(annotation: Any) -> Any:
    for member in _members(annotation):
        if get_origin(_strip(member)) is dict:
            return get_args(_strip(member))[0]
    return None


def _keys_of(annotation: Any) -> list[str]:
    return [
        name
        for member in _members(annotation)
        if isinstance(plain := _strip(member), type) and issubclass(plain, BaseModel)
        for name in plain.model_fields
    ]


def _choices(annotation: Any) -> list[str]:
    return [_tag(member) for member in _members(annotation)]


def _literals(annotation: Any) -> tuple[Any, ...]:
    for member in _members(annotation):
        if get_origin(_strip(member)) is Literal:
            return get_args(_strip(member))
    return ()


def _metadata(annotation: Any) -> list[Any]:
    extras: list[Any] = []
    for member in [annotation, *_members(annotation)]:
        while get_origin(member) is Annotated:
            inner, *more = get_args(member)
            extras.extend(more)
            member = inner
    return extras


def _expected(annotation: Any) -> str | None:
    """The words of an `Expected` in the type, if there is one."""
    return next((extra.words for extra in _metadata(annotation) if isinstance(extra, Expected)), None)


def _about(annotation: Any) -> str | None:
    """The first sentence of the field's description, or what its type expects."""
    for extra in _metadata(annotation):
        description = getattr(extra, "description", None)
        if isinstance(description, str):
            return description.split(". ")[0].split("\n")[0].rstrip(".")
    words = _expected(annotation)
    keys = _keys_of(annotation)
    return words or (f"keys {listed(keys)}" if keys else None)
