"""A fingerprint changes with every module that a script can reach, and with nothing else."""

from pathlib import Path

import pytest

from assay.fingerprint import Sources

SOURCES = {
    "scripts/stage.py": "import command\nfrom assay import lone\nfrom assay.room import first\n",
    "scripts/command.py": "import json\n",
    "assay/__init__.py": "",
    "assay/lone.py": "def lazy():\n    import assay.room.late\n",
    "assay/room/__init__.py": "from . import always\n",
    "assay/room/always.py": "",
    "assay/room/first.py": "from .second import thing\nfrom ..top import other\nimport pandas\n",
    "assay/room/second.py": "from assay.room import first\n",
    "assay/room/late.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from assay.typed import T\n",
    "assay/room/unused.py": "",
    "assay/typed.py": "",
    "assay/top.py": "other = 1\n",
    "assay/pandas.py": "",
}
REACHED = sorted(set(SOURCES) - {"assay/room/unused.py", "assay/pandas.py"})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def hashed(project: Path) -> str:
    return Sources([project, project / "scripts"]).fingerprint(project / "scripts" / "stage.py")


def test_every_import_is_followed(project: Path) -> None:
    found = Sources([project, project / "scripts"]).modules(project / "scripts" / "stage.py")
    assert [path.relative_to(project).as_posix() for path in found] == REACHED


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_an_edit_changes_the_fingerprint_of_what_reaches_it(project: Path, name: str) -> None:
    before = hashed(project)
    path = project / name
    path.write_text(path.read_text("utf-8") + "# edited\n", "utf-8")
    assert (hashed(project) != before) is (name in REACHED)


def test_the_fingerprint_is_that_of_the_sources_wherever_they_lie(project: Path) -> None:
    before = hashed(project)
    moved = project.rename(project.with_name("moved"))
    assert hashed(moved) == before


def test_a_module_that_takes_anothers_place_changes_the_fingerprint(project: Path) -> None:
    before = hashed(project)
    (project / "assay" / "top.py").rename(project / "assay" / "first.py")
    assert hashed(project) != before


def test_a_relative_import_from_a_packages_own_file_starts_in_the_package(project: Path) -> None:
    (project / "assay" / "room" / "always.py").write_text("from .unused import nothing\n", "utf-8")
    found = Sources([project, project / "scripts"]).modules(project / "scripts" / "stage.py")
    assert project / "assay" / "room" / "unused.py" in found
