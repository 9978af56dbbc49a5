"""One finished tiny run for all tests of the workflow; each gets a copy that it may spoil."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from runs import Workflow, copied_project
from service import Service

from assay.simulator.process import SimulatorProcess


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A project in which the tiny benchmark was run, made once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder = shared / "finished"
    with FileLock(shared / "finished.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            Workflow(copied_project(folder)).run()
            (folder / "done").touch()
    return folder


@pytest.fixture
def finished(finished_folder: Path, tmp_path: Path) -> Workflow:
    """A copy of the finished run, times of change included."""
    folder = tmp_path / "project"
    shutil.copytree(finished_folder, folder, symlinks=True)
    return Workflow(folder)


@pytest.fixture
def project(tmp_path: Path) -> Workflow:
    """A project in which nothing was run yet."""
    return Workflow(copied_project(tmp_path / "project"))


@pytest.fixture
def service(project: Workflow, tmp_path: Path) -> Iterator[Service]:
    behaviour = project.folder / "config" / "simulator" / "default.yaml"
    journal = tmp_path / "journal.jsonl"
    with SimulatorProcess.started(behaviour=behaviour, journal=journal) as process:
        yield Service(project, process, journal)
