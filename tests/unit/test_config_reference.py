"""The JSON schema and the reference page say what the settings say, and the schema accepts what the checks accept."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from assay.config.benchmark import Benchmark
from assay.config.files import PROJECT
from assay.config.reference import BEGIN, END, _models, page_text, schema_text
from assay.errors import InputError

PAGE = PROJECT / "docs" / "configuration.md"
SCHEMA = PROJECT / "config" / "schema.json"
BENCHMARKS = [*(PROJECT / "config").glob("*.yaml"), *(PROJECT / "config" / "bedrock").glob("*.yaml")]


def everything_below(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        for inner in _models(field.annotation):
            if inner not in seen:
                yield from everything_below(inner, seen)


def test_schema_has_not_drifted() -> None:
    assert SCHEMA.read_text() == schema_text(), "run python scripts/reference.py"


def test_reference_page_has_not_drifted() -> None:
    page = PAGE.read_text()
    assert page == page_text(page, str(PAGE)), "run python scripts/reference.py"


def test_every_key_of_every_section_stands_in_the_page() -> None:
    page = PAGE.read_text()
    for model in everything_below(Benchmark, set()):
        for name in model.model_fields:
            assert f"| `{name}` |" in page or f"| [`{name}`](#{name}) |" in page


def test_every_key_is_explained() -> None:
    bare = [
        f"{model.__name__}.{name}"
        for model in everything_below(Benchmark, set())
        for name, field in model.model_fields.items()
        if not field.description and name != "kind"
    ]
    assert bare == []


def test_links_of_the_page_lead_somewhere() -> None:
    lines = PAGE.read_text().splitlines()
    headings = {
        "#" + "".join(c for c in line.lstrip("# ").lower().replace(" ", "-") if c.isalnum() or c in "-_")
        for line in lines
        if line.startswith("#")
    }
    for line in lines:
        for target in (part.split(")")[0] for part in line.split("](")[1:]):
            if target.startswith("#"):
                assert target in headings


def test_what_stands_outside_the_markers_is_kept() -> None:
    made = page_text(f"before\n{BEGIN}\nstale words\n{END}\nafter\n", "page")
    assert made.startswith(f"before\n{BEGIN}\n")
    assert made.endswith(f"{END}\nafter\n")
    assert "stale words" not in made
    with pytest.raises(InputError, match="page: expected the lines"):
        page_text("no markers", "page")


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_editors_accept_the_shipped_benchmarks(path: Any) -> None:
    raw = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))
    jsonschema.validate(raw, json.loads(SCHEMA.read_text()))


def test_editors_mark_a_typo() -> None:
    raw = yaml.safe_load((PROJECT / "config" / "config.yaml").read_text())
    raw["models"][0]["lable"] = "x"
    with pytest.raises(jsonschema.ValidationError, match="lable"):
        jsonschema.validate(raw, json.loads(SCHEMA.read_text()))


def test_the_recipes_of_the_page_are_valid() -> None:
    schema = {**json.loads(SCHEMA.read_text()), "required": []}
    recipes = [part.split("```")[0] for part in PAGE.read_text().split("```yaml\n")[1:]]
    assert len(recipes) >= 4
    for recipe in recipes:
        raw = json.loads(json.dumps(yaml.safe_load(recipe), default=str))
        jsonschema.validate(raw, schema)
