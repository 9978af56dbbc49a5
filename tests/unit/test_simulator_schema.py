"""The simulator accepts what botocore's model of bedrock-runtime describes, and refuses the rest by name."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from assay.simulator import requests, schema
from assay.simulator.service_errors import EXCEPTIONS, ServiceError

MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")
OPERATIONS = {
    "Converse": schema.CONVERSE,
    "ConverseStream": schema.CONVERSE_STREAM,
    "CountTokens": schema.COUNT_TOKENS,
}


def compare(shape: Shape, check: Any, path: str, skip: tuple[str, ...] = ()) -> None:
    """Walk both descriptions side by side."""
    if shape.metadata.get("document") or getattr(shape, "is_document_type", False):
        assert check is schema.document, path
    elif isinstance(shape, StructureShape):
        assert isinstance(check, schema.Structure), path
        wanted = {name: member for name, member in shape.members.items() if name not in skip}
        assert set(check.members) == set(wanted), path
        assert set(check.required) == set(shape.required_members) - set(skip), path
        assert check.union == shape.is_tagged_union, path
        for name, member in wanted.items():
            compare(member, check.members[name], f"{path}.{name}")
    elif isinstance(shape, ListShape):
        assert isinstance(check, schema.ListOf), path
        assert (check.least, check.most) == (shape.metadata.get("min", 0), shape.metadata.get("max")), path
        compare(shape.member, check.member, f"{path}[]")
    elif isinstance(shape, MapShape):
        assert isinstance(check, schema.MapOf), path
        compare(shape.value, check.member, f"{path}{{}}")
    elif isinstance(shape, StringShape):
        assert isinstance(check, schema.String), path
        assert list(check.names) == shape.enum, path
        assert (check.least, check.most) == (shape.metadata.get("min", 0), shape.metadata.get("max")), path
        assert (check.pattern.pattern if check.pattern else None) == shape.metadata.get("pattern"), path
    elif shape.type_name == "blob":
        assert isinstance(check, schema.String), path
    elif shape.type_name == "boolean":
        assert check is schema.boolean, path
    else:
        assert isinstance(check, schema.Numeric), path
        assert check.whole == (shape.type_name in ("integer", "long")), path
        assert (check.least, check.most) == (shape.metadata.get("min"), shape.metadata.get("max")), path


@pytest.mark.parametrize("operation", OPERATIONS)
def test_bodies_have_the_shape_of_the_service_model(operation: str) -> None:
    compare(MODEL.operation_model(operation).input_shape, OPERATIONS[operation], operation, skip=("modelId",))


def test_errors_have_the_names_and_statuses_of_the_service_model() -> None:
    known = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in MODEL.error_shapes}
    ours = dict(EXCEPTIONS.values())
    assert {name: status for name, status in ours.items() if name in known} == {
        name: status for name, status in known.items() if name != "ConflictException"
    }


def test_errors_in_streams_have_the_names_of_the_service_model() -> None:
    stream = MODEL.operation_model("ConverseStream").get_event_stream_output()
    for kind in ("internal_server", "model_stream_error", "validation", "throttling", "service_unavailable"):
        assert ServiceError(kind, "").stream_member in stream.members


USER = {"role": "user", "content": [{"text": "hi"}]}


def body(**changed: Any) -> bytes:
    return json.dumps({"messages": [USER], **changed}).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[]", "must be an object, not a list"),
        (b"{}", "must start with a user message"),
        (body(messages=[]), "must start with a user message"),
        (
            body(messages=[{"role": "assistant", "content": [{"text": "hi"}]}]),
            "must start with a user message",
        ),
        (body(messages=[USER, USER]), "must alternate"),
        (body(messages=[{"role": "user"}]), "'messages.0.content'"),
        (body(messages=[{"role": "user", "content": []}]), "is empty"),
        (body(messages=[{"role": "user", "content": [{"text": " "}]}]), "is blank"),
        (body(messages=[{"role": "user", "content": "hi"}]), "must be a list, not a string"),
        (body(messages=[{"role": "user", "content": [{"text": "a", "json": 1}]}]), "Unknown member"),
        (body(messages=[{"role": "user", "content": [{}]}]), "exactly one of"),
        (body(mesages=[]), "'mesages'"),
        (body(inferenceConfig={"maxTokens": 0}), "greater than or equal to 1"),
        (body(inferenceConfig={"maxTokens": "5"}), "must be an integer, not a string"),
        (body(inferenceConfig={"maxTokens": True}), "must be an integer, not a boolean"),
        (body(inferenceConfig={"temperature": 1.5}), "less than or equal to 1"),
        (body(inferenceConfig={"max_tokens": 5}), "'inferenceConfig.max_tokens'"),
        (body(inferenceConfig={"stopSequences": [""]}), "'inferenceConfig.stopSequences.0'"),
        (body(serviceTier={"type": "best"}), "enum value set"),
        (body(system=[{"text": ""}]), "'system.0.text'"),
    ],
)
def test_says_what_is_wrong_with_a_body(content: bytes, words: str) -> None:
    with pytest.raises(ServiceError) as caught:
        requests.read("converse", content)
    assert caught.value.kind == "validation"
    assert words in caught.value.message


def test_reads_prompt_context_and_limits() -> None:
    content = body(
        system=[{"text": "Be brief."}],
        messages=[
            {"role": "user", "content": [{"text": "first"}]},
            {"role": "assistant", "content": [{"text": "reply"}]},
            {
                "role": "user",
                "content": [{"text": "sec"}, {"cachePoint": {"type": "default"}}, {"text": "ond"}],
            },
        ],
        inferenceConfig={"maxTokens": 5, "temperature": 0.5, "stopSequences": ["x"]},
        serviceTier={"type": "flex"},
        additionalModelRequestFields={"anything": [1]},
    )
    ask = requests.read("converse-stream", content)
    assert ask.prompt == "second"
    assert ask.context == "Be brief.\nfirst\nreply"
    assert (ask.max_tokens, ask.temperature, ask.stop_sequences) == (5, 0.5, ("x",))
    assert dict(ask.echoed) == {"serviceTier": {"type": "flex"}}


@pytest.mark.parametrize(
    ("path", "model_id"),
    [
        ("/model/sim.swift-v1%3A0/converse", "sim.swift-v1:0"),
        ("/model/sim.swift-v1:0/converse", "sim.swift-v1:0"),
        ("/model/arn%3Aaws%3Abedrock%3A%3A%3Aprofile%2Fx/converse?a=1", "arn:aws:bedrock:::profile/x"),
        ("/model/arn:aws:bedrock:::profile/x/converse", "arn:aws:bedrock:::profile/x"),
        ("/model/converse/converse", "converse"),
    ],
)
def test_finds_the_model_in_the_path(path: str, model_id: str) -> None:
    assert requests.target("POST", path).model_id == model_id


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/model/x/converse"), ("POST", "/model/x/invoke"), ("POST", "/model//converse"), ("POST", "/")],
)
def test_serves_nothing_else(method: str, path: str) -> None:
    with pytest.raises(ServiceError) as caught:
        requests.target(method, path)
    assert caught.value.status == 404
