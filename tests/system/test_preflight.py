"""Everything that is wrong with the models and judges of a benchmark is found at once, by one small call each."""

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from account import Account, foundation_model, profile, serving
from jobs import PROJECT, environment

from assay.prompts.prompt import Prompt, write_prompts
from assay.simulator.credentials import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from assay.simulator.process import SimulatorProcess

SOUND = {"kind": "model", "latency": {"base_ms": 5, "tokens_per_s": 2000}}


@dataclass
class Place:
    """A folder with what the stage needs, and its last run."""

    folder: Path
    models: dict[str, dict[str, Any]]
    """Behaviours by model id."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    printed: str = ""

    def __post_init__(self) -> None:
        self.write()

    def write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "behaviour.yaml").write_text(json.dumps({"seed": 1, "models": self.models}))
        write_prompts(
            [Prompt("p", "small", 0, "e", "set", "en", "s", "qa_f1", 100, "Why?", "Why?", ("no",), None)],
            self.folder / "prompts.parquet",
        )
        rates = {"input_usd_per_million": 1.0, "output_usd_per_million": 2.0, "source": "a test"}
        prices = {"taken": "2026-11-01", "region": None, "prices": dict.fromkeys(self.models, rates)}
        (self.folder / "prices.json").write_text(json.dumps(prices))

    def run(self, succeeds: bool = True) -> dict[str, Any]:
        """The stage's own command line; what it wrote."""
        settings = {
            "run": {"name": "x", "edition": 1, "seed": 1},
            "endpoint": {
                "kind": "simulator",
                "behaviour": f"{self.folder}/behaviour.yaml",
                "journal": f"{self.folder}/journal.jsonl",
            },
            "lines": self.lines or [line(number, model_id) for number, model_id in enumerate(self.models)],
            "load": {"concurrency": [1]},
            "preflight": {"timeout_s": 10},
            **self.settings,
        }
        done = subprocess.run(
            [
                sys.executable, f"{PROJECT}/scripts/preflight.py", "--settings", json.dumps(settings),
                "--prompts", f"{self.folder}/prompts.parquet", "--prices", f"{self.folder}/prices.json",
                "--ledger", f"{self.folder}/ledger", "--out", f"{self.folder}/preflight.json", *self.flags,
            ],
            capture_output=True, text=True, timeout=120, check=False, env={**environment(), **self.environment},
        )  # fmt: skip
        self.printed = done.stderr
        assert (done.returncode == 0) is succeeds, done.stderr
        assert "Traceback" not in done.stderr
        found: dict[str, Any] = json.loads((self.folder / "preflight.json").read_text())
        return found

    def asked(self) -> list[str]:
        """The models that requests have reached so far, by the simulator's own count."""
        lines = map(json.loads, (self.folder / "journal.jsonl").read_text().splitlines())
        return [entry["model"] for entry in lines if entry["event"] == "received"]


def line(number: int, model_id: str, inference: dict[str, Any] | None = None, **model: Any) -> dict[str, Any]:
    """A model of the benchmark as the stage is told of it."""
    mine = {"label": f"m{number}", "id": model_id, **model}
    asked = {"max_tokens": 32, "temperature": 0.0, **(inference or {})}
    return {"key": f"models[{number}]", "role": "model", "model": mine, "inference": asked}


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Place]:
    return lambda **models: Place(tmp_path / "place", models)


@dataclass(frozen=True)
class Wrong:
    """Something wrong with a model: how it behaves, how it is asked, and the problem that has to be found."""

    kind: str
    key: str
    words: str
    behaviour: dict[str, Any] = field(default_factory=dict)
    inference: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)


