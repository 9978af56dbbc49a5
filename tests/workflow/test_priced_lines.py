"""The stage of prices is told where requests go, and two lines of one model id cost what their tiers cost."""

import json
import re

import pandas as pd
from runs import Workflow, model


def test_the_stage_knows_region_profile_and_endpoint_of_every_model_and_judge(project: Workflow) -> None:
    project.changed()["endpoint"] = {
        "kind": "bedrock",
        "region": "eu-west-1",
        "profile": "mine",
        "url": "http://127.0.0.1:9",
    }
    printed = project.snakemake("--dry-run", "--printshellcmds", "results/tiny/prices.json")
    (text,) = re.findall(r"prices\.py --settings '(.*?)' --log", printed)
    told = json.loads(text)
    assert (told["region"], told["profile"], told["url"]) == ("eu-west-1", "mine", "http://127.0.0.1:9")
    assert told["models"] == ["sim.judge-a-v1:0", "sim.steady-v1:0", "sim.swift-v1:0"]
    assert told["overrides"].keys() == {"sim.swift-v1:0"}


def test_a_line_in_another_tier_costs_what_that_tier_costs(project: Workflow) -> None:
    benchmark = project.changed()
    benchmark["models"] = [
        model("swift"),
        {"label": "swift-priority", "id": "sim.swift-v1:0", "service_tier": "priority"},
    ]
    benchmark["load"]["concurrency"] = [1]
    tier = {"input_usd_per_million": 10.0, "output_usd_per_million": 20.0}
    benchmark["prices"]["sim.swift-v1:0"]["service_tiers"] = {"priority": tier}
    del benchmark["judges"]
    project.run("results/tiny/decision/decision.json")
    models = pd.read_parquet(project.results / "tables" / "models.parquet").set_index("model")
    cells = {
        label: pd.read_parquet(project.results / "records" / label / "c1" / "b0.parquet")
        for label in models.index
    }
    for label, times in (("swift", 1.0), ("swift-priority", 10.0)):
        tokens = cells[label]["input_tokens"].sum() + 2 * cells[label]["output_tokens"].sum()
        assert abs(models.loc[label, "cost_usd"] - times * tokens / 1e6) < 1e-12
