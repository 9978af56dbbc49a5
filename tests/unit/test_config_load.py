"""A benchmark file is checked as a whole, and one error says all that is wrong with it in plain words."""

import copy
import json
import re
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.config.files import PROJECT
from assay.config.load import check, load
from assay.errors import InputError
from assay.ledger.ledger import opened
from assay.schedule.settings import Load

GOOD: dict[str, Any] = {
    "run": {"name": "test"},
    "endpoint": {"kind": "simulator", "behaviour": "behaviour.yaml"},
    "dataset": {"kind": "synthetic"},
    "prompt": {"template": "template.txt"},
    "buckets": [
        {"name": "short", "min": 1, "max": 500, "n": 4},
        {"name": "long", "min": 500, "max": 1000, "n": 4},
    ],
    "models": [{"label": "one", "id": "sim.one"}, {"label": "two", "id": "sim.two"}],
    "judges": {"panel": [{"label": "judge", "id": "sim.judge"}], "prompt": "judge.txt"},
    "load": {"concurrency": [1, 4]},
    "dataset_of_interest": "short",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "behaviour.yaml").write_text(
        "models:\n  sim.one: {kind: model}\n  sim.two: {kind: model}\n  sim.judge: {kind: judge}\n"
    )
    (tmp_path / "template.txt").write_text("{context}\n{input}")
    (tmp_path / "judge.txt").write_text("{question} {references} {answer}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The good benchmark with values set at dotted paths; `...` takes a key away."""
    raw = copy.deepcopy(GOOD)
    for path, value in changes:
        *steps, last = path.split("/")
        here: Any = raw
        for step in steps:
            here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
        if value is ...:
            del here[last]
        elif isinstance(here, list):
            here[int(last)] = value
        else:
            here[last] = value
    return raw


def error_of(raw: Any) -> str:
    with pytest.raises(InputError) as caught:
        check(raw, None)
    message = str(caught.value)
    for jargon in (
        "type=",
        "pydantic",
        "http",
        "Traceback",
        "input_value",
        "union",
        "literal",
        "extra_forbidden",
    ):
        assert jargon not in message
    return message


def test_a_good_benchmark_is_read(folder: Path) -> None:
    benchmark = check(GOOD, None)
    assert benchmark.run.name == "test"
    assert benchmark.dataset_of_interest == "short"
    assert check(OrderedDict(GOOD), None) == benchmark


def test_the_default_benchmark_and_the_reference_benchmarks_are_good(tmp_path: Path) -> None:
    rows = tmp_path / "data" / "nq_multidoc.jsonl"
    rows.parent.mkdir()
    rows.write_text("{}")
    files = [*(PROJECT / "config").glob("*.yaml"), *(PROJECT / "config" / "bedrock").glob("*.yaml")]
    assert len(files) >= 5
    for file in files:
        assert load(file, folders=[tmp_path, PROJECT]).run.name


def test_every_shipped_benchmark_names_the_schema_in_its_first_line() -> None:
    for file in [*(PROJECT / "config").glob("*.yaml"), *(PROJECT / "config" / "bedrock").glob("*.yaml")]:
        first = file.read_text().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (file.parent / first.split("=")[1]).resolve() == PROJECT / "config" / "schema.json"


def test_a_model_keeps_its_own_parameters_over_the_defaults(folder: Path) -> None:
    raw = changed(("inference", {"max_tokens": 50}), ("models/0/inference", {"temperature": 0.5}))
    benchmark = check(raw, None)
    merged = benchmark.models[0].inference.over(benchmark.inference)
    assert (merged.max_tokens, merged.temperature) == (50, 0.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        # single values
        ([("models/0/inference", {"temprature": 1})], ["models[0].inference.temprature", "`temperature`"]),
        ([("modls", [])], ["modls: found an unknown key", "did you mean `models`?"]),
        ([("dataset/kind", "longbnech")], ["dataset.kind: found 'longbnech'", "did you mean `longbench`?"]),
        (
            [("dataset/kind", "longbnech")],
            ["expected one of synthetic, longbench, longbench-v2, jsonl, huggingface"],
        ),
        (
            [("dataset/kind", ...)],
            [
                "dataset.kind: found nothing, expected one of synthetic, longbench, longbench-v2, jsonl, huggingface"
            ],
        ),
        ([("dataset/kind", None)], ["dataset.kind: found nothing, expected one of synthetic"]),
        ([("dataset/kind", ["a"])], ["dataset.kind: found a list of 1, expected one of synthetic"]),
        ([("endpoint", None)], ["endpoint: found nothing, expected keys below it", "simulator, bedrock"]),
        ([("models/0", None)], ["models[0]: found nothing, expected keys below it: label, id"]),
        ([("run", {1: 2, "name": "x"})], ["run[1]: found a key that is no text"]),
        ([("prices", [1])], ["prices: found a list of 1, expected keys with values"]),
        ([("dataset", "synthetic")], ["dataset: found 'synthetic', expected keys below it"]),
        ([("dataset/tasks", ["fnd"])], ["dataset.tasks[0]: found 'fnd'", "did you mean `find`?"]),
        ([("tokenizer", {"kind": "file"})], ["tokenizer.path: found nothing, expected this key"]),
        ([("run", ...)], ["run: found nothing, expected this key"]),
        ([("run/name", "a b")], ["run.name: found 'a b', expected letters, digits"]),
        ([("run/name", 7)], ["run.name: found 7, expected text", "quotes"]),
        ([("run/edition", 0)], ["run.edition: found 0, expected a number of at least 1"]),
        ([("run/seed", "x")], ["run.seed: found 'x', expected a whole number"]),
        ([("load/requests", 1.5)], ["load.requests: found 1.5, expected a whole number"]),
        ([("load/requests", True)], ["load.requests: found true, expected a number", "yes, no, on and off"]),
        ([("load/concurrency", 4)], ["load.concurrency: found 4, expected a list"]),
        ([("load/concurrency", [])], ["load.concurrency: found an empty list, expected at least 1 entry"]),
        ([("models", None)], ["models: found nothing, expected a list"]),
        ([("models/1/stream", "maybe")], ["models[1].stream: found 'maybe', expected true or false"]),
        ([("models/1/id", "a b")], ["models[1].id: found 'a b', expected a model id"]),
        ([("decision", {"objective": "cheap"})], ["decision.objective", "did you mean `cheapest`?"]),
        ([("decision", {"confidence": 1})], ["decision.confidence: found 1, expected a number below 1"]),
        ([("limits", {"accuracy": {"min": 1, "max": 2}})], ["limits.accuracy", "either max or min"]),
        ([("limits", {"ttft_ms_p95": 4})], ["limits.ttft_ms_p95: found 4, expected keys below it: max, min"]),
        (
            [("buckets/0", {"name": "a", "min": 9, "max": 3, "n": 1})],
            ["buckets[0]", "min (9) to be below max (3)"],
        ),
        ([("publish", {"bucket": "UP"})], ["publish.bucket: found 'UP', expected the name of an S3 bucket"]),
        (
            [("endpoint", {"kind": "bedrock", "region": "mars"})],
            ["endpoint.region: found 'mars'", "us-east-1"],
        ),
        ([("endpoint", {"kind": "bedrock"})], ["endpoint.region: found nothing"]),
        (
            [("prices", {"sim.one": {"input_usd_per_million": -1, "output_usd_per_million": 0}})],
            ["at least 0"],
        ),
        # between sections
        ([("models/1/label", "ONE")], ["models[1].label: found 'ONE', which models[0] has too"]),
        ([("models/1/label", "Judge")], ["judges.panel[0].label: found 'judge', which models[1] has too"]),
        ([("buckets/1/name", "short")], ["buckets[1].name: found 'short', which buckets[0] has too"]),
        ([("buckets/1/min", 499)], ["buckets[1]: found 499 to 1000 tokens, which overlaps buckets[0]"]),
        ([("dataset_of_interest", "shrt")], ["dataset_of_interest: found 'shrt'", "did you mean `short`?"]),
        ([("dataset_of_interest", {"lng": 1})], ["dataset_of_interest.lng: found 'lng'", "`long`"]),
        (
            [("dataset_of_interest", {"long": 0})],
            ["dataset_of_interest.long: found 0, expected a number above 0"],
        ),
        ([("dataset_of_interest", {})], ["dataset_of_interest: found an empty {}"]),
        ([("dataset_of_interest", 3)], ["dataset_of_interest: found 3, expected"]),
        ([("limits", {"concurrency": 8})], ["limits.concurrency: found 8, expected one of", "1, 4"]),
        ([("load/concurrency", [1, 1])], ["load.concurrency[1]: found 1 a second time"]),
        ([("load/rates_rps", [2.5, 2.5000001])], ["load.rates_rps[1]: found 2.5 a second time"]),
        ([("load/rates_rps", [0])], ["load.rates_rps[0]: found 0"]),
        (
            [("load/ramps", [{"from_rps": 2, "to_rps": 2, "duration_s": 60}])],
            ["load.ramps[0].to_rps: found 2, which from_rps is too"],
        ),
        (
            [("load/ramps", [{"from_rps": 1, "to_rps": 9, "duration_s": n} for n in (60, 90)])],
            ["load.ramps[1]: found a ramp from 1 to 9 a second time"],
        ),
        (
            [("load/ramps", [{"from_rps": 1, "to_rps": 3, "duration_s": 5}])],
            ["load.ramps[0].duration_s: found 5, in which about 10 requests arrive"],
        ),
        (
            [("load/concurrency", []), ("load/ramps", [{"from_rps": 1, "to_rps": 9, "duration_s": 60}])],
            ["load.concurrency: found an empty list"],
        ),
        ([("load/arrivals", "bursts")], ["load.arrivals: found 'bursts'", "poisson"]),
        (
            [("load/requests", 9), ("load/duration_s", 60)],
            ["load.duration_s: found 60 beside load.requests (9)"],
        ),
        ([("limits", {"rate_rps": 3})], ["limits.rate_rps: found 3, expected one of the rates"]),
        (
            [("limits", {"rate_rps": 3, "concurrency": 1})],
            ["limits: found keys (rate_rps, concurrency), expected either concurrency or rate_rps"],
        ),
        ([("load/blocks", 50)], ["load.blocks: found 50, expected at most load.requests (40)"]),
        ([("limits", {"accuracy": {"min": 90}})], ["limits.accuracy.min: found 90, expected a share"]),
        ([("inference", {"temperature": 0})], ["models[0].inference.max_tokens: found nothing"]),
        ([("judges/inference", {"temperature": 0})], ["judges.panel[0].inference.max_tokens: found nothing"]),
        (
            [("limits", {"buckets": {"shrot": {"e2e_ms_p95": {"max": 9}}}})],
            ["limits.buckets.shrot: found 'shrot', expected the name of a bucket: short, long", "short"],
        ),
        ([("limits", {"buckets": {"long": {}}})], ["limits.buckets.long: found no limit"]),
        (
            [("limits", {"buckets": {"long": {"accuracy": {"min": 90}}}})],
            ["limits.buckets.long.accuracy.min: found 90, expected a share"],
        ),
        (
            [("models/1/stream", False), ("limits", {"buckets": {"long": {"tpot_ms_p50": {"max": 9}}}})],
            ["models[1].stream: found false, expected true: limits.buckets.long.tpot_ms_p50"],
        ),
        (
            [("models/0/stream", False), ("decision", {"latency": "ttft_ms_p90"})],
            ["models[0].stream: found false, expected true: decision.latency (ttft_ms_p90)"],
        ),
        ([("decision", {"latency": "e2e_ms_p75"})], ["decision.latency: found 'e2e_ms_p75'", "e2e_ms_p90"]),
        ([("decision", {"objective": "weighted"})], ["decision.weights: found nothing", "{cost: 2, "]),
        (
            [("decision", {"weights": {"cost": 1}})],
            [
                "decision.weights: found it with the objective cheapest, expected it with the objective weighted"
            ],
        ),
        (
            [("decision", {"margins": {"score": 0.1}})],
            ["decision.margins.score: found it with the objective cheapest"],
        ),
        (
            [("decision", {"objective": "weighted", "weights": {"cost": 0}})],
            ["decision.weights: ", "expected at least one weight above 0"],
        ),
        ([("decision", {"margins": {"accuracy": 2}})], ["decision.margins.accuracy: found 2"]),
        (
            [("decision", {"incumbent": "onne", "margins": {"cost": 0.1}})],
            ["decision.incumbent: found 'onne', expected the label of a model: one, two", "one"],
        ),
        (
            [("decision", {"incumbent": "one"})],
            ["decision.incumbent: found 'one', but no margin", "decision.margins"],
        ),
        (
            [("models/1/stream", False), ("limits", {"ttft_ms_p95": {"max": 9}})],
            ["models[1].stream: found false, expected true: limits.ttft_ms_p95"],
        ),
        (
            [("prices", {"sim.judg": {"input_usd_per_million": 1, "output_usd_per_million": 1}})],
            ["prices['sim.judg']", "no model or judge has", "did you mean `sim.judge`?"],
        ),
        (
            [
                ("endpoint", {"kind": "bedrock", "region": "eu-west-1"}),
                ("models/0/id", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x"),
            ],
            ["models[0].id: found an ARN of region us-east-1, expected one of endpoint.region (eu-west-1)"],
        ),
        (
            [("dataset", {"kind": "longbench", "sets": ["hotpotqa_e", "hotpot"]})],
            ["dataset.sets[1]: found 'hotpot'", "did you mean `hotpotqa`?"],
        ),
        ([("dataset", {"kind": "longbench", "sets": ["musique_e"]})], ["dataset.sets[0]: found 'musique_e'"]),
        # files
        ([("prompt/template", "no.txt")], ["prompt.template: found 'no.txt', where there is no file"]),
        ([("prompt/template", ".")], ["prompt.template: found '.', which is a folder"]),
        (
            [("prompt/template", "judge.txt")],
            ["prompt.template: found 'judge.txt' without {context}, {input}"],
        ),
        (
            [("judges/prompt", "template.txt")],
            ["judges.prompt", "without {question}, {references}, {answer}"],
        ),
        ([("dataset", {"kind": "jsonl", "path": "no.jsonl"})], ["dataset.path: found 'no.jsonl'"]),
        (
            [("dataset", {"kind": "jsonl", "path": "judge.txt", "metric": "qa_f2"})],
            ["dataset.metric: found 'qa_f2', expected a metric", "did you mean `qa_f1`?"],
        ),
        (
            [("dataset", {"kind": "jsonl", "path": "judge.txt", "metrics": {"a": "qa_f2"}})],
            ["dataset.metrics.a: found 'qa_f2', expected a metric", "did you mean `qa_f1`?"],
        ),
        (
            [("dataset", {"kind": "jsonl", "path": "judge.txt", "metric": {"kind": "numerical"}})],
            [
                "dataset.metric.kind: found 'numerical', expected one of exact_match",
                "did you mean `numeric`?",
            ],
        ),
        (
            [("dataset", {"kind": "jsonl", "path": "judge.txt", "metric": "regex"})],
            ["dataset.metric.pattern: found nothing, expected this key: The expression"],
        ),
        (
            [
                (
                    "dataset",
                    {
                        "kind": "jsonl",
                        "path": "judge.txt",
                        "metrics": {"a": {"kind": "numeric", "relative_tolerance": -1}},
                    },
                )
            ],
            ["dataset.metrics.a.relative_tolerance: found -1, expected a number of at least 0"],
        ),
        (
            [("dataset", {"kind": "longbench", "sets": ["lcc"], "metrics": {"lc": "qa_f1"}})],
            ["dataset.metrics.lc: found 'lc', expected a set that is read: lcc; did you mean `lcc`?"],
        ),
        (
            [("dataset", {"kind": "huggingface", "split": "test"})],
            ["dataset", "expected either `repo`, a dataset on the hub, or `path`"],
        ),
        (
            [("dataset", {"kind": "huggingface", "repo": "a/b", "streaming": True})],
            ["dataset", "expected `limit` beside `streaming`"],
        ),
        ([("dataset", {"kind": "longbench-v2", "path": "no.json"})], ["dataset.path: found 'no.json'"]),
        ([("models/0/id", "sim.won")], ["models[0].id: found 'sim.won', expected a model of behaviour.yaml"]),
        ([("endpoint/behaviour", "judge.txt")], ["endpoint.behaviour: found a file with faults"]),
        # widths
        ([("stop", {"ttft_p95": 5})], ["stop.ttft_p95: found 5", "such as 5 %"]),
        *(
            (
                [("stop", {key: width})],
                [f"stop.{key}: found '{width}', expected a half-width in {words}, below 100"],
            )
            for key, words, widths in (
                ("ttft_p95", "per cent of the value", ("5", "300 %", "100 %")),
                ("accuracy", "percentage points", ("3 %", "0 points", "300 points")),
            )
            for width in widths
        ),
    ],
)
def test_a_mistake_is_named_with_what_was_found_and_expected(
    folder: Path, changes: list[tuple[str, Any]], words: list[str]
) -> None:
    message = error_of(changed(*changes))
    for word in words:
        assert word in message
    assert "1 problem;" in message or "inference.max_tokens" in message or "tasks" in message


def test_all_mistakes_come_at_once_also_those_between_sections(folder: Path) -> None:
    message = error_of(
        changed(
            ("run/edtion", 2),
            ("models/1/label", "one"),
            ("load/blocks", 99),
            ("limits", {"concurrency": 5, "accuracy": {}}),
            ("prompt/template", "no.txt"),
        )
    )
    for word in ("run.edtion", "models[1].label", "load.blocks", "limits.accuracy", "prompt.template"):
        assert word in message
    assert "5 problems" in message


def test_a_template_without_context_fits_rows_without_context(folder: Path) -> None:
    (folder / "bare.txt").write_text("{input}")
    (folder / "rows.jsonl").write_text("{}")
    rows = {"kind": "jsonl", "path": "rows.jsonl", "columns": {"context": None}}
    check(changed(("dataset", rows), ("prompt/template", "bare.txt")), None)


def test_what_the_working_directory_lacks_is_taken_from_the_project(folder: Path) -> None:
    template = Path("config/prompts/question_answering.txt")
    benchmark = check(changed(("prompt", {"template": str(template)})), None)
    assert benchmark.prompt.template == template
    assert not (folder / template).exists()


def test_lines_are_those_of_the_file(folder: Path) -> None:
    text = yaml.safe_dump(changed(("load/requests", "x"), ("run/nmae", 1)), sort_keys=False)
    file = folder / "b.yaml"
    file.write_text("# a comment\n\n" + text)
    lines = file.read_text().splitlines()
    with pytest.raises(InputError) as caught:
        load(file)
    message = str(caught.value)
    for key in ("requests", "nmae"):
        number = next(index for index, line in enumerate(lines, 1) if line.strip().startswith(f"{key}:"))
        assert f"line {number}, " in message
    assert message.index("nmae") < message.index("load.requests")
    assert str(file) in message


def test_lines_are_found_through_anchors_and_merges(folder: Path) -> None:
    text = yaml.safe_dump(changed(("models", ...)))
    file = folder / "b.yaml"
    file.write_text(
        text + "models:\n- &base\n  label: one\n  id: sim.one\n  strem: true\n- <<: *base\n  label: two\n"
    )
    number = file.read_text().splitlines().index("  strem: true") + 1
    with pytest.raises(InputError, match=r"models\[1\].strem") as caught:
        load(file)
    assert str(caught.value).count(f"line {number}, models[") == 2


def test_a_key_that_stands_twice_is_an_error(folder: Path) -> None:
    file = folder / "b.yaml"
    text = yaml.safe_dump(GOOD) + "load:\n  concurrency: [2]\n"
    file.write_text(text)
    with pytest.raises(InputError, match="load: found the key twice, in lines") as caught:
        load(file)
    assert str(len(text.splitlines()) - 1) in str(caught.value)
    # Snakemake's own reading has taken the last one by then
    with pytest.raises(InputError, match="load: found the key twice"):
        check(yaml.safe_load(text), file)


def test_a_value_from_the_command_line_is_said_to_be_from_there(folder: Path) -> None:
    file = folder / "b.yaml"
    file.write_text(yaml.safe_dump(GOOD))
    with pytest.raises(InputError, match=r"given on the command line, run\.edition: found 0"):
        check(changed(("run/edition", 0)), file)
    with pytest.raises(InputError, match=r"given on the command line, load\.requests: found 'x'"):
        check(changed(("load/requests", "x")), [str(file)])


def test_what_is_no_number_is_found_in_its_line(folder: Path) -> None:
    file = folder / "b.yaml"
    file.write_text(yaml.safe_dump(changed(("limits", {"error_rate": {"max": float("nan")}}))))
    with pytest.raises(
        InputError, match=r"line \d+, limits\.error_rate\.max: found nan, expected a finite number"
    ):
        load(file)


def test_with_several_files_the_message_names_the_one_with_the_mistake(folder: Path) -> None:
    first, second = folder / "first.yaml", folder / "second.yaml"
    first.write_text(yaml.safe_dump(GOOD))
    second.write_text("load:\n  requests: x\n")
    with pytest.raises(InputError, match=rf"{second}, line 2, load\.requests"):
        check(changed(("load", {"requests": "x"})), [first, second])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "found nothing in it"),
        (b"# only a comment\n", "found nothing in it"),
        (b"- a\n- b\n", "found a list at the top level"),
        (b"hello", "found a single value at the top level"),
        (b"run:\n\tname: x\n", "line 2, column 1: found a tab, expected spaces"),
        (b"run: {name: x\n", "is not YAML"),
        (b"run: 'x\n", "is not YAML"),
        (b"a: 1\n---\nb: 2\n", "is not YAML"),
        (b"run: *nowhere\n", "is not YAML"),
        (b"run: \xff\n", "byte 5 is not UTF-8"),
        (b"run: \x00\n", "is not YAML"),
        (b"run: 2026-13-45\n", "put it in quotes"),
        (b"{" * 3000, "nested too deeply"),
        (b"[" * 3000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_benchmark_is_said_to_be_none(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "b.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(file)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="can't be read"):
        load(tmp_path)


def test_json_with_tabs_is_read(folder: Path) -> None:
    file = folder / "b.json"
    file.write_text(json.dumps(GOOD, indent="\t"))
    assert load(file).run.name == "test"
    file.write_text(json.dumps(changed(("run/edition", 0)), indent="\t"))
    with pytest.raises(InputError, match=r"line \d+, run\.edition"):
        load(file)


def test_checking_needs_no_heavy_module() -> None:
    code = (
        "import sys; import assay.config.load; "
        "print([m for m in ('pandas', 'numpy', 'scipy', 'matplotlib', 'datasets', 'tiktoken', 'botocore', "
        "'genai_prices', 'snakemake', 'jieba', 'asyncio') if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_two_labels_that_ask_the_same_are_refused_since_one_would_show_the_others_answers(
    folder: Path,
) -> None:
    message = error_of(changed(("models/1/id", "sim.one")))
    assert "models[1]: found 'two', which asks just what models[0] ('one') asks" in message
    check(changed(("models/1/id", "sim.one"), ("models/1/inference", {"temperature": 0.7})), None)
    check(changed(("models/1/id", "sim.one"), ("models/1/stream", False)), None)


def test_two_judges_that_ask_the_same_are_refused_since_one_reply_would_vote_twice(folder: Path) -> None:
    one = {"label": "one-judge", "id": "sim.judge"}

    def panel(**changed_in_the_other: object) -> dict[str, Any]:
        return changed(("judges/panel", [one, {**one, "label": "other-judge", **changed_in_the_other}]))

    assert (
        "judges.panel[1]: found 'other-judge', which asks just what judges.panel[0] ('one-judge') asks"
        in error_of(panel())
    )
    assert "would vote twice" in error_of(panel(output="tool")), "auto may come to the same"
    check(panel(inference={"temperature": 0.7}), None)
    check(panel(stream=False), None)
    both = [{**one, "output": "text"}, {**one, "label": "other-judge", "output": "tool"}]
    check(changed(("judges/panel", both)), None)


def test_judges_are_never_asked_warm(folder: Path) -> None:
    panel = [{"label": "j", "id": "sim.j", "cache": "warm"}]
    message = error_of({**GOOD, "judges": {"panel": panel}})
    assert "judges.panel[0].cache: found 'warm'" in message


def test_an_unknown_placeholder_of_the_judge_prompt_is_found_before_anything_runs(folder: Path) -> None:
    (folder / "judge.txt").write_text("{question} {references} {answer} {contxt}")
    message = error_of(GOOD)
    assert "judges.prompt" in message and "{contxt}" in message


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("buckets/0/n", "4", "buckets[0].n: found '4', expected a number, without quotes"),
        ("models/0/stream", "no", "models[0].stream: found 'no', expected true or false"),
        ("models/0/inference", {"additional": {"a": float("nan")}}, "found nan, expected a finite number"),
        ("models/0/inference", {"stop_sequences": [""]}, "found '', expected some text"),
        ("limits", {"accuracy": {"min": -1}}, "limits.accuracy.min: found -1"),
        ("traffic", {"buckets": {}, "rate_rps": 1}, "traffic.buckets: found an empty {}, expected a weight"),
    ],
)
def test_a_value_of_the_wrong_type_or_sign_is_refused(
    path: str, value: Any, expected: str, folder: Path
) -> None:
    assert expected in error_of(changed((path, value)))