WRONG = [
    Wrong("access_denied", "models[0].id", "enable it", {"access": "denied"}),
    Wrong("needs_profile", "models[1].id", "us.m1", {"access": "profile_only"}),
    Wrong("end_of_life", "models[2].id", "newer model", {"access": "end_of_life"}),
    Wrong("no_streaming", "models[3].stream", "stream: false", {"refuses": ["streaming"]}),
    Wrong("max_tokens", "inference.max_tokens", "at most 100", {"max_output_tokens": 100}, {"max_tokens": 101}),
    Wrong("no_temperature", "inference.temperature", "temperature", {"refuses": ["temperature"]}),
    Wrong("no_top_p", "inference.top_p", "not both", {"refuses": ["temperature_with_top_p"]}, {"top_p": 0.5}),
    Wrong(
        "no_service_tier", "models[7].service_tier", "tier", {"refuses": ["service_tiers"]}, {}, {"service_tier": "flex"}
    ),
    Wrong(
        "no_latency_optimisation", "models[8].latency", "standard", {"refuses": ["optimized_latency"]}, {},
        {"latency": "optimized"},
    ),
    Wrong("no_caching", "models[9].cache", "cold", {"refuses": ["cache_points"]}, {}, {"cache": "warm"}),
    Wrong("no_stop_sequences", "inference.stop_sequences", "stop", {"refuses": ["stop_sequences"]}, {"stop_sequences": ["x"]}),
]  # fmt: skip


def test_every_problem_of_every_model_and_judge_stands_in_one_list(
    place: Callable[..., Place],
) -> None:
    there = place(
        **{f"m{n}": {**SOUND, **wrong.behaviour} for n, wrong in enumerate(WRONG)},
        sound=SOUND,
        judge={"kind": "judge", "access": "denied"},
    )
    there.lines = [line(n, f"m{n}", wrong.inference, **wrong.model) for n, wrong in enumerate(WRONG)]
    there.lines.append(line(len(WRONG), "sound"))
    there.lines.append({**line(0, "judge"), "key": "judges.panel[0]", "role": "judge"})
    there.lines.append(line(len(WRONG) + 1, "nowhere"))
    found = there.run(succeeds=False)
    errors = {(one["kind"], one["key"]): one for one in found["problems"] if one["severity"] == "error"}
    expected = {
        *((wrong.kind, wrong.key) for wrong in WRONG),
        ("access_denied", "judges.panel[0].id"),
        ("unknown_model", f"models[{len(WRONG) + 1}].id"),
    }
    assert errors.keys() == expected
    for wrong in WRONG:
        assert wrong.words in errors[wrong.kind, wrong.key]["remedy"]
    assert there.printed.count("\nerror: ") + there.printed.startswith("error: ") == 1
    for (_, key), problem in errors.items():
        assert f"error: {key}" in there.printed
        assert problem["remedy"] in there.printed
    assert sorted(there.asked()) == sorted([*(f"m{n}" for n in range(len(WRONG))), "sound", "judge"])
    assert {entry["label"]: entry["ok"] for entry in found["lines"]}[f"m{len(WRONG)}"] is True


def test_a_model_is_tried_with_the_largest_limit_that_the_sets_ask_for(place: Callable[..., Place]) -> None:
    there = place(m={**SOUND, "max_output_tokens": 100})

    def found(
        benchmark: int, of_sets: list[int | None], own: int | None = None, succeeds: bool = False
    ) -> Any:
        prompts = [
            Prompt(
                f"p{n}", "b", n, "e", "s", "en", "s", "qa_f1", 9, f"Why {n}?", "", ("no",), None, None, limit
            )
            for n, limit in enumerate(of_sets)
        ]
        write_prompts(prompts, there.folder / "prompts.parquet")
        there.lines = [line(0, "m", {"max_tokens": own or benchmark})]
        there.lines[0]["model"] |= {"inference": {"max_tokens": own}}
        problems = there.run(succeeds)["problems"]
        return [(one["kind"], one["key"], one["remedy"]) for one in problems]

    remedy = "write at most 100 for this model, in models[0].inference.max_tokens"
    of_sets = f"found 512, the largest output limit of its sets: {remedy}"
    assert found(32, [64, 512]) == [("max_tokens", "dataset", of_sets)]
    assert found(32, [64, 512], own=100, succeeds=True) == []
    assert found(8000, [64, 32], succeeds=True) == [], "no request will have the benchmark's"


