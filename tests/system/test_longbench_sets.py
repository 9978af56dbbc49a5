"""All of LongBench's sets from a stand-in for the hub, through fetch, bucket and invoke, to what the service was asked.

What arrived is told by the simulator's own journal.
"""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hub import ROOT, Hub, run, serving
from jobs import environment

from assay.metrics.longbench import METRIC_OF_SET, SETS_OF_LONGBENCH_E
from assay.metrics.scores import score
from assay.prompts.longbench import OUTPUT_LIMITS, WITHOUT_CHAT
from assay.prompts.prompt import Prompt, read_prompts

ARCHIVE = "/datasets/THUDM/LongBench/resolve/main/data.zip"
E_SETS = tuple(f"{name}_e" for name in SETS_OF_LONGBENCH_E)
LENGTHS = {"qasper_e": (3999, 8000)}
"""Of the two rows of a set, where it matters."""


def rows(name: str) -> list[dict[str, Any]]:
    """Two rows in the form that the set's rows have, told apart by a number."""
    base = name.removesuffix("_e")
    made = []
    for number in (1, 2):
        about = f"{name} {number}"
        row: dict[str, Any] = {
            "input": f"What is said of {about}?",
            "context": f"Passage 1:\nIt is said of {about} that it is blue.\n" * 40,
            "answers": ["blue"],
            "length": LENGTHS.get(name, (400, 400))[number - 1],
            "dataset": base,
            "language": "en",
            "all_classes": None,
            "_id": f"{name}-{number}",
        }
        match base:
            case "gov_report" | "multi_news" | "vcsum":
                row |= {"input": "", "answers": [f"{about} is blue. It was said."]}
            case "trec":
                row |= {"input": f"Question: Who is {about} ?\nType:", "all_classes": ["Person", "Place"]}
                row |= {"answers": ["Person"], "context": f"Question: Where is {about} ?\nType: Place\n" * 20}
            case "lsht":
                row |= {"input": f"新闻内容：{about}\n类别：", "all_classes": ["体育", "财经"]}
                row |= {"answers": ["体育"], "context": f"新闻内容：{about} 上涨。\n类别：财经\n" * 20}
            case "passage_count":
                row |= {"input": "", "answers": ["7"], "context": f"Paragraph 1: {about}\n\n" * 20}
            case "passage_retrieval_en":
                row |= {"input": f"A summary of {about}.", "answers": ["Paragraph 7"]}
            case "passage_retrieval_zh":
                row |= {"input": f"{about} 的摘要。", "answers": ["段落7"]}
            case "lcc":
                row |= {"input": "", "language": "python", "context": f"x = '{about}'\n" * 40}
                row |= {"answers": ["print(x)"]}
            case "repobench-p":
                row |= {"language": "java", "context": f"// {about}\n" * 40, "input": "int x = 1;\n"}
                row |= {"answers": ["print(x);"]}
        if base in ("multifieldqa_zh", "dureader", "vcsum", "lsht", "passage_retrieval_zh"):
            row["language"] = "zh"
        made.append(row)
    return made


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in (*METRIC_OF_SET, *E_SETS):
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(name))
            file.writestr(zipfile.ZipInfo(f"data/{name}.jsonl"), lines)
    return made.getvalue()


def bucketed(folder: Path, *sets: str, system: str | None = None, **settings: Any) -> list[Prompt]:
    """Fetch from the hub and draw all prompts. With a system prompt, if there is one."""
    with serving({ARCHIVE: archive()}) as hub:
        examples = fetched(folder, hub, sets)
    told = folder / "system.txt"
    if system:
        told.write_text(system + "\n", encoding="utf-8")
    prompts = [ROOT / f"config/prompts/longbench/{name}.txt" for name in METRIC_OF_SET]
    done = run(
        "bucket.py",
        folder,
        None,
        {
            "buckets": [{"name": "all", "min": 1, "max": 20_000, "n": 2 * len(sets)}],
            "tokenizer": {"kind": "tekken"},
            "seed": 1,
            "longbench": {"output_limits": True},
            **settings,
        },
        *("--examples", examples, "--templates", *prompts, *(("--system", told) if system else ())),
        *("--out-prompts", folder / "prompts.parquet", "--out-buckets", folder / "buckets.json"),
        *("--out-answer-key", folder / "key.jsonl"),
    )
    assert done.returncode == 0, done.stderr
    return read_prompts(folder / "prompts.parquet")


