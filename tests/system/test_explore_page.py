"""What docs/explore.md shows works as it stands there, on a run's files, and gives the figures of the run's own tables."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import finished_run
import pandas as pd
import pytest
from made_run import MadeModel, make_run

from assay.records.aggregate import aggregate
from assay.records.metrics import TABLES
from assay.records.settings import Aggregation
from assay.records.writing import write_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explore.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run in `results/default`."""
    where = tmp_path_factory.mktemp("explored")
    results = where / "results" / "default"
    models = {
        "scholar": MadeModel(e2e_ms=300.0, error_rate=0.1),
        "steady": MadeModel(e2e_ms=200.0, usd_per_million=0.5),
        "swift": MadeModel(e2e_ms=100.0, accuracy=0.7, usd_per_million=0.25),
    }
    run = make_run(results, models, levels=(4, 16))
    made = aggregate(
        Aggregation.model_validate(
            {"dataset_of_interest": "long", "models": run.models, "judges": run.judges}
        ),
        **run.inputs(),
    )
    for table in ("cells", "models"):
        write_table(results / "tables" / f"{table}.parquet", TABLES[table], made[table])
    (results / "prompts").mkdir()
    run.prompts.rename(results / "prompts" / "prompts.parquet")
    prompts = pd.read_parquet(results / "prompts" / "prompts.parquet")
    prompts.assign(question="?").to_parquet(results / "prompts" / "prompts.parquet")
    (results / "decision").mkdir()
    (results / "decision" / "decision.json").write_text(json.dumps(finished_run.decision()), "utf-8")
    return where


@pytest.fixture(scope="module")
def shown(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The names that the page's blocks have made, and what each of them showed, by its code."""
    names: dict[str, Any] = {}
    found: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for code in re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            *before, last = ast.parse(code).body
            exec(compile(ast.Module(before, []), str(PAGE), "exec"), names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), str(PAGE), "eval"), names)
                found[code] = value.df() if isinstance(value, duckdb.DuckDBPyRelation) else value
            else:
                exec(compile(ast.Module([last], []), str(PAGE), "exec"), names)
        names["latency"] = names["latency"].df()
    return names, found


def one(found: dict[str, Any], words: str) -> Any:
    (value,) = [value for code, value in found.items() if words in code]
    return value


def test_every_block_shows_something_of_the_run(shown: tuple[dict[str, Any], dict[str, Any]]) -> None:
    tables = {code: value for code, value in shown[1].items() if isinstance(value, (pd.DataFrame, pd.Series))}
    empty = [code for code, value in tables.items() if not len(value) and "CREATE VIEW" not in code]
    assert len(tables) >= 12
    assert len(empty) == 1 and "verdicts" in empty[0], "the made run's judges all agree"


def test_percentiles_of_the_page_are_those_of_the_tables(
    folder: Path, shown: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    keys = ["model", "bucket", "load"]
    cells = pd.read_parquet(folder / "results" / "default" / "tables" / "cells.parquet")
    asked = shown[0]["latency"].merge(cells, on=keys, suffixes=("", "_table"))
    assert len(asked) == len(cells) == 12
    for name in ("n", "e2e_ms_p50", "e2e_ms_p95_all"):
        assert (asked[name] == asked[f"{name}_table"]).all(), name
    by_pandas = one(shown[1], "inverted_cdf")
    table = cells.set_index(keys)["e2e_ms_p95"]
    assert len(by_pandas) and (by_pandas == table.loc[by_pandas.index]).all()


def test_what_the_page_says_of_dollars_and_pairs_is_so(shown: tuple[dict[str, Any], dict[str, Any]]) -> None:
    dollars = one(shown[1], "usd_per_10k_answers").set_index("model")["usd_per_10k_answers"]
    assert dollars["steady"] / dollars["swift"] == pytest.approx(2.0, rel=0.02)
    assert re.fullmatch(
        r"steady - scholar: median -\d+ ms, slower on \d+% of 40 prompts", one(shown[1], "slower on")
    )


def test_the_lowest_load_is_the_one_with_fewest_in_flight(
    shown: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    assert set(shown[0]["lowest"]["load"]) == {"c4"}, "by number, not by name"


def test_the_page_names_no_column_or_file_that_a_run_lacks(folder: Path) -> None:
    named = set(re.findall(r"'results/default/([a-z]+)/", PAGE.read_text("utf-8")))
    assert named <= {path.name for path in (folder / "results" / "default").iterdir()}