def test_the_call_is_asked_as_the_benchmark_asks_and_costs_next_to_nothing(
    place: Callable[..., Place],
) -> None:
    there = place(m=SOUND)
    (there.folder / "system.txt").write_text("You are brief.")
    there.flags = ("--system", str(there.folder / "system.txt"))
    found = there.run()
    assert found["requests_sent"] == 1
    [entry] = found["lines"]
    assert entry["ok"]
    assert entry["ms"] > 0
    assert entry["input_tokens"] < 100
    there.models["m"]["refuses"] = ["system_prompt"]
    there.write()
    assert there.run(succeeds=False)["problems"][0]["key"] == "prompt.system"


def test_what_passed_is_not_asked_again_and_what_failed_is(place: Callable[..., Place]) -> None:
    there = place(good=SOUND, bad={**SOUND, "access": "denied"})
    there.run(succeeds=False)
    found = there.run(succeeds=False)
    assert sorted(there.asked()) == ["bad", "bad", "good"]
    assert "1 known from earlier" in there.printed
    assert {entry["model_id"]: entry["tries"] for entry in found["lines"]} == {"good": 0, "bad": 1}
    there.models["bad"]["access"] = "granted"
    there.write()
    there.run()
    assert there.run()["requests_sent"] == 0
    assert sorted(there.asked()) == ["bad", "bad", "bad", "good"]
    there.settings["run"] = {"name": "x", "edition": 2, "seed": 1}
    assert there.run()["requests_sent"] == 2


def test_the_calls_stand_in_the_ledger_with_whose_they_are_and_what_they_took(
    place: Callable[..., Place],
) -> None:
    there = place(m=SOUND)
    there.run()
    [file] = (there.folder / "ledger").glob("preflight.*.jsonl")
    entries = [json.loads(text) for text in file.read_text().splitlines()]
    by_kind = {entry["line"]: entry for entry in entries}
    assert by_kind["sitting"]["about"] == {"run": "x", "stage": "preflight", "label": "m0", "model": "m"}
    assert by_kind["dispatched"]["tags"]["role"] == "preflight"
    assert by_kind["outcome"]["output_tokens"] > 0


def test_lines_that_ask_the_same_are_asked_once(place: Callable[..., Place]) -> None:
    there = place(m=SOUND)
    there.lines = [line(0, "m"), {**line(0, "m"), "key": "judges.panel[0]", "role": "judge"}]
    found = there.run()
    assert there.asked() == ["m"]
    assert [entry["key"] for entry in found["lines"]] == ["models[0]", "judges.panel[0]"]


def test_a_throttled_call_is_tried_again_and_is_no_problem(place: Callable[..., Place]) -> None:
    there = place(
        m={**SOUND, "quotas": {"requests_per_minute": 60, "burst_s": 1}}
    )  # the second has to wait a second
    there.lines = [line(0, "m"), line(1, "m", {"max_tokens": 33})]
    found = there.run()
    assert there.asked().count("m") == found["requests_sent"] > 2
    assert found["problems"] == []


def test_prices_that_nobody_knows_are_a_warning_and_under_a_cap_an_error(
    place: Callable[..., Place],
) -> None:
    there = place(known=SOUND, unknown=SOUND)
    prices = json.loads((there.folder / "prices.json").read_text())
    prices["prices"]["unknown"] = {}
    (there.folder / "prices.json").write_text(json.dumps(prices))
    [problem] = there.run()["problems"]
    assert (problem["key"], problem["severity"]) == ("prices['unknown']", "warning")

    capped = Place(there.folder / "capped", there.models, flags=("--max-usd", "1"))
    (capped.folder / "prices.json").write_text(json.dumps(prices))
    [problem] = capped.run(succeeds=False)["problems"]
    assert (problem["key"], problem["severity"]) == ("prices['unknown']", "error")
    assert capped.asked() == ["known"]


def test_a_cap_that_does_not_hold_a_call_is_not_passed(place: Callable[..., Place]) -> None:
    there = place(a=SOUND, b=SOUND)
    there.flags = ("--max-usd", "0.0000001")
    found = there.run(succeeds=False)
    assert [problem["kind"] for problem in found["problems"]] == ["capped", "capped"]
    assert not (there.folder / "journal.jsonl").exists() or there.asked() == []


