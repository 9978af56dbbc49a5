"""Prompts with an output limit of their own, or without a system prompt: in keys, requests, estimate, quota and reuse."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.bedrock.request import Line, body
from assay.bedrock.settings import BedrockEndpoint, Inference, Model, Quota, SimulatorEndpoint
from assay.judging.prompt import template
from assay.ledger.keys import ask_key
from assay.ledger.ledger import opened
from assay.measurement.plan import Asked
from assay.metrics.reused import other_runs_answers
from assay.metrics.settings import Asks
from assay.preflight.demand import Prompts
from assay.prices.book import Price
from assay.prompts.prompt import Prompt
from assay.prompts.tokenizer import TokenCounter
from assay.sender.identity import identity
from assay.spending.estimate import Estimate, Estimator
from assay.spending.estimate_settings import EstimateJob
from assay.spending.facts import Facts, counted

ROOT = Path(__file__).parents[2]
WORDS = TokenCounter("words", None, "", lambda texts: [len(text.split()) for text in texts], lambda *_: [])
INFERENCE = Inference(max_tokens=128, temperature=0.0)


def prompt(name: str, limit: int | None = None, *, chat: bool = True, tokens: int = 100) -> Prompt:
    return Prompt(
        name, "all", 0, name, "set", "en", name, "qa_f1", tokens, f"text {name}", "q", ("a b",), None,
        max_tokens=limit, chat=chat,
    )  # fmt: skip


def line(own: int | None = None, most: int = 128) -> Line:
    model = Model(label="a", id="m", inference=Inference(max_tokens=own))
    return Line(model, model.inference.over(Inference(max_tokens=most, temperature=0.0)))


def asked(own: int | None = None, system: str | None = "Be kind.", most: int = 128) -> Asked:
    return Asked("e", "r", line(own, most), system, 1)


def test_a_models_own_limit_comes_first_then_the_prompts_then_that_of_all_models() -> None:
    assert line().max_tokens(None) == 128
    assert line().max_tokens(32) == 32
    assert line().max_tokens(512) == 512, "a set may also ask for more than the benchmark says"
    assert line(own=2048).max_tokens(32) == 2048, "a model that reasons has to"
    assert line(own=16).max_tokens(32) == 16


def test_keys_of_prompts_without_a_limit_are_what_they_were() -> None:
    for system in (None, "Be kind."):
        expected = ask_key("e", "r", line().identity(), "text p", system)
        assert asked(system=system).ask_key(prompt("p")) == expected


def test_what_is_sent_alike_has_one_key_and_what_is_not_has_not() -> None:
    p = prompt("p")
    assert asked().ask_key(replace(p, max_tokens=128)) == asked().ask_key(p)
    assert asked().ask_key(replace(p, max_tokens=64)) == asked(most=64).ask_key(p)
    assert asked().ask_key(replace(p, max_tokens=64)) == asked(most=9).ask_key(replace(p, max_tokens=64))
    assert asked(own=9).ask_key(replace(p, max_tokens=64)) == asked(own=9).ask_key(p)
    assert asked().ask_key(replace(p, chat=False)) == asked(system=None).ask_key(p)
    different = [p, replace(p, max_tokens=64), replace(p, max_tokens=32), replace(p, chat=False)]
    assert len({asked().ask_key(each) for each in different}) == len(different)


def test_a_request_asks_for_its_own_limit() -> None:
    def sent(most: int | None) -> Any:
        return json.loads(body(line(), "Why?", None, "", max_tokens=most))["inferenceConfig"]["maxTokens"]

    assert (sent(None), sent(32), sent(512)) == (128, 32, 512)


def test_a_quota_is_held_against_each_prompts_own_limit() -> None:
    sizes = Prompts.of([prompt("a", 512, tokens=1000), prompt("b", 32, tokens=3000), prompt("c", tokens=10)])
    assert sizes is not None
    found = sizes.asked_by(line())
    assert found.mean_tokens == pytest.approx(4010 / 3)
    assert found.mean_output == pytest.approx((512 + 32 + 128) / 3)
    assert found.largest == 3000 + 32
    assert sizes.asked_by(line(own=4000)).largest == 3000 + 4000


def facts(folder: Path, limits: tuple[int | None, ...]) -> Facts:
    prompts = [prompt(f"p{at}", limit) for at, limit in enumerate(limits)]
    references, judged, verdict = counted(
        prompts, template("{question} {references} {answer}", "test"), WORDS
    )
    endpoint = BedrockEndpoint(kind="bedrock", region="us-east-1", url="http://127.0.0.1:9")
    return Facts(
        endpoint, {"all": prompts}, references, judged, verdict, None, None, 0,
        {"m": Price(1.0, 1e6)}, folder / "ledger", frozenset(),
    )  # fmt: skip


def estimate(folder: Path, limits: tuple[int | None, ...], own: int | None = None, **more: Any) -> Estimate:
    settings = EstimateJob.model_validate(
        {
            "run": {"name": "x", "edition": 1, "seed": 1},
            "endpoint": {"kind": "bedrock", "region": "us-east-1", "url": "http://127.0.0.1:9"},
            "tokenizer": {"kind": "tekken"},
            "models": [{"label": "a", "id": "m", "inference": {"max_tokens": own}}],
            "inference": {"max_tokens": 128, "temperature": 0.0},
            "load": {"concurrency": [1], "requests": len(limits), "warmup": 0},
            "dataset_of_interest": "all",
            "level_of_interest": "c1",
            "preflight": False,
            **more,
        }
    )
    return Estimator(facts(folder, limits), settings, cores=1).of(settings)


def at_most(found: Estimate) -> float:
    return found.rows[0].left.output_tokens.at_most


def test_the_estimate_counts_each_prompts_own_limit_row_by_row(tmp_path: Path) -> None:
    assert at_most(estimate(tmp_path, (32, 32, 512))) == pytest.approx(32 + 32 + 512)
    assert at_most(estimate(tmp_path, (None, 32))) == pytest.approx(128 + 32)
    assert at_most(estimate(tmp_path, (32, 512), own=2000)) == pytest.approx(2 * 2000)
    calls = [row for row in estimate(tmp_path, (32, 512), preflight=True).rows if row.kind == "preflight"]
    assert [row.left.output_tokens.at_most for row in calls] == [512], (
        "the small call has the largest that holds"
    )
    usd = estimate(tmp_path, (32, 512)).rows[0].left.usd
    assert usd is not None and usd.at_most == pytest.approx(32 + 512, rel=0.01)


def test_the_minutes_that_a_quota_leaves_go_by_what_is_reserved(tmp_path: Path) -> None:
    quotas = {"m": {"tokens_per_minute": 10.0}}
    few = estimate(tmp_path, (32, 32), quotas=quotas).rows[0].left.seconds.high
    many = estimate(tmp_path, (512, 512), quotas=quotas).rows[0].left.seconds.high
    assert many - few == pytest.approx(2 * (512 - 32) * 6)
    assert Quota.model_validate(quotas["m"]).tokens_per_minute == 10


def test_lengths_of_answers_are_learnt_for_each_limit_apart(tmp_path: Path) -> None:
    """Long answers to the prompts with room say nothing of the others."""
    limits = (32,) * 20 + (512,) * 20
    before = facts(tmp_path, limits)
    model = Model(label="a", id="m", inference=Inference())
    whom = before.line(model, INFERENCE, 1, "invoke")
    path = tmp_path / "ledger" / f"{whom.stem('invoke')}c9.b0.jsonl"
    path.parent.mkdir()
    with opened(path, {"run": "x"}) as ledger:
        for one in before.prompts["all"]:
            assert one.max_tokens is not None
            tags = {
                "role": "measured",
                "prompt_id": one.prompt_id,
                "bucket": "all",
                "load": "c9",
                "edition": 1,
            }
            ledger.write_dispatched(one.prompt_id, {"try": 1, "most": [1, 1], "tags": tags})
            told = {"input_tokens": 100, "output_tokens": 4 if one.max_tokens == 32 else 400}
            ledger.write_outcome(
                one.prompt_id, {"try": 1, "last": True, "sent_ns": 1, "ended_ns": 2, "text": "a", **told}
            )
    found = estimate(tmp_path, limits).rows[0].left.output_tokens
    assert found.middle == pytest.approx(20 * 4 + 20 * 400, rel=0.01)
    assert found.at_most == pytest.approx(20 * 32 + 20 * 512)


def test_other_runs_answers_are_found_by_what_was_sent(tmp_path: Path) -> None:
    """They asked with the limit for all models, or with none for the set; what was sent alike is known as such."""
    behaviour = ROOT / "config/simulator/default.yaml"
    model = Model(label="a", id="sim.swift-v1:0")
    endpoint = SimulatorEndpoint(kind="simulator", behaviour=behaviour)
    name, region = identity(endpoint, model.id)
    theirs = Asked(name, region, Line(model, Inference(max_tokens=64, temperature=0.0)), None, 1)
    folder = tmp_path / "other" / "ledger"
    folder.mkdir(parents=True)
    with opened(folder / "invoke.jsonl", {"run": "other"}) as ledger:
        ask = theirs.ask_key(prompt("p"))
        ledger.write_dispatched("k", {"try": 1, "most": [1, 1], "tags": {"role": "measured", "ask": ask}})
        ledger.write_outcome("k", {"try": 1, "last": True, "text": "Yes."})

    def found(one: Prompt) -> list[str]:
        asks = Asks(endpoint=endpoint, model=model, inference=INFERENCE)
        return [
            answer.text
            for given in other_runs_answers(asks, "Be kind.", [folder], {"p": one}).values()
            for answer in given
        ]

    assert found(prompt("p", 64, chat=False)) == ["Yes."]
    assert found(prompt("p", 64)) == [], "which goes with a system prompt"
    assert found(prompt("p", chat=False)) == [], "which may be longer"
