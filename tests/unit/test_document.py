"""The document says what the files of the run say, everything that a reader needs, and nothing that a run could inject."""

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import finished_run
import made_decision
import pandas as pd
import pytest

from assay.document import provenance, report
from assay.document.inputs import RunFiles, read
from assay.document.reported import Reported
from assay.document.sections.provenance import record
from assay.document.sections.verdict import one_line
from assay.document.settings import ReportSettings
from assay.errors import InputError
from assay.figures.catalogue import FIGURES
from assay.records.attempts import write

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATE = PROJECT / "report" / "report.qmd.j2"
MADE: dict[str, Any] = {"versions": {"assay": "0.1.0", "python": "3.11.0"}, "commit": None}


def run_files(paths: dict[str, Path], folder: Path) -> RunFiles:
    return RunFiles(
        **{
            name: paths[name]
            for name in (
                "cells",
                "models",
                "accuracy",
                "periods",
                "ramps",
                "decision",
                "prices",
                "source",
                "buckets",
                "estimate",
            )
        },
        of_accuracy=tuple(paths[name] for name in finished_run.OF_ACCURACY),
        of_requests=tuple(paths[name] for name in finished_run.OF_REQUESTS),
        statuses=(paths["status"],),
        verdict_statuses=(paths["verdict_status"],),
        figures=tuple(folder / "figures" / f"{name}.svg" for name in FIGURES),
    )


def document(
    folder: Path, benchmark: dict[str, Any] | None = None, commands: tuple[str, ...] = ("make report",)
) -> str:
    files = run_files(finished_run.write(folder), folder)
    return filled(files, folder, benchmark or finished_run.benchmark(), commands)


def filled(
    files: RunFiles, folder: Path, benchmark: dict[str, Any], commands: tuple[str, ...] = ("make report",)
) -> str:
    settings = ReportSettings.model_validate({"benchmark": benchmark, "commands": commands})
    links = report.figure_links(files.figures, folder / "report" / "report.qmd")
    return report.fill(TEMPLATE, report.context(Reported(settings, read(files), MADE), links))


def changed(paths: dict[str, Path], name: str, change: dict[str, Any]) -> None:
    found = json.loads(paths[name].read_text(encoding="utf-8"))
    paths[name].write_text(json.dumps(found | change), encoding="utf-8")


def plain(text: str) -> str:
    return text.replace("\\", "")


def test_the_verdict_stands_before_every_section(tmp_path: Path) -> None:
    text = plain(document(tmp_path))
    sentence = finished_run.decision()["sentence"]
    assert 0 < text.index(sentence) < text.index("\n# ")


ORDER = (
    "tbl-headline",
    "fig-latency-against-throughput",
    "fig-pareto",
    "fig-latency-distribution",
    "fig-accuracy-by-prompt-size",
    "fig-accuracy-by-task",
    "fig-latency-by-concurrency",
    "fig-latency-by-bucket",
    "fig-errors",
    "fig-throttles-over-time",
    "fig-judges-agreement",
    "tbl-agreement",
    "fig-cost-breakdown",
    "tbl-spending",
    "tbl-left-out",
    "tbl-provenance",
)
"""What a reader finds, from the first page to the last."""


def test_it_has_everything_in_the_order_that_a_reader_needs_it(tmp_path: Path) -> None:
    text = document(tmp_path)
    places = [text.index(f"{{#{name}") for name in ORDER]
    assert places == sorted(places)