@pytest.mark.parametrize(
    "url",
    [
        "http://user:SECRET@127.0.0.1:1",
        "http://h:99999",
        "http://h:abc",
        "http://:80",
        "http://[::1",
        "ftp://h",
        "h:80",
    ],
)
@pytest.mark.parametrize("section", ["endpoint", "publish"])
def test_a_url_that_cannot_be_used_is_refused_and_its_password_is_not_shown(
    url: str, section: str, folder: Path
) -> None:
    given = {
        "endpoint": {"kind": "bedrock", "region": "us-east-1", "url": url},
        "publish": {"bucket": "bench", "url": url},
    }
    with pytest.raises(InputError) as caught:
        check(changed((section, given[section])), None)
    assert f"{section}.url: found" in str(caught.value) and "SECRET" not in str(caught.value)


def test_numbers_given_on_the_command_line_are_numbers_and_quoted_ones_in_the_file_are_not(
    folder: Path,
) -> None:
    file = folder / "bench.yaml"
    file.write_text(yaml.safe_dump(GOOD))
    overridden = changed(("load", {"concurrency": ["4"], "requests": "8"}), ("models/0/stream", "false"))
    found = check(overridden, file)
    assert (found.load.concurrency, found.load.requests, found.models[0].stream) == ((4,), 8, False)
    quoted = changed(("buckets/0/n", "4"))
    file.write_text(yaml.safe_dump(quoted))
    with pytest.raises(InputError, match="found '4', expected a number, without quotes"):
        check(quoted, file)