def test_a_plan_above_the_quota_is_an_error_until_it_is_meant(place: Callable[..., Place]) -> None:
    there = place(m=SOUND)
    there.settings = {"load": {"rates_rps": [2]}, "quotas": {"m": {"requests_per_minute": 60}}}
    [problem] = there.run(succeeds=False)["problems"]
    assert (problem["kind"], problem["key"]) == ("quota", "quotas['m'].requests_per_minute")
    there.settings["preflight"] = {"accept": ["quota"]}
    [problem] = there.run()["problems"]
    assert problem["severity"] == "warning"


def test_where_nothing_listens_that_is_said_once(place: Callable[..., Place]) -> None:
    there = place(a=SOUND, b=SOUND)
    there.settings["endpoint"] = {"kind": "bedrock", "region": REGION, "url": "http://127.0.0.1:9"}
    there.environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    [problem] = there.run(succeeds=False)["problems"]
    assert problem["kind"] == "no_connection"
    assert "endpoint.url (found http://127.0.0.1:9)" in problem["remedy"]


def test_missing_credentials_are_one_problem(place: Callable[..., Place], tmp_path: Path) -> None:
    there = place(a=SOUND, b=SOUND)
    there.settings["endpoint"] = {
        "kind": "bedrock", "region": REGION, "url": "http://127.0.0.1:9", "profile": "nobody"
    }  # fmt: skip
    there.environment = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_EC2_METADATA_DISABLED": "true"}
    [problem] = there.run(succeeds=False)["problems"]
    assert (problem["key"], problem["kind"]) == ("endpoint.profile", "credentials")


def test_a_profile_that_is_not_there_is_one_problem(place: Callable[..., Place], tmp_path: Path) -> None:
    there = place(a=SOUND, b=SOUND)
    there.settings["endpoint"] = {"kind": "bedrock", "region": REGION, "profile": "nobody"}
    there.environment = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_EC2_METADATA_DISABLED": "true"}
    [problem] = there.run(succeeds=False)["problems"]
    assert (problem["key"], problem["kind"]) == ("endpoint.profile", "credentials")
    assert "list-profiles" in problem["remedy"]


def test_a_line_that_could_not_be_asked_never_passes_in_silence(place: Callable[..., Place]) -> None:
    there = place(a=SOUND)
    there.flags = ("--max-usd", "1")
    ledger = there.folder / "ledger"
    ledger.mkdir()
    (ledger / "purse.x").write_bytes(b"damaged")
    present = os.open(ledger / "purse.x.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(present, fcntl.LOCK_SH)  # as a job of the same run that is at work
    try:
        [problem] = there.run(succeeds=False)["problems"]
    finally:
        os.close(present)
    assert (problem["kind"], problem["severity"]) == ("not_asked", "error")
    assert "damaged" in problem["found"]


@pytest.fixture
def account() -> Iterator[Account]:
    models = [
        foundation_model("vendor.one-v1:0", name="One"),
        foundation_model("vendor.two-v1:0", name="Two", inferenceTypesSupported=["INFERENCE_PROFILE"]),
        foundation_model(
            "vendor.old-v1:0",
            name="Old",
            modelLifecycle={"status": "LEGACY", "endOfLifeTime": "2027-01-31T00:00:00Z"},
        ),
    ]
    profiles = [
        profile("us.vendor.one-v1:0", "vendor.one-v1:0"),
        profile("us.vendor.two-v1:0", "vendor.two-v1:0"),
        profile("eu.vendor.two-v1:0", "vendor.two-v1:0"),
        profile("global.vendor.two-v1:0", "vendor.two-v1:0"),
        profile("abcdef", "vendor.two-v1:0", "APPLICATION"),
    ]
    quotas = {
        "On-demand model invocation requests per minute for Vendor One": 50.0,
        "On-demand model invocation tokens per minute for Vendor One": 1e6,
        "Cross-region model inference requests per minute for Vendor Two": 1e6,
        "On-demand model invocation tokens per minute for Vendor Old": 0.0,
    }
    with serving(Account(models, profiles, quotas)) as served:
        yield served


def on_bedrock(there: Place, account: Account, url: str) -> None:
    """Requests go to the simulator as to Bedrock; the account is asked at its stand-in."""
    there.settings["endpoint"] = {"kind": "bedrock", "region": REGION, "url": url}
    there.environment = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_ENDPOINT_URL_BEDROCK": account.url,
        "AWS_ENDPOINT_URL_SERVICE_QUOTAS": account.url,
    }