def test_the_verdict_box_holds_choice_limits_margin_and_what_would_change_it(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    changed(paths, "decision", made_decision.details())
    benchmark = finished_run.benchmark()
    benchmark["decision"] = {"margins": {"cost": 0.05, "accuracy": 0.02}, "incumbent": "frugal"}
    text = plain(filled(run_files(paths, tmp_path), tmp_path, benchmark))
    box = " ".join(text.split('title="Verdict"')[1].split(":::")[0].split())
    assert finished_run.decision()["sentence"] in box
    assert "which is the cheapest by dollars per transaction?" in box
    assert (
        "The limits: time to first token (95th percentile) at most 2,500 ms and accuracy at least 80 %."
        in box
    )
    assert "Differences of up to 5 % in cost and 2 points in accuracy don't matter." in box
    assert "swift is not worse than frugal, in use now." in box
    assert "below 1,200 ms no model qualifies." in box
    assert "was changed after measuring had begun (@tbl-rule-changes)" in box


def test_the_decision_is_told_in_detail(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    found = finished_run.decision()
    changed(
        paths, "decision", made_decision.details() | {"models": made_decision.with_levels(found["models"])}
    )
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    for name in (
        "limits",
        "comparisons",
        "equivalence",
        "incumbent",
        "what-would-change",
        "by-bucket",
        "levels",
        "rule-changes",
        "pareto",
    ):
        assert text.count(f"{{#tbl-{name}}}") == 1, name
    assert "difference in cost per 10,000 transactions" in text
    assert "| limits.accuracy.min | 0.75 | 0.8 |" in text
    assert "9a" * 32 in text.split("#tbl-provenance")[1], (
        "the rule's hash stands with where the report is from"
    )
    assert "as good as swift, within the margin" in text.split("#tbl-headline")[1].split(":::\n\n")[0]


def test_a_choice_over_traffic_names_its_mix(tmp_path: Path) -> None:
    benchmark = finished_run.benchmark()
    benchmark["traffic"] = {"buckets": {"0-1000": 3, "3000-4000": 1}, "transactions_per_month": 1000}
    text = plain(document(tmp_path, benchmark))
    assert "over traffic of buckets 0-1000 (75 %) and 3000-4000 (25 %)?" in text
    headline = text.split("#tbl-headline")[1].split("# The decision in detail")[0]
    assert "Models are compared over the traffic's mix of buckets" in headline
    assert "All comparisons are over the traffic's mix of buckets" in text
    assert "Cost, latency and accuracy of each model over the traffic's mix of buckets, two at a time" in text
    benchmark["traffic"]["buckets"] = None
    text = plain(document(tmp_path, benchmark))
    assert "over traffic" not in text and "over the traffic" not in text
    assert "Cost, latency and accuracy of each model on the dataset of interest" in text
    assert "of the same mix as the dataset of interest." in text


def test_a_mix_of_many_buckets_is_told_once_in_the_order_of_the_benchmark(tmp_path: Path) -> None:
    names = [bucket["name"] for bucket in finished_run.buckets()]
    shares = {"dataset_of_interest": dict.fromkeys(sorted(names, reverse=True), 1)}
    text = plain(document(tmp_path, finished_run.benchmark() | shares))
    words = f"{names[0]} (25 %), {names[1]} (25 %), {names[2]} (25 %) and {names[3]} (25 %)"
    assert text.count(words) == 1 and words in text.split("#tbl-headline")[0]
    assert "Each model on the dataset of interest (a mix of 4 buckets)" in text


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ({"objective": "cheapest_success"}, "the cheapest by dollars per correct answer"),
        (
            {"objective": "fastest", "latency": "ttft_ms_p90"},
            "the fastest by time to first token (90th percentile)",
        ),
        ({"objective": "most_accurate"}, "the most accurate"),
        (
            {"objective": "weighted", "weights": {"cost": 3, "latency": 1}},
            "the best by weights of cost per transaction (75 %) and median end-to-end time (25 %)",
        ),
    ],
)
def test_the_question_is_told_by_its_objective(decision: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert f"which is {said}?" in plain(document(tmp_path, finished_run.benchmark() | {"decision": decision}))


def test_what_was_left_out_is_counted_with_the_reason(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    cells = finished_run.cells()
    cells["n_left_out"] = 0
    cells.loc[0, "n_left_out"] = 40
    cells.loc[1, "status"] = "invalid"
    cells.to_parquet(paths["cells"])
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    table = section(text, "What was left out, and why")
    failed = int(cells["n"].sum() - cells["n_ok"].sum())
    assert f"| requests that failed | {failed:,} | they have no latency |" in table
    assert f"| requests of blocks that the client itself had distorted | {40 + cells.loc[1, 'n']} |" in table
    assert "| verdicts that could not be read or had | 2 | 2 unreadable, 0 not to be had |" in table
    assert "There were no answers that were not judged or models that were not evaluated." in table


def test_what_a_run_cost_is_told_part_by_part_with_preflight(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    called = {"role": "model", "label": "swift", "input_tokens": 28_000, "output_tokens": 9_000}
    (tmp_path / "preflight.json").write_text(json.dumps({"lines": [called]}), encoding="utf-8")
    files = dataclasses.replace(run_files(paths, tmp_path), preflight=tmp_path / "preflight.json")
    told = section(plain(filled(files, tmp_path, finished_run.benchmark())), "What the run cost")
    assert "(preflight) cost $0.0512 beyond that" in told  # 28,000 at 0.80 and 9,000 at 3.20 per million
    header, _, first, *_, last = [
        line for line in told.split("#tbl-spending")[1].splitlines() if "|" in line
    ][:6]
    names = [cell.strip() for cell in header.strip("|").split("|")]
    cells = dict(zip(names, (cell.strip() for cell in first.strip("|").split("|")), strict=True))
    assert cells["model"] == "swift" and cells["warm-up (USD)"] == "$0.0420"
    assert cells["preflight (USD)"] == "$0.0512" and "cache reads (USD)" not in names
    assert last.startswith("| all |")
    parts = plain(filled(files, tmp_path, finished_run.benchmark())).split("#tbl-cost-parts")[1]
    assert "| swift | $2.94 | $1.26 | $0.0840 | $4.28 |" in parts


def test_it_shows_every_figure_once_with_its_alternative_text(tmp_path: Path) -> None:
    text = document(tmp_path)
    for name in FIGURES:
        assert text.count(f"(../figures/{name}){{#fig-{name.replace('_', '-')} fig-alt=") == 1
        assert f"@fig-{name.replace('_', '-')}" in text


def test_it_says_how_to_recreate_it(tmp_path: Path) -> None:
    text = plain(document(tmp_path, commands=("make report CONFIG=example.yaml",)))
    for needed in (
        "make report CONFIG=example.yaml",
        "ab" * 32,
        "ef" * 32,
        "seed (7)",
        "0.1.0",
        "2026-11-01",
        "python",
    ):
        assert needed in text


def test_a_simulated_run_says_so_first_and_a_real_one_does_not(tmp_path: Path) -> None:
    assert "No request of this run went to Amazon Bedrock" in document(tmp_path).split("Verdict")[0]
    real = finished_run.benchmark() | {"endpoint": {"kind": "bedrock", "region": "eu-west-1"}}
    text = document(tmp_path, real)
    assert "imulat" not in text.split("## Words")[0]
    assert "region eu\\-west\\-1" in text


def test_what_is_incomplete_is_listed_with_its_reason(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    cells = finished_run.cells()
    cells.loc[3, ["status", "reason"]] = ["capped", "the budget of $5 was spent"]
    cells.to_parquet(paths["cells"])
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    assert "the budget of $5 was spent" in text
    assert "Every cell is complete" not in text


def test_an_unknown_price_makes_the_cost_unknown(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    models = finished_run.models_table()
    models.loc[1, ["cost_usd", "cost_usd_per_10k_transactions"]] = None
    models.to_parquet(paths["models"])
    text = filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark())
    assert "The cost of the whole run is unknown" in text


def test_a_missing_price_is_named_and_nothing_is_said_to_qualify_for_it(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    unknown = {"qualifies": "not_evaluated", "reason": "its cost is unknown", "limits": []}
    changed(paths, "decision", {"models": [{"model": name, **unknown} for name in finished_run.MODELS[:3]]})
    changed(paths, "prices", {"prices": {}})
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark() | {"limits": {}}))
    assert "every model that was measured qualifies" not in text
    assert "- steady: its cost is unknown." in text
    assert "The price of swift, steady and frugal is missing" in text and "under `prices:`" in text
    assert "The price of" not in plain(document(tmp_path / "priced"))


def prices_part(text: str) -> str:
    return text.split("#tbl-prices")[1].split("\n# ")[0]


def test_the_table_of_prices_shows_what_each_line_was_priced_at(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    price = {
        "input_usd_per_million": 0.8,
        "output_usd_per_million": 3.2,
        "cache_read_usd_per_million": 0.2,
        "service_tiers": {"priority": {"input_usd_per_million": 1.4, "output_usd_per_million": 5.6}},
        "thresholds": [{"above_input_tokens": 100000, "input_usd_per_million": 1.6}],
        "source": "AWS Price List, AmazonBedrock, us-east-1, published 2026-11-05",
        "dated": "2026-10-01",
        "notes": ["AWS prices calls through the us. profile as those of us-east-1"],
    }
    owned = {"usd_per_hour": 20.0, "model_units": 2, "source": "the benchmark file"}
    names = [f"vendor.{name}-v1:0" for name in finished_run.MODELS[:3]]
    known = dict(zip(names, (price, price, owned), strict=True))
    changed(paths, "prices", {"taken": "2026-11-21", "prices": known})
    models = finished_run.models_table()
    models["priced_by"] = ["tokens", "tokens", "hour"]
    models.loc[2, ["cost_usd"]] = None
    models.to_parquet(paths["models"])
    benchmark = finished_run.benchmark()
    benchmark["models"][0]["cache"] = "warm"
    benchmark["models"][1]["service_tier"] = "priority"
    text = plain(filled(run_files(paths, tmp_path), tmp_path, benchmark))
    swift, steady, frugal, alpha, _ = [
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for line in prices_part(text).splitlines()
        if line.startswith("| ") and "USD" not in line and ":---" not in line
    ]
    assert swift[0] == "swift" and steady[0] == "steady"
    source = ["AWS Price List, AmazonBedrock, us-east-1, published 2026-11-05", "2026-10-01"]
    long = "above 100,000 tokens $1.60 and unknown"
    assert swift[2:] == ["default", "$0.80", "$3.20", "$0.20", "unknown", long, "—", *source]
    unsaid = "above 100,000 tokens unknown and unknown"
    assert steady[2:] == ["priority tier", "$1.40", "$5.60", "unknown", "unknown", unsaid, "—", *source]
    assert frugal[3:9] == [*["by the hour"] * 4, "the same", "2 x $20.00"]
    assert alpha[2:5] == ["default", "unknown", "unknown"], "a judge stands there too"
    assert "- swift, steady: AWS prices calls through the us. profile as those of us-east-1." in text
    assert "frugal is paid by the hour (provisioned throughput)" in text
    assert "for asking the models" in text, "what the others cost is known"
    assert "The price of frugal" not in text


def test_a_line_whose_tier_has_no_price_is_named_with_it(tmp_path: Path) -> None:
    benchmark = finished_run.benchmark()
    benchmark["models"][1]["service_tier"] = "flex"
    assert "The price of steady (flex tier) is missing" in plain(document(tmp_path, benchmark))


def test_a_model_that_answered_nothing_has_no_unknown_price(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    models = finished_run.models_table()
    models.loc[1, ["n_ok", "cost_usd_per_10k_transactions"]] = [0, None]
    models.to_parquet(paths["models"])
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    headline = text.split("#tbl-headline")[1].split(":::\n\n")[0]
    assert "| nothing answered |" in headline and "| unknown |" not in headline


def test_a_limit_without_a_figure_says_why(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    found = finished_run.decision()
    found["models"][0]["limits"][0] |= {
        "value": None,
        "state": "not_evaluated",
        "why": "no answer was long enough",
    }
    changed(paths, "decision", found)
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    assert "unknown: no answer was long enough" in text.split("#tbl-limits")[1].split("model by model")[0]


def test_without_judges_it_speaks_of_none(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    finished_run.judges_table().iloc[:0].to_parquet(paths["judges"])
    files = run_files(paths, tmp_path)
    benchmark = finished_run.benchmark() | {"judges": None}
    text = filled(files, tmp_path, benchmark)
    assert "No judges were asked" in text and "tbl-judges" not in text
    assert "are models too" not in text
    assert "are models too" in document(tmp_path / "judged")


def test_without_judges_no_answer_is_called_correct(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    for name in ("models", "accuracy"):
        pd.read_parquet(paths[name]).assign(accuracy_by="qa_f1").to_parquet(paths[name])
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark() | {"judges": None}))
    assert "the score by the dataset's own metric (qa_f1) stands in the place of accuracy" in text
    assert "By the dataset's own metric (qa_f1), swift scores 95 %" in text
    assert "| score (qa_f1) |" in text and "score (qa_f1), of answered" in text
    assert "correct of answered" not in text and "prompts correctly" not in text


def test_a_mean_of_ratings_is_a_score_and_no_share_of_right_answers(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    for name in ("models", "accuracy"):
        pd.read_parquet(paths[name]).assign(accuracy_by="ratings").to_parquet(paths[name])
    benchmark = finished_run.benchmark()
    text = plain(
        filled(
            run_files(paths, tmp_path),
            tmp_path,
            benchmark | {"judges": benchmark["judges"] | {"verdict": "scale"}},
        )
    )
    assert "rated it from 1 to 5" in text and "majority decides" not in text
    assert "By the judges' ratings, swift scores 95 %" in text
    assert "score (ratings), of answered" in text and "score of answered" in text
    assert "The score by the judges' ratings by set" in text
    assert "correct of answered" not in text and "prompts correctly" not in text
    assert "own metric (ratings)" not in text


def test_one_judge_has_no_majority(tmp_path: Path) -> None:
    benchmark = finished_run.benchmark()
    one = benchmark | {"judges": benchmark["judges"] | {"panel": benchmark["judges"]["panel"][:1]}}
    text = plain(filled(run_files(finished_run.write(tmp_path), tmp_path), tmp_path, one))
    assert "put to 1 judge" in text
    assert "majority decides" not in text and "judges disagree on or have" not in text


@pytest.mark.parametrize("answer", ["winner", "undecided", "equivalent", "none_qualifies", "not_evaluated"])
def test_every_answer_makes_a_report(answer: str, tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    sentence = f"This is the sentence of {answer}."
    changed(paths, "decision", {"answer": answer, "sentence": sentence, "comparisons": [], "model": None})
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    assert sentence in text and "tbl-comparisons" not in text


def test_the_system_prompts_hash_stands_beside_the_templates(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    assert "System prompt" not in filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark())
    changed(paths, "buckets", {"system_sha256": "5e" * 32})
    benchmark = finished_run.benchmark() | {"prompt": {"system": "system.txt"}}
    text = plain(filled(run_files(paths, tmp_path), tmp_path, benchmark))
    assert f"System prompt: system.txt (SHA-256 {'5e' * 32})" in text


@pytest.mark.parametrize(
    ("prompt", "dataset", "said"),
    [
        ({}, {}, "Prompt template: config/prompts/question_answering.txt (SHA-256"),
        ({"template": "mine.txt"}, {}, "Prompt template: mine.txt (SHA-256"),
        (
            {},
            {"kind": "longbench", "sets": ["trec", "lcc"]},
            "Prompt template: config/prompts/longbench/trec.txt, and one for each further set (SHA-256",
        ),
        (
            {},
            {"kind": "longbench", "prompts": "/home/jane/dataset2prompt.json"},
            "Prompt template: LongBench's published prompts, dataset2prompt.json (SHA-256",
        ),
    ],
)
def test_the_report_names_the_prompts_that_were_asked_and_their_output_limits(
    tmp_path: Path, prompt: dict[str, Any], dataset: dict[str, Any], said: str
) -> None:
    paths = finished_run.write(tmp_path)
    limits = {"trec": 64, "lcc": 64, "vcsum": 512} if dataset else {}
    changed(paths, "buckets", {"output_limits": limits})
    made = finished_run.benchmark()
    benchmark = made | {"prompt": prompt} | ({"dataset": dataset} if dataset else {})
    text = plain(filled(run_files(paths, tmp_path), tmp_path, benchmark))
    assert said in text
    assert ("Output tokens: each set of LongBench has a limit of its own, from 64 to 512" in text) == bool(
        dataset
    )


def test_profiles_and_passwords_stay_out(tmp_path: Path) -> None:
    benchmark = finished_run.benchmark() | {
        "endpoint": {"kind": "bedrock", "region": "eu-west-1", "profile": "jane-doe"},
        "publish": {"url": "https://s3.example.com", "bucket": "reports", "profile": "jane-doe"},
    }
    text = plain(
        document(tmp_path, benchmark, ("make report PROXY=https://jane:s3cr@t@proxy.example.com/x",))
    )
    assert "jane" not in text and "s3cr" not in text
    assert "https://proxy.example.com/x" in text
    assert "https://s3.example.com" in text


def test_who_asked_is_left_out_of_what_the_service_said_of_a_judge(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    judge = finished_run.benchmark()["judges"]["panel"][0]["label"]
    said = "User: arn:aws:sts::…:assumed-role/Dev/jane is not authorized"
    changed(paths, "verdict_status", {"judge": judge, "working": False, "not_working": said})
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    assert "is not authorized" in text and "jane" not in text


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("https://jane:pa@ss@host.example:8443/path@x", "https://host.example:8443/path@x"),
        ("see http://jane@host/ and http://bob:1@host/", "see http://host/ and http://host/"),
        ("https://host/a?mail=jane@example.com", "https://host/a?mail=jane@example.com"),
    ],
)
def test_a_login_is_taken_out_of_a_url_and_nothing_else(given: str, left: str) -> None:
    assert provenance.without_private_parts(given) == left
    assert provenance.public_settings({"endpoint": {"url": given}})["endpoint"]["url"] == left


def test_account_ids_and_folders_stay_out(tmp_path: Path) -> None:
    benchmark = copy.deepcopy(finished_run.benchmark())
    benchmark["models"][0]["id"] = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    benchmark["dataset"] = {"kind": "jsonl", "path": "/home/someone/private/rows.jsonl"}
    benchmark["prices"] = {benchmark["models"][0]["id"]: {"usd_per_hour": 20}}
    text = document(tmp_path, benchmark)
    assert "123456789012" not in text and "someone" not in text
    assert "arn:aws:bedrock:us-east-1:…:application-inference-profile/abc:" in text, "as the key of its price"
    assert "rows.jsonl" in text and "application-inference-profile/abc" in text


def test_its_provenance_names_no_account_profile_or_folder(tmp_path: Path) -> None:
    benchmark = finished_run.benchmark() | {
        "endpoint": {"kind": "bedrock", "region": "eu-west-1", "profile": "jane-doe"},
        "dataset": {"kind": "jsonl", "path": "/home/jane/rows.jsonl"},
    }
    arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc"
    benchmark["models"] = [{"label": "swift", "id": arn}]
    settings = ReportSettings.model_validate(
        {"benchmark": benchmark, "commands": ["make report CONFIG=x.yaml"]}
    )
    run = Reported(settings, read(run_files(finished_run.write(tmp_path), tmp_path)), MADE)
    told = record(run)
    text = json.dumps(told, allow_nan=False)
    assert "123456789012" not in text and "jane" not in text
    assert told["simulated"] is False and told["endpoint"]["region"] == "eu-west-1"
    assert told["prices"]["lines"][0]["model_id"].endswith("application-inference-profile/abc")
    assert told["prices"]["lines"][0]["input_usd_per_million"] is None, "an unknown price is null"
    assert told["code"] == {"version": "0.1.0", "commit": None, "changed": None}


def test_reordered_settings_have_the_same_hash() -> None:
    assert provenance.settings_hash({"a": 1, "b": 2}) == provenance.settings_hash({"b": 2, "a": 1})
    assert provenance.settings_hash({"a": 1}) != provenance.settings_hash({"a": 2})


def test_a_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    assert provenance.commit(tmp_path / "nowhere") is None


def test_the_verdict_is_one_line() -> None:
    assert one_line({"sentence": "Use\nswift \t now."}) == "Use swift now."


def test_a_missing_figure_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="accuracy_by_model"):
        report.figure_links([tmp_path / "errors.svg"], tmp_path / "report.qmd")


def test_a_template_that_asks_for_what_there_is_not_is_named(tmp_path: Path) -> None:
    template = tmp_path / "mine.qmd.j2"
    template.write_text("{{ nonesuch }}", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.qmd\.j2.*nonesuch"):
        report.fill(template, {})


def test_what_a_run_cost_is_said_to_be_a_lower_bound_where_it_is(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    told = section(
        plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark())), "What the run cost"
    )
    assert "at least" not in told and "The run cost $0.31" in told
    table = pd.read_parquet(paths["models"])
    table.assign(requests_cost_unknown=[7, 0, 0], judge_requests_cost_unknown=[0, 2, 0]).to_parquet(
        paths["models"]
    )
    judges = pd.read_parquet(paths["judges"])
    judges.assign(requests_cost_unknown=[2, 0, 2]).to_parquet(paths["judges"])
    told = section(
        plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark())), "What the run cost"
    )
    assert "The run cost at least $0.31" in told
    assert "at least $0.30 for asking the models and at least $0.00800 for judging" in told
    assert "Of 9 requests it isn't known what they cost" in told
    assert "at least $0.05" in told.split("tbl-spending")[1]


def test_a_cell_that_did_not_hold_its_load_is_named(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    assert "did not hold" not in section(text, "What was left out, and why")
    cells = pd.read_parquet(paths["cells"])
    cells.loc[2, "in_flight_mean"] = 14.2
    cells.to_parquet(paths["cells"])
    assert cells.loc[2, "concurrency"] == 16
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    told = section(text, "What was left out, and why")
    assert "- swift, 0-1000: asked for 16 in flight, held 14.2: too few requests" in told
    assert told.count("asked for") == 2  # with what the data fell short of


def test_looks_are_said_with_their_level_and_blocks_that_were_left_out_are_not_claimed(
    tmp_path: Path,
) -> None:
    paths = finished_run.write(tmp_path)
    benchmark = finished_run.benchmark()
    benchmark["load"] |= {"blocks": 4, "requests": 40}
    text = plain(filled(run_files(paths, tmp_path), tmp_path, benchmark))
    assert "**4 blocks for each cell**" in text and "Looks at the decision" not in text
    changed(paths, "decision", {"look": {"number": 2, "of": 4, "confidence": 0.99748, "out": {}}})
    cells = pd.read_parquet(paths["cells"])
    cells["ended_early"] = None
    cells.loc[2, "ended_early"] = "out after look 2 of 4: it is dearer"
    cells.to_parquet(paths["cells"])
    text = plain(filled(run_files(paths, tmp_path), tmp_path, benchmark))
    told = section(text, "Method, and what it can't tell")
    assert "The decision is that of look 2" in told and "level, 99.75 %" in told
    assert "Intervals are at the level of look 2, 99.75 %." in text
    assert "**Up to 4 blocks for each cell**" in told and "**4 blocks for each cell**" not in told


def test_what_connecting_took_stands_apart_from_the_latencies(tmp_path: Path) -> None:
    text = plain(document(tmp_path))
    assert "21 were opened" in text and "31.5 to 31.5 ms to connect" in text
    assert "42.2 to 42.2 ms more for the TLS handshake" in text


def section(text: str, title: str) -> str:
    return text.split(f"\n# {title}\n", 1)[1].split("\n# ", 1)[0]


def test_the_instruments_error_stands_beside_the_results_and_in_its_own_section(tmp_path: Path) -> None:
    text = plain(document(tmp_path))
    headline = text.split("#tbl-headline")[1].split(":::\n\n")[0]
    assert "the instrument's own error p99 (ms)" in headline
    told = " ".join(section(text, "The instrument").split())
    assert "at most 3.50 ms (99th percentile of the worst cell)" in told
    assert "within that for the median TTFT in all 36 cells that have an interval" in told
    assert "No cell has an interval of the 95th percentile of TTFT" in told
    assert "| grand-model | 16 in flight |" not in told and "| swift | 16 in flight | 0.100 |" in told


def test_an_instrument_that_is_too_coarse_is_said_so(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    cells = pd.read_parquet(paths["cells"])
    cells.loc[:4, "canary_error_ms_p50"] = 500.0
    cells.to_parquet(paths["cells"])
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    told = " ".join(section(text, "The instrument").split())
    assert "**exceeds** that for the median TTFT in 5 of 36 cells" in told


def test_a_run_without_a_canary_claims_nothing_of_the_instrument(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    cells = pd.read_parquet(paths["cells"]).drop(columns=["canary_error_ms_p50", "canary_error_ms_p99"])
    cells.to_parquet(paths["cells"])
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    assert "was not seen in this run" in section(text, "The instrument")


def test_a_model_asked_cold_and_warm_is_shown_side_by_side(tmp_path: Path) -> None:
    benchmark = finished_run.benchmark()
    cold, warm = benchmark["models"][:2]
    warm |= {"id": cold["id"], "inference": cold.get("inference", {}), "cache": "warm"}
    paths = finished_run.write(tmp_path)
    cells = pd.read_parquet(paths["cells"])
    cells["cache_read_tokens"] = (cells["model"] == warm["label"]) * 12_345
    cells["cost_usd_per_10k_transactions"] = (cells["model"] == warm["label"]).map({True: 1.25, False: 4.5})
    cells.to_parquet(paths["cells"])
    files = run_files(paths, tmp_path)
    text = plain(filled(files, tmp_path, benchmark))
    part = text.split("## Prompt caching")[1].split("#tbl-caching")[0] + text.split("#tbl-caching")[1]
    first = next(line for line in part.splitlines() if line.startswith(f"| {cold['label']}"))
    assert f"| {warm['label']} " in first and "12,345" in first and "$3.25" in first
    assert "but for the lines that measure a warm cache on purpose" in text
    without = filled(files, tmp_path, finished_run.benchmark())
    assert "## Prompt caching" not in without and "warm cache on purpose" not in without


def test_what_cloudwatch_says_stands_beside_the_runs_own_counts_and_a_refusal_is_told(tmp_path: Path) -> None:
    counts = {"InvocationThrottles": 3, "InvocationClientErrors": 0, "InvocationServerErrors": 1}
    counts |= {"InputTokenCount": 98_765, "OutputTokenCount": 4_321}
    told = {"Invocations": 120, "latency_ms_mean": 812.0, **counts}
    ours = {"Invocations": 118, "latency_ms_mean": 841.0, **counts}
    refused = {"error": "User arn:aws:iam::123456789012:user/x is not authorized"}
    for name, found in (("swift", told), ("steady", refused)):
        content = {"model": name, "model_id": "m", "cloudwatch": found, "ours": ours}
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    files = run_files(finished_run.write(tmp_path), tmp_path)
    asked = dataclasses.replace(files, cloudwatch=(tmp_path / "swift.json", tmp_path / "steady.json"))
    text = plain(filled(asked, tmp_path, finished_run.benchmark()))
    rows = [line for line in text.splitlines() if line.startswith("| swift ") and "98,765" in line]
    assert ["CloudWatch" in rows[0], "this run" in rows[1]] == [True, True]
    assert "120" in rows[0] and "812" in rows[0] and "118" in rows[1] and "841" in rows[1]
    assert "could not be asked about steady" in text and "123456789012" not in text
    assert "CloudWatch" not in filled(files, tmp_path, finished_run.benchmark())


def test_the_brackets_of_a_search_stand_in_the_report_with_the_evidence_of_their_ends(tmp_path: Path) -> None:
    files = run_files(finished_run.write(tmp_path), tmp_path)
    assert "Highest rate" not in filled(files, tmp_path, finished_run.benchmark())
    limit = {"metric": "e2e_ms_p95", "bound": "max", "limit": 2000.0}
    kept = {
        "rate_rps": 9.512,
        "n": 571,
        "error_rate": 0.0,
        "e2e_from_intended_ms_p95_all": 1234.0,
        "limits": [{**limit, "value": 1234.0, "state": "met"}],
    }
    missed = {"rate_rps": 11.31, "n": 679, "limits": [{**limit, "value": None, "state": "missed"}]}
    common = {
        "model_id": "m",
        "undecided_rps": [],
        "requests": 1300,
        "probes": [kept, missed],
        "ended": "narrow",
    }
    found = [
        {**common, "model": "swift", "kept": kept, "missed": missed, "ended_because": "it is narrow"},
        {**common, "model": "steady", "kept": None, "missed": missed, "ended_because": "the end"},
    ]
    for one in found:
        (tmp_path / f"{one['model']}.json").write_text(json.dumps(one))
    write(tmp_path / "searched.parquet", [])
    asked = dataclasses.replace(
        files,
        searches=(tmp_path / "swift.json", tmp_path / "steady.json"),
        search_records=(tmp_path / "searched.parquet",),
    )
    benchmark = finished_run.benchmark()
    benchmark["load"] |= {"search": {"probe_s": 90}, "rates_rps": [4, 12.25], "warmup_s": 1}
    benchmark["limits"]["e2e_ms_p95"] = {"max": 2000}
    text = plain(filled(asked, tmp_path, benchmark))
    told = section(text, "Highest rate that keeps the limits")
    assert "swift: between 9.512 and 11.31 requests per second. After 1,300 requests at 2 rates" in told
    assert "steady: under 11.31 requests per second; no rate that keeps was found" in told
    assert "each for at least\n90 s." in told
    left_out = section(text, "What was left out, and why")
    assert "| requests of the search for the highest rate | 2,600 |" in left_out
    assert "with 4 and 12.25 requests arriving per second" in text and "after 1 s of warm-up" in text
    assert "not reached" in told and "infinitely late" in told and "571" in told
    assert "sent 2,600 requests, which are in no other table" in section(text, "What the run cost")


def test_what_other_runs_paid_for_is_said_beside_what_it_counts_for(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    assert "paid for by other runs" not in plain(
        filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark())
    )
    models = pd.read_parquet(paths["models"])
    models["accuracy_n_all_buckets"] = 40
    for name in ("accuracy_n_reused", "accuracy_n_reused_all_buckets"):
        models[name] = [30] + [0] * (len(models) - 1)
    models["reused_from"] = ["big_run"] + [None] * (len(models) - 1)
    models.to_parquet(paths["models"])
    text = plain(filled(run_files(paths, tmp_path), tmp_path, finished_run.benchmark()))
    label = models["model"][0]
    assert f"- {label}: of 40 prompts, 30 have answers reused from big_run." in text
    assert "of which reused from other runs" in text


def test_a_month_of_the_traffic_is_told_with_its_volume_and_mix(tmp_path: Path) -> None:
    benchmark = finished_run.benchmark()
    paths = finished_run.write(tmp_path)
    assert "USD per month" not in plain(filled(run_files(paths, tmp_path), tmp_path, benchmark))
    bucket = benchmark["buckets"][0]["name"]
    benchmark["traffic"] = {"buckets": {bucket: 1}, "rate_rps": 2}
    models = pd.read_parquet(paths["models"])
    models["cost_usd_per_month"] = 1234.5
    models["cost_usd_per_month_note"] = ["it carried less"] + [None] * (len(models) - 1)
    models.to_parquet(paths["models"])
    text = plain(filled(run_files(paths, tmp_path), tmp_path, benchmark))
    assert f"The traffic is 5,256,000 transactions a month, in bucket {bucket}" in text
    assert "$1,234 |" in text and f"- {models['model'][0]}: it carried less" in text