def test_what_load_leaves_out_follows_from_what_it_gives() -> None:
    assert Load().concurrency == (1, 4, 16) and Load().requests == 40
    rates = Load.model_validate({"rates_rps": [2, 0.5]})
    assert (rates.concurrency, rates.requests, rates.duration_s) == ((), 40, None)
    both = Load.model_validate({"rates_rps": [2], "concurrency": [1], "duration_s": 30})
    assert (both.concurrency, both.requests, both.duration_s) == ((1,), None, 30)
    for made in (Load(), rates, both):
        assert Load.model_validate(made.model_dump(mode="json")) == made


def test_a_search_needs_a_limit_that_a_rate_can_break(folder: Path) -> None:
    assert check(GOOD, None).load.search is None
    kept = [("limits/e2e_ms_p95", {"max": 100}), ("load/search", {})]
    searching = check(changed(*kept), None).load.search
    assert searching is not None and searching.probe_s == 60
    message = error_of(changed(("limits/accuracy", {"min": 0.9}), ("load/search", {})))
    assert "load.search" in message and "limits.e2e_ms_p95" in message


def test_the_budget_of_a_search_holds_its_first_rate(folder: Path) -> None:
    asked = {"start_rps": 10, "probe_s": 30, "max_requests": 299}
    message = error_of(changed(("limits/error_rate", {"max": 0.1}), ("load/search", asked)))
    assert "load.search.max_requests" in message and "300" in message