def fetched(folder: Path, hub: Hub, sets: tuple[str, ...]) -> Path:
    dataset = {"kind": "longbench", "sets": sets, "revision": "main"}
    outputs = ("--out-examples", folder / "examples.jsonl", "--out-source", folder / "source.json")
    done = run("fetch.py", folder, hub, {"dataset": dataset, "seed": 1}, *outputs)
    assert done.returncode == 0, done.stderr
    return folder / "examples.jsonl"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prompts of all 21 sets, asked with a system prompt."""
    made = tmp_path_factory.mktemp("longbench")
    bucketed(made, *METRIC_OF_SET, system="Reply briefly.")
    return made


def test_all_sets_are_asked_with_their_own_prompts_and_limits(folder: Path) -> None:
    prompts = read_prompts(folder / "prompts.parquet")
    assert {prompt.dataset for prompt in prompts} == set(METRIC_OF_SET)
    assert len(prompts) == 2 * len(METRIC_OF_SET)
    data = {row["_id"]: row for name in METRIC_OF_SET for row in rows(name)}
    for prompt in prompts:
        row = data[prompt.example_id]
        assert prompt.context_at is not None and prompt.context_chars is not None
        assert prompt.text[prompt.context_at :][: prompt.context_chars] == row["context"]
        assert row["input"] in prompt.text[prompt.context_at + prompt.context_chars :], "after the document"
        assert prompt.max_tokens == OUTPUT_LIMITS[prompt.dataset]
        assert prompt.chat == (prompt.dataset not in WITHOUT_CHAT)
        assert prompt.length == 400
        right = score(row["answers"][0], prompt.answers, prompt.metric, prompt.dataset, prompt.all_classes)
        assert right == pytest.approx(1)
    summary = json.loads((folder / "buckets.json").read_text(encoding="utf-8"))
    assert summary["output_limits"] == OUTPUT_LIMITS
    assert [warning.partition("(")[0] for warning in summary["warnings"]] == ["12 of 42 prompts "]


def test_the_e_sets_share_prompts_and_limits_and_keep_their_lengths(tmp_path: Path) -> None:
    prompts = bucketed(tmp_path, *E_SETS)
    assert {prompt.dataset for prompt in prompts} == set(E_SETS)
    for prompt in prompts:
        assert prompt.max_tokens == OUTPUT_LIMITS[prompt.dataset.removesuffix("_e")]
    assert sorted(prompt.length or 0 for prompt in prompts if prompt.dataset == "qasper_e") == [3999, 8000]
    examples = [json.loads(line) for line in (tmp_path / "examples.jsonl").read_text("utf-8").splitlines()]
    assert {example["length"] for example in examples} == {400, 3999, 8000}


def test_long_prompts_lose_their_middle_and_stay_within_the_limit(tmp_path: Path) -> None:
    whole = bucketed(tmp_path / "whole", "hotpotqa", "lcc", "vcsum")
    cut = bucketed(tmp_path / "cut", "hotpotqa", "lcc", "vcsum", truncate_tokens=200)
    by_id = {prompt.example_id: prompt for prompt in whole}
    for prompt in cut:
        long = by_id[prompt.example_id]
        assert prompt.tokens <= 200 < long.tokens
        assert prompt.tokens_left_out == long.tokens - prompt.tokens
        assert prompt.context_at == long.context_at
        assert prompt.text[:100] == long.text[:100] and prompt.text[-100:] == long.text[-100:]
    warnings = json.loads((tmp_path / "cut/buckets.json").read_text(encoding="utf-8"))["warnings"]
    assert warnings[0].startswith("6 of 6 prompts were longer than 200 tokens (prompt.truncate_tokens)")


def asked(
    folder: Path, out: Path, model: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Ask all prompts once: what arrived by the simulator's journal, and what the ledger says was dispatched."""
    prompts = pq.read_table(folder / "prompts.parquet").num_rows
    out.mkdir()
    behaviour = {"kind": "model", "latency": {"base_ms": 1, "tokens_per_s": 100_000}, "accuracy": 1.0}
    (out / "behaviour.yaml").write_text(json.dumps({"seed": 1, "models": {"sim.plain": behaviour}}))
    endpoint = {"kind": "simulator", "behaviour": f"{out}/behaviour.yaml", "journal": f"{out}/journal.jsonl"}
    load = {"concurrency": 4, "requests": prompts, "warmup": 0, "workers": None, "block": 0, "blocks": 1}
    settings = {
        "run": {"name": "x", "edition": 1, "seed": 1},
        "endpoint": endpoint,
        "model": {"label": "a", "id": "sim.plain", **model},
        "inference": {"max_tokens": 100, "temperature": 0.0, **model.get("inference", {})},
        "load": {**load, "timeouts": {}, "retry": {}},
    }
    done = subprocess.run(
        [
            sys.executable, f"{ROOT}/scripts/invoke.py", "--settings", json.dumps(settings),
            "--prompts", f"{folder}/prompts.parquet", "--answer-key", f"{folder}/key.jsonl",
            "--system", f"{folder}/system.txt", "--ledger", f"{out}/ledger", "--log", f"{out}/log.txt",
            "--out-records", f"{out}/records.parquet", "--out-status", f"{out}/status.json",
        ],
        capture_output=True, text=True, timeout=120, check=False, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    journal = [json.loads(line) for line in (out / "journal.jsonl").read_text().splitlines()]
    ledger = [
        json.loads(line)
        for path in (out / "ledger").glob("*.jsonl")
        for line in path.read_text().splitlines()
        if line.startswith('{"line":"dispatched"')
    ]
    return [line for line in journal if line["event"] == "ended"], ledger


@pytest.mark.parametrize("own", [None, 2048])
def test_each_request_carries_its_sets_limit_and_the_system_prompt_where_there_is_a_chat(
    folder: Path, tmp_path: Path, own: int | None
) -> None:
    by_hash = {
        hashlib.sha256(prompt.text.encode()).hexdigest(): prompt
        for prompt in read_prompts(folder / "prompts.parquet")
    }
    model = {} if own is None else {"inference": {"max_tokens": own}}
    arrived, dispatched = asked(folder, tmp_path / "out", model)
    assert {line["prompt_sha256"] for line in arrived} == set(by_hash)
    for line in arrived:
        prompt = by_hash[line["prompt_sha256"]]
        assert line["status"] == 200
        assert line["max_tokens"] == (own or OUTPUT_LIMITS[prompt.dataset]), prompt.dataset
        assert line["system"] == (prompt.dataset not in WITHOUT_CHAT), prompt.dataset
    by_id = {prompt.prompt_id: prompt for prompt in by_hash.values()}
    for sent in dispatched:
        assert sent["most"][1] == (own or by_id[sent["tags"]["prompt_id"]].max_tokens), (
            "what it can cost at most"
        )
    records = pq.read_table(tmp_path / "out/records.parquet").to_pylist()
    assert all(record["ok"] for record in records)
