"""A benchmark on LongBench: which files its prompts are made of, and what reruns when one of them changes."""

import json
from typing import Any

from runs import Workflow

from assay.prompts.prompt import read_prompts

PROMPTS = "results/tiny/prompts/prompts.parquet"
SETS = ("hotpotqa", "trec")


def longbench(project: Workflow) -> dict[str, Any]:
    """The tiny benchmark on two sets from a local folder, without a template of its own."""
    rows = project.folder / "longbench"
    rows.mkdir()
    for name in SETS:
        row = {"input": "Who?", "context": f"Ada of {name} did. " * 50, "answers": ["Ada"], "length": 200}
        row |= {"dataset": name, "language": "en", "all_classes": ["Ada"], "_id": name}
        (rows / f"{name}.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    benchmark = project.changed()
    benchmark["dataset"] = {"kind": "longbench", "path": "longbench", "sets": list(SETS)}
    benchmark["buckets"] = [{"name": "large", "min": 1, "max": 2000, "n": 2}]
    return benchmark


def test_each_sets_own_prompt_is_an_input_of_bucket_and_the_published_ones_take_their_place(
    project: Workflow,
) -> None:
    benchmark = longbench(project)
    project.run(PROMPTS)
    asked = {prompt.dataset: prompt for prompt in read_prompts(project.folder / PROMPTS)}
    assert {name: one.max_tokens for name, one in asked.items()} == {"hotpotqa": 32, "trec": 64}
    assert asked["trec"].text.startswith("Each question below is followed by the type of answer")

    with (project.folder / "config/prompts/longbench/trec.txt").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert project.plan(PROMPTS) == {"bucket": 1}

    published = {"hotpotqa": "{context} Now: {input}", "trec": "{context}{input}"}
    (project.folder / "dataset2prompt.json").write_text(json.dumps(published), "utf-8")
    (project.folder / "dataset2maxlen.json").write_text(json.dumps({"hotpotqa": 5, "trec": 6}), "utf-8")
    benchmark["dataset"] |= {"prompts": "dataset2prompt.json", "maxlen": "dataset2maxlen.json"}
    benchmark["prompt"] = {"truncate_tokens": 100}
    assert project.plan(PROMPTS) == {"bucket": 1}, "no row is read again"
    project.run(PROMPTS)
    asked = {prompt.dataset: prompt for prompt in read_prompts(project.folder / PROMPTS)}
    assert {name: one.max_tokens for name, one in asked.items()} == {"hotpotqa": 5, "trec": 6}
    assert asked["hotpotqa"].text.endswith(" Now: Who?")
    assert all(one.tokens <= 100 and one.tokens_left_out > 0 for one in asked.values())
