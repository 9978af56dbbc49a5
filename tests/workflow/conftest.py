"""One finished tiny run for all tests of the workflow; each gets a copy that it may spoil."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from runs import Workflow, copied_project


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
