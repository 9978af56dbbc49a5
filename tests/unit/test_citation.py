"""CITATION.cff is what tools expect of one, and of this version."""

import tomllib
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]


def test_the_citation_has_the_keys_that_its_format_demands_and_the_projects_own_version() -> None:
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    for work in (citation, *citation["references"]):
        assert work["title"] and work["authors"] and (work is citation or work["type"])
        for author in work["authors"]:
            assert ("name" in author) != ("family-names" in author), author
    assert citation["message"] and citation["type"] == "software"
