"""A benchmark file as YAML: its values, the line of each key, and keys that are written twice.

PyYAML takes the last of two equal keys without a word; here they are a problem. What the values mean is left to
the settings models.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from assay.config.problems import KeyPath, Problem
from assay.errors import InputError


@dataclass(frozen=True)
class YamlFile:
    """A parsed file. `values` is what the file says, `root` the tree that knows the lines."""

    path: Path
    values: dict[str, Any]
    root: yaml.Node | None
    duplicates: list[Problem] = field(default_factory=list)

    def line(self, key_path: KeyPath) -> int | None:
        """The line (from 1) of a key; of the innermost key above it if the file does not have it; else None."""
        node, line = self.root, None
        for step in key_path:
            found = _child(node, step)
            if found is None:
                break
            key, node = found
            line = key.start_mark.line + 1
        return line

    def has(self, key_path: KeyPath, value: Any) -> bool:
        """True if the file itself gives this value at this place (so that it was not overridden elsewhere)."""
        here: Any = self.values
        for step in key_path:
            try:
                here = here[step]
            except (KeyError, IndexError, TypeError):
                return False
        # NaN is given, though it equals nothing.
        return bool(here == value) or (here != here and value != value)


def read(path: Path) -> YamlFile:
    """Read a YAML (or JSON) file whose top level is a mapping.

    Raises InputError if it can't be read or is not YAML; keys given twice are left to the caller in `duplicates`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; expected a benchmark file in YAML") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is not UTF-8; expected a text file in UTF-8: save it so in your editor"
        ) from None
    except OSError as error:
        raise InputError(
            f"{path}: can't be read ({error.strerror}); expected a benchmark file in YAML"
        ) from None
    if path.suffix == ".json":
        text = _without_tabs(path, text)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        raise InputError(_syntax(path, error)) from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise InputError(f"{path}: is nested too deeply; expected the sections of a benchmark") from None
    except ValueError as error:  # a date such as 2026-13-45
        raise InputError(f"{path}: holds a value that YAML can't read: {error}; put it in quotes") from None
    if values is None:
        raise InputError(
            f"{path}: found nothing in it, expected the sections of a benchmark (run, endpoint, dataset, ...); "
            "config/config.yaml is a complete example"
        )
    if not isinstance(values, dict):
        kind = "a list" if isinstance(values, list) else "a single value"
        raise InputError(
            f"{path}: found {kind} at the top level, expected keys (run, endpoint, dataset, ...); "
            "config/config.yaml is a complete example"
        )
    return YamlFile(path, values, root, _duplicates(root))


def _without_tabs(path: Path, text: str) -> str:
    """JSON may be indented by tabs, which YAML can't read: the same JSON with spaces, line for line."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: line {error.lineno} is not JSON: {error.msg}") from None
    return "\n".join(line.replace("\t", "    ", len(line) - len(line.lstrip())) for line in text.split("\n"))


def _syntax(path: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "the file"
    if error.problem is not None and "'\\t'" in error.problem:
        return f"{path}: {place}: found a tab, expected spaces: YAML is indented with spaces only"
    what = ": ".join(part for part in (error.context, error.problem) if part)
    return f"{path}: {place} is not YAML: {what}. Look at the indentation, at colons and quotes there and just above"


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Node of the key (or of the list entry) and node of its value."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if not isinstance(node, yaml.MappingNode):
        return None
    merged: list[yaml.Node] = []
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            merged.extend(value.value if isinstance(value, yaml.SequenceNode) else [value])
        elif key.value == str(step):
            return key, value
    for other in merged:
        if (found := _child(other, step)) is not None:
            return found
    return None


def _duplicates(root: yaml.Node | None) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[int] = set()

    def walk(node: yaml.Node | None, path: KeyPath) -> None:
        if node is None or id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, entry in enumerate(node.value):
                walk(entry, (*path, index))
        elif isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                name = str(key.value)
                here = key.start_mark.line + 1
                if name in lines and key.tag != "tag:yaml.org,2002:merge":
                    problems.append(
                        Problem(
                            (*path, name),
                            f"found the key twice, in lines {lines[name]} and {here}; expected it once: "
                            "take one of them out",
                        )
                    )
                lines.setdefault(name, here)
                walk(value, (*path, name))

    walk(root, ())
    return problems