def test_the_account_s_models_profiles_and_quotas_are_read_through_aws_s_own_client(
    place: Callable[..., Place], account: Account
) -> None:
    there = place(
        **{
            "vendor.one-v1:0": SOUND,
            "vendor.two-v1:0": {**SOUND, "access": "profile_only"},
            "vendor.old-v1:0": SOUND,
        }
    )
    there.settings["load"] = {"rates_rps": [1]}
    with SimulatorProcess.started(behaviour=there.folder / "behaviour.yaml") as process:
        on_bedrock(there, account, process.url)
        found = there.run(succeeds=False)
    problems = {(one["key"], one["kind"]): one for one in found["problems"]}
    assert problems.keys() == {
        ("models[0].id", "quota"),
        ("models[1].id", "needs_profile"),
        ("models[2].id", "legacy"),
        ("models[2].id", "quota"),
    }
    assert "eu.vendor.two-v1:0 or us.vendor.two-v1:0 or global.vendor.two-v1:0" in problems["models[1].id", "needs_profile"]["remedy"]  # fmt: skip
    assert "'profile abcdef'" in problems["models[1].id", "needs_profile"]["remedy"]
    assert "2027-01-31" in problems["models[2].id", "legacy"]["found"]
    assert problems["models[2].id", "legacy"]["severity"] == "warning"
    assert "60 requests per minute; On-demand model invocation requests per minute for Vendor One is 50" in problems["models[0].id", "quota"]["found"]  # fmt: skip
    assert found["notes"] == []
    assert not re.search(r"\d{12}", there.printed)
    assert account.asked.count("ListServiceQuotas") == 2

    there.settings["preflight"] = {"accept": ["legacy", "quota"]}
    with SimulatorProcess.started(behaviour=there.folder / "behaviour.yaml") as process:
        on_bedrock(there, account, process.url)
        found = there.run(succeeds=False)
    assert {one["kind"] for one in found["problems"]} == {"quota", "needs_profile"}


def test_an_account_that_may_not_be_asked_is_said_and_done_without(
    place: Callable[..., Place], account: Account
) -> None:
    account.refuses = ("ListFoundationModels", "ListServiceQuotas")
    there = place(**{"vendor.one-v1:0": SOUND})
    with SimulatorProcess.started(behaviour=there.folder / "behaviour.yaml") as process:
        on_bedrock(there, account, process.url)
        found = there.run()
        assert found["problems"] == []
        assert found["notes"] == [
            "Bedrock's control plane could not be asked (AccessDeniedException); going on without it",
            "Service Quotas could not be asked (AccessDeniedException); going on without it",
        ]
        before = len(account.asked)
        for name in ("AWS_ENDPOINT_URL_BEDROCK", "AWS_ENDPOINT_URL_SERVICE_QUOTAS"):
            del there.environment[name]
        notes = there.run()["notes"]
    assert ["was not asked" in note for note in notes] == [True, True]
    assert len(account.asked) == before


def test_credentials_that_the_service_refuses_are_one_problem(
    place: Callable[..., Place], account: Account
) -> None:
    there = place(a=SOUND, b=SOUND)
    with SimulatorProcess.started(behaviour=there.folder / "behaviour.yaml") as process:
        on_bedrock(there, account, process.url)
        there.environment["AWS_SECRET_ACCESS_KEY"] = "wrong"
        found = there.run(succeeds=False)
    assert [(one["key"], one["kind"]) for one in found["problems"]] == [("endpoint", "credentials")]
    assert "wrong" not in there.printed
