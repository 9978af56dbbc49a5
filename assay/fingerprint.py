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
from collections.abc import Iterator, Sequence
from pathlib import Path


class Sources:
    """The project's own code, read once: make a new one to see edits.

    `roots` are the folders that the project's modules are imported from, in order: what is found in none of them
    is an installed package and doesn't count. Packages count with their `__init__` files.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(root.resolve() for root in roots)
        self._imports: dict[Path, tuple[Path, ...]] = {}
        self._hashes: dict[Path, str] = {}
        self._named: dict[str, list[Path]] = {}

    def modules(self, script: Path) -> list[Path]:
        """The script and every module it reaches, sorted by path. Raises SyntaxError if one can't be parsed."""
        first = script.resolve()
        seen = {first}
        waiting = [first]
        while waiting:
            for found in self._imported(waiting.pop()):
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)
        return sorted(seen)

    def fingerprint(self, script: Path) -> str:
        """A hash of the sources that `modules` lists: 16 hex digits, the same wherever the project lies."""
        digest = hashlib.sha256()
        for path in self.modules(script):
            digest.update(f"{self._place(path)}\0{self._hashes[path]}\n".encode())
        return digest.hexdigest()[:16]

    def _imported(self, path: Path) -> tuple[Path, ...]:
        """The project's files that one file imports, packages on the way to them included."""
        if path not in self._imports:
            source = path.read_bytes()
            self._hashes[path] = hashlib.sha256(source).hexdigest()
            names = dict.fromkeys(_names(ast.parse(source, filename=str(path)), self._package(path)))
            for name in names:
                if name not in self._named:
                    self._named[name] = self._files(name)
            self._imports[path] = tuple(dict.fromkeys(file for name in names for file in self._named[name]))
        return self._imports[path]

    def _place(self, path: Path) -> str:
        """The path as seen from the innermost root it lies in."""
        inside = [path.relative_to(root) for root in self._roots if path.is_relative_to(root)]
        return min((place.as_posix() for place in inside), key=len, default=path.name)

    def _package(self, path: Path) -> str:
        """Dotted name of the package that a file's relative imports start from; empty for a script."""
        for root in self._roots:
            if path.is_relative_to(root):
                return ".".join(path.relative_to(root).parent.parts)
        return ""

    def _files(self, name: str) -> list[Path]:
        """Files that importing a dotted name would run: the packages on the way, and the module itself."""
        for root in self._roots:
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
                return files
        return []


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Every statement, those inside others too. Expressions, which hold none, are most of a tree: they are passed over."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, part, None)
            if isinstance(inner, list):
                waiting.extend(inner)
        if isinstance(node, ast.stmt):
            yield node


def _names(tree: ast.Module, package: str) -> Iterator[str]:
    """Dotted names that may be modules: `from a import b` gives both `a` and `a.b`."""
    for node in _statements(tree):
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
