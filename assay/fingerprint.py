"""Which of the project's modules a script reaches, and their hash: what makes a stage's output stale.

Snakemake sees a changed command line and changed inputs, but not an edited module. So every rule carries the
hash of its script and of all the project's code that the script can import. Nothing is imported here: the
sources are parsed, and imports inside functions count as much as those at the top, since they run sooner or
later. Installed packages are left to the lock file; files that are read at run time (templates, styles,
behaviours) are inputs of the rules, because imports don't show them. A module that is named in a string
(`python -m assay.simulator`) isn't seen either: it is a program of its own.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path


def modules(script: Path, roots: Sequence[Path]) -> list[Path]:
    """The script and every module it reaches, sorted by path.

    `roots` are the folders that the project's own modules are imported from, in order: what is found in none
    of them is an installed package and doesn't count. Packages count with their `__init__` files.
    """
    folders = tuple(root.resolve() for root in roots)
    first = script.resolve()
    seen = {first}
    waiting = [first]
    while waiting:
        for found in _imported(waiting.pop(), folders):
            if found not in seen:
                seen.add(found)
                waiting.append(found)
    return sorted(seen)


def fingerprint(script: Path, roots: Sequence[Path]) -> str:
    """A hash of the sources that `modules` lists: 16 hex digits, the same wherever the project lies."""
    digest = hashlib.sha256()
    for path in modules(script, roots):
        digest.update(f"{_place(path, roots)}\0{_content_hash(path, path.stat().st_mtime_ns)}\n".encode())
    return digest.hexdigest()[:16]


def _place(path: Path, roots: Sequence[Path]) -> str:
    """The path as seen from the root it lies in."""
    inside = [path.relative_to(root.resolve()) for root in roots if path.is_relative_to(root.resolve())]
    return min((place.as_posix() for place in inside), key=len, default=path.name)


@cache
def _content_hash(path: Path, changed_ns: int) -> str:
    """Hash of a file's bytes; the time of change is in the arguments so that an edited file is read again."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _imported(path: Path, roots: tuple[Path, ...]) -> Iterable[Path]:
    return _imported_at(path, path.stat().st_mtime_ns, roots)


@cache
def _imported_at(path: Path, changed_ns: int, roots: tuple[Path, ...]) -> tuple[Path, ...]:
    """The project's files that one file imports, packages on the way to them included."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    found: dict[Path, None] = {}
    for name in _names(tree, _package(path, roots)):
        for file in _files(name, roots):
            found[file] = None
    return tuple(found)


def _package(path: Path, roots: tuple[Path, ...]) -> str:
    """Dotted name of the package that a file's relative imports start from; empty for a script."""
    for root in roots:
        if path.is_relative_to(root):
            return ".".join(path.relative_to(root).parent.parts)
    return ""


def _names(tree: ast.AST, package: str) -> Iterator[str]:
    """Dotted names that may be modules: `from a import b` gives both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                above = parts[: len(parts) - (node.level - 1)]
                base = ".".join([*above, base] if base else above)
            yield base
            for alias in node.names:
                yield f"{base}.{alias.name}"


def _files(name: str, roots: tuple[Path, ...]) -> tuple[Path, ...]:
    """Files that importing a dotted name would run: the packages on the way, and the module itself."""
    for root in roots:
        place = root
        files: list[Path] = []
        for part in name.split("."):
            place = place / part
            if (place / "__init__.py").is_file():
                files.append(place / "__init__.py")
            elif place.with_name(f"{part}.py").is_file():
                files.append(place.with_name(f"{part}.py"))
                break
            else:
                break
        if files:
            return tuple(files)
    return ()
