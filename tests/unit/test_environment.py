"""What the project runs on: locks that hold hashes and name no host, few packages, light imports where it counts."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from assay.fingerprint import Sources

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-build.lock", "requirements-uv.lock")
HEAVY = ("pandas", "scipy", "matplotlib", "datasets", "tiktoken", "botocore", "boto3", "snakemake")
REACHED = PROJECT / "tests" / "unit" / "reached_modules.json"
STAGES = (
    "fetch", "bucket", "prices", "estimate", "invoke", "score", "judge", "aggregate", "decide", "figures", "report", "render",
    "publish", "cloudwatch", "search", "preflight", "enough", "accuracy", "mistakes", "label_sample",
    "compare",
)  # fmt: skip


def locked(name: str) -> dict[str, str]:
    """Versions by package."""
    text = (PROJECT / name).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ \\\n]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_no_host_is_named(name: str) -> None:
    text = (PROJECT / name).read_text("utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "index" not in re.findall(r"^--?([a-z]+)", text, re.MULTILINE)


def test_running_takes_fewer_than_110_packages() -> None:
    assert len(locked("requirements.lock")) < 110


def test_the_tests_run_on_the_versions_that_users_get() -> None:
    testing = locked("requirements-test.lock")
    assert {name: testing.get(name) for name in locked("requirements.lock")} == locked("requirements.lock")


def test_the_conda_environment_is_that_of_the_lock() -> None:
    subprocess.run([sys.executable, "envs/pin.py", "--check"], cwd=PROJECT, check=True)


@pytest.mark.parametrize(
    "imported",
    [
        "assay.config.load, assay.fingerprint, assay.canonical, assay.bedrock.quota",
        "assay.comparison.runs, assay.comparison.settings",
        "assay.sender.connection, assay.sender.sender",
        "assay.ledger.ledger",
        "assay.simulator.process, assay.simulator.__main__",
    ],
)
def test_what_starts_often_imports_nothing_heavy(imported: str) -> None:
    code = f"import {imported}, sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def reached() -> dict[str, list[str]]:
    """The project's files that each stage's script can import."""
    sources = Sources([PROJECT, PROJECT / "scripts"])
    return {
        stage: [
            path.relative_to(PROJECT).as_posix()
            for path in sources.modules(PROJECT / "scripts" / f"{stage}.py")
            if path.name != "__init__.py"
        ]
        for stage in STAGES
    }


def test_each_stage_reaches_the_modules_that_it_is_known_to_reach() -> None:
    """An edited module reruns the stages that reach it, so a new import has a price: it is seen here.

    If it is meant: python tests/unit/test_environment.py
    """
    assert reached() == json.loads(REACHED.read_text("utf-8"))


def test_package_files_stay_empty() -> None:
    """What stood there would be reached by every stage that reaches the package."""
    assert [path for path in (PROJECT / "assay").rglob("__init__.py") if path.stat().st_size] == []


if __name__ == "__main__":
    REACHED.write_text(json.dumps(reached(), indent=1) + "\n", "utf-8")
