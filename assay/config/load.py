"""From a benchmark file to a checked `Benchmark`, or to one error that names all that is wrong with it.

Cheap to import, since the Snakefile does. Nothing is run, sent or written here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from assay.config import consistency, files
from assay.config.benchmark import Benchmark
from assay.config.problems import KeyPath, Problem, dotted, of_validation
from assay.config.yaml_file import YamlFile, read
from assay.errors import InputError


def load(path: Path, *, folders: Sequence[Path] | None = None) -> Benchmark:
    """The benchmark of one YAML file. Raises InputError; `folders` as in `check`."""
    file = read(path)
    return _checked(file.values, [file], folders)


def check(
    raw: Mapping[str, Any],
    source: str | Path | Sequence[str | Path] | None,
    *,
    folders: Sequence[Path] | None = None,
) -> Benchmark:
    """The benchmark of an already read mapping, such as Snakemake's `config` with its overrides merged in.

    `source` is the file (or the files, the last has the last word) that it was read from: it gives the lines for
    messages, and is searched for keys given twice. Files that the benchmark names are looked for in `folders`, by
    default in the working directory and then in the project's own folder.

    Raises InputError with every problem found.
    """
    given = [] if source is None else [source] if isinstance(source, str | Path) else list(source)
    sources = [read(Path(each)) for each in given]
    typed: dict[str, Any] = _typed(raw, (), sources) if sources else dict(raw)
    return _checked(typed, sources, folders)


def _typed(value: Any, path: KeyPath, sources: Sequence[YamlFile]) -> Any:
    """`value` with the types that its words have in YAML, where no file gave it.

    What stands inside `--config 'load={requests: 8}'` reaches us as text, whatever was meant.
    """
    if isinstance(value, Mapping):
        return {key: _typed(item, (*path, key), sources) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, (*path, index), sources) for index, item in enumerate(value)]
    if not isinstance(value, str) or any(source.has(path, value) for source in sources):
        return value
    try:
        meant = yaml.safe_load(value)
    except yaml.YAMLError:
        return value
    return meant if isinstance(meant, bool | int | float) else value


def _checked(raw: Mapping[str, Any], sources: list[YamlFile], folders: Sequence[Path] | None) -> Benchmark:
    found = [problem for source in sources for problem in source.duplicates]
    benchmark: Benchmark | None = None
    try:
        benchmark = Benchmark.model_validate(dict(raw))
        sections = {name: getattr(benchmark, name) for name in Benchmark.model_fields}
    except ValidationError as error:
        found.extend(of_validation(error, Benchmark, raw))
        sections = _sound(raw)
        found.extend(consistency.problems(sections))
    found.extend(files.problems(sections, folders))
    found = list(dict.fromkeys(found))
    if found or benchmark is None:
        raise InputError(_message(found, raw, sources))
    return benchmark


def _sound(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The sections that are valid by themselves, or stand at their default."""
    sections: dict[str, Any] = {}
    for name, field in Benchmark.model_fields.items():
        if name not in raw:
            if not field.is_required():
                sections[name] = field.get_default(call_default_factory=True)
            continue
        adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
        try:
            sections[name] = adapter.validate_python(raw[name])
        except ValidationError:
            continue
    return sections


def _message(found: list[Problem], raw: Mapping[str, Any], sources: list[YamlFile]) -> str:
    name = " and ".join(str(source.path) for source in sources) or "the benchmark"
    count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    placed = [(_place(problem.path, raw, sources), problem) for problem in found]
    placed.sort(key=lambda pair: pair[0][0])
    lines = [f"  {where}{dotted(problem.path)}: {problem.text}" for (_, where), problem in placed]
    return "\n".join([f"{name}: {count}; nothing was run", *lines])


def _place(path: KeyPath, raw: Mapping[str, Any], sources: list[YamlFile]) -> tuple[tuple[int, int], str]:
    """A key to sort by (file, line), and the words for the place."""
    value, known = _value(raw, path)
    for index in reversed(range(len(sources))):
        source = sources[index]
        line = source.line(path)
        if line is None or (known and not source.has(path, value)):
            continue
        file = f"{source.path}, " if len(sources) > 1 else ""
        return (index, line), f"{file}line {line}, "
    if known and sources:
        return (len(sources), 0), "given on the command line, "
    return (-1, 0), ""


def _value(raw: Any, path: KeyPath) -> tuple[Any, bool]:
    for step in path:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            return None, False
    return raw, True