def test_the_readmes_own_benchmark_is_a_good_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    readme = (PROJECT / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)
    (tmp_path / "my_questions.jsonl").write_text("{}\n")
    copied = yaml.safe_load((PROJECT / "config" / "bedrock" / "first_run.yaml").read_text("utf-8"))
    found = check(copied | yaml.safe_load(example), None)
    assert [model.label for model in found.models] == ["nova-lite", "nova-pro"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("results/none/ledger", "where there is no folder"),
        ("results", "no file of a ledger"),
        ("results/first", "results/first/ledger is one"),
        ("template.txt", "which is a file"),
        ("results/test/ledger", "this run's own ledger"),
        ("other", "files that are no ledger's"),
    ],
)
def test_what_is_no_other_runs_ledger_is_named(folder: Path, given: str, found: str) -> None:
    for run in ("first", "test"):
        with opened(folder / "results" / run / "ledger" / "a.jsonl") as ledger:
            ledger.write_note({"anything": 1})
    (folder / "other").mkdir()
    (folder / "other" / "questions.jsonl").write_text('{"question": "?"}\n', encoding="utf-8")
    message = error_of(changed(("reuse", [given])))
    assert "reuse" in message and given in message and found in message
    assert check(changed(("reuse", ["results/first/ledger"])), None).reuse == (Path("results/first/ledger"),)


def test_a_ledger_that_is_named_twice_is_an_error_by_whatever_path(folder: Path) -> None:
    with opened(folder / "results" / "first" / "ledger" / "a.jsonl") as ledger:
        ledger.write_note({"anything": 1})
    both = ["results/first/ledger", str(folder / "results" / "first" / "ledger")]
    assert "a second time" in error_of(changed(("reuse", both)))


def test_the_own_ledger_is_known_where_the_run_puts_it_elsewhere(folder: Path) -> None:
    with opened(folder / "shared" / "a.jsonl") as ledger:
        ledger.write_note({"anything": 1})
    assert "this run's own ledger" in error_of(changed(("run/ledger", "shared"), ("reuse", ["shared"])))
