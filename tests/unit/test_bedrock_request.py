"""Requests are what Bedrock's own model describes, and every one has a nonce of its own."""

import json
import re

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from assay.bedrock.address import resolve
from assay.bedrock.errors import KINDS, kind_of
from assay.bedrock.request import Line, body, cache_point, nonce
from assay.bedrock.settings import BedrockEndpoint, Inference, Model

FULL = Inference(
    max_tokens=64,
    temperature=0.5,
    top_p=0.9,
    stop_sequences=("END",),
    additional={"top_k": 5, "nested": {"a": [1]}},
)


def shape(operation: str) -> object:
    model = Session().get_service_model("bedrock-runtime")
    return model.operation_model(operation).input_shape


@pytest.mark.parametrize("system", [None, "Be short."])
def test_a_body_is_valid_by_botocores_own_model(system: str | None) -> None:
    line = Line(Model(label="a", id="m", service_tier="flex", latency="optimized"), FULL)
    made = json.loads(body(line, "Why?", system, "Request 1.\n\n"))
    report = ParamValidator().validate({"modelId": "m", **made}, shape("ConverseStream"))
    assert not report.has_errors(), report.generate_report()
    assert made["inferenceConfig"] == {
        "maxTokens": 64,
        "temperature": 0.5,
        "topP": 0.9,
        "stopSequences": ["END"],
    }
    assert made["additionalModelRequestFields"] == {"top_k": 5, "nested": {"a": [1]}}


def test_the_nonce_leads_the_system_prompt_if_there_is_one_else_the_prompt() -> None:
    line = Line(Model(label="a", id="m"), Inference())
    with_system = json.loads(body(line, "Why?", "Be short.", "N "))
    without = json.loads(body(line, "Why?", None, "N "))
    assert with_system["system"] == [{"text": "N Be short."}]
    assert with_system["messages"][0]["content"] == [{"text": "Why?"}]
    assert without["messages"][0]["content"] == [{"text": "N Why?"}]
    assert "system" not in without and "inferenceConfig" not in without


def test_a_nonce_is_new_for_each_attempt_and_user_and_the_same_on_resume() -> None:
    made = {nonce(salt, key, number) for salt in (b"a", b"b") for key in ("k", "l") for number in (1, 2)}
    assert len(made) == 8
    assert nonce(b"a", "k", 1) == nonce(b"a", "k", 1)
    assert all(re.fullmatch(r"Request \d{3} \d{3} \d{3} \d{3} \d{3}\.\n\n", one) for one in made)


def test_an_arn_is_one_segment_of_the_path() -> None:
    line = Line(
        Model(label="a", id="arn:aws:bedrock:us-east-1:1:inference-profile/x", stream=False), Inference()
    )
    assert line.path == "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse"


def test_a_label_is_no_part_of_what_is_asked() -> None:
    one = Line(Model(label="a", id="m"), FULL)
    other = Line(Model(label="b", id="m"), FULL)
    assert one.identity() == other.identity()
    assert one.identity() != Line(Model(label="a", id="m", service_tier="flex"), FULL).identity()


def test_the_endpoint_of_a_region_is_the_one_botocore_resolves() -> None:
    address = resolve(BedrockEndpoint(kind="bedrock", region="eu-central-1"))
    assert (address.scheme, address.host_header) == ("https", "bedrock-runtime.eu-central-1.amazonaws.com")
    given = resolve(BedrockEndpoint(kind="bedrock", region="eu-central-1", url="http://127.0.0.1:8080/"))
    assert (given.host_header, given.identity) == ("127.0.0.1:8080", "http://127.0.0.1:8080")


def test_every_error_of_botocores_model_has_a_kind_of_its_own() -> None:
    model = Session().get_service_model("bedrock-runtime")
    names = {
        error.name
        for name in ("Converse", "ConverseStream")
        for error in model.operation_model(name).error_shapes
    }
    kinds = {name: kind_of(name, None) for name in names}
    assert "http_error" not in kinds.values()
    assert len(set(kinds.values())) == len(names)
    assert set(kinds.values()) <= set(KINDS)


def test_errors_are_known_by_every_spelling_of_their_name() -> None:
    assert kind_of("throttlingException", None) == "throttling"
    assert kind_of("ThrottlingException:http://internal.example/", 400) == "throttling"
    assert kind_of("com.amazon.coral.service#UnrecognizedClientException", 403) == "access_denied"
    assert kind_of(None, 503) == "service_unavailable"
    assert kind_of("SomethingNewException", 429) == "throttling"
    assert kind_of(None, 418) == "http_error"


@pytest.mark.parametrize("system", [None, "Be short."])
def test_a_cache_point_stands_between_document_and_question_and_the_text_stays_the_same(
    system: str | None,
) -> None:
    line = Line(Model(label="a", id="m", cache="warm"), FULL)
    prompt = "A long document. " * 20 + "Question: Why?\nAnswer:"
    made = json.loads(body(line, prompt, system, "N ", cache_point(prompt, "Why?")))
    before, point, after = made["messages"][0]["content"]
    assert before["text"].endswith("Question: ") and after == {"text": "Why?\nAnswer:"}
    assert point == {"cachePoint": {"type": "default"}}
    assert before["text"] + after["text"] == ("" if system else "N ") + prompt
    report = ParamValidator().validate({"modelId": "m", **made}, shape("ConverseStream"))
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("question", ["Why?", "not there", ""])
def test_a_prompt_that_does_not_end_in_its_question_is_cached_whole(question: str) -> None:
    prompt = "Why? " + "A long document. " * 20
    assert cache_point(prompt, question) == len(prompt)
    made = json.loads(body(Line(Model(label="a", id="m"), FULL), prompt, None, "N ", len(prompt)))
    assert [list(block) for block in made["messages"][0]["content"]] == [["text"], ["cachePoint"]]


def test_warm_asks_something_else_than_cold_and_cold_asks_what_it_always_did() -> None:
    cold, warm = Line(Model(label="a", id="m"), FULL), Line(Model(label="a", id="m", cache="warm"), FULL)
    assert warm.identity() == {**cold.identity(), "cache": "warm"}
    assert "cache" not in cold.identity()
