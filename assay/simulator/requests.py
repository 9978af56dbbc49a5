"""From the bytes of a request to what it asks: operation, model, prompt, limits.

Leaves the shape of bodies to `schema`, and what is answered to others.
"""

import base64
import binascii
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from assay.simulator import schema
from assay.simulator.behaviour import Feature, Output
from assay.simulator.service_errors import ServiceError

_SHAPES = {
    "converse": schema.CONVERSE,
    "converse-stream": schema.CONVERSE_STREAM,
    "count-tokens": schema.COUNT_TOKENS,
}


@dataclass(frozen=True, slots=True)
class Target:
    """What the request line says."""

    operation: str
    """converse, converse-stream or count-tokens."""
    model_id: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What the body says."""

    prompt: str
    """Text of the last message of the user."""
    context: str
    """All other text: system prompt and earlier messages."""
    max_tokens: int | None = None
    temperature: float | None = None
    stop_sequences: tuple[str, ...] = ()
    in_order: str = ""
    """All text in the order in which a model reads it: system prompt, then messages."""
    cache_points: tuple[int, ...] = ()
    """Places in that text before which the client wants it cached."""
    echoed: tuple[tuple[str, Any], ...] = ()
    """Members that the answer repeats: serviceTier, performanceConfig."""
    uses: frozenset[Feature] = frozenset()
    """What it has that some models refuse; streaming is a matter of the operation."""
    output: Output | None = None
    """How the form of the answer is to be enforced, if it is."""
    tool: str = ""
    """Name of the tool that has to be called, or may be."""
    form: Mapping[str, Any] = field(default_factory=dict)
    """The JSON schema of the answer, or of the tool's input; empty without one."""
    questions: tuple[str, ...] = ()
    """The user's messages, first to last: where there are several, the last one asks again about the first."""

    @property
    def text(self) -> str:
        return f"{self.context}\n{self.prompt}"


def target(method: str, path: str) -> Target:
    """Read a request line. Raises ServiceError for what bedrock-runtime doesn't serve."""
    plain = path.partition("?")[0]
    head, _, operation = plain.rpartition("/")
    prefix = "/model/"
    if method != "POST" or operation not in _SHAPES or not head.startswith(prefix) or head == prefix:
        raise ServiceError("unknown_operation", f"There is no operation {method} {plain}.")
    return Target(operation, unquote(head.removeprefix(prefix)))


def read(operation: str, body: bytes) -> Ask:
    """Read and check a body. Raises ServiceError of kind validation."""
    try:
        content = json.loads(body)
    except ValueError as error:  # of JSON or of UTF-8
        raise ServiceError("validation", f"The request body is not valid JSON: {error}") from None
    _SHAPES[operation](content, "")
    if operation == "count-tokens":
        return _counted(content["input"])
    return _conversation(content)


def _counted(content: dict[str, Any]) -> Ask:
    if content.get("converse") is not None:
        return _conversation(content["converse"])
    try:
        body = base64.b64decode(content["invokeModel"]["body"], validate=True)
    except binascii.Error as error:
        raise ServiceError("validation", f"input.invokeModel.body is not valid base64: {error}") from None
    return Ask(prompt=body.decode("utf-8", "replace"), context="")


def _conversation(content: dict[str, Any]) -> Ask:
    messages = content.get("messages") or []
    _check_order(messages)
    texts = [_text_of(message["content"]) for message in messages]
    last = max(number for number, message in enumerate(messages) if message["role"] == "user")
    system = _text_of(content.get("system") or [])
    context = "\n".join([system, *texts[:last], *texts[last + 1 :]])
    inference = content.get("inferenceConfig") or {}
    echoed = tuple(
        (name, content[name]) for name in ("serviceTier", "performanceConfig") if content.get(name)
    )
    in_order, cache_points = _read_through(
        [*(content.get("system") or []), *(block for message in messages for block in message["content"])]
    )
    output, tool, form = _form(content)
    return Ask(
        prompt=texts[last],
        context=context,
        in_order=in_order,
        cache_points=cache_points,
        max_tokens=inference.get("maxTokens"),
        temperature=inference.get("temperature"),
        stop_sequences=tuple(inference.get("stopSequences") or ()),
        echoed=echoed,
        uses=_uses(content, inference, bool(cache_points)),
        output=output,
        tool=tool,
        form=form,
        questions=tuple(
            text for text, message in zip(texts, messages, strict=True) if message["role"] == "user"
        ),
    )


def _form(content: dict[str, Any]) -> tuple[Output | None, str, Mapping[str, Any]]:
    """How the form of the answer is to be enforced: the way, the tool's name, the schema. A format comes before a tool."""
    text_format = (content.get("outputConfig") or {}).get("textFormat")
    if text_format:
        return "json_schema", "", _schema(text_format["structure"]["jsonSchema"]["schema"])
    config = content.get("toolConfig") or {}
    tools = {
        tool["toolSpec"]["name"]: tool["toolSpec"] for tool in config.get("tools", ()) if "toolSpec" in tool
    }
    if not tools:
        return None, "", {}
    name = (config.get("toolChoice") or {}).get("tool", {}).get("name") or next(iter(tools))
    if name not in tools:
        raise ServiceError(
            "validation",
            f"The toolConfig.toolChoice.tool.name {name} isn't the name of a tool in toolConfig.tools.",
        )
    schema = tools[name]["inputSchema"].get("json")
    return "tool", name, schema if isinstance(schema, dict) else {}


def _schema(text: str) -> Mapping[str, Any]:
    """A JSON schema in a text. What the service wants of it is checked in part: every object has to be closed."""
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise ServiceError(
            "validation", f"outputConfig.textFormat: the schema is not valid JSON: {error}"
        ) from None
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise ServiceError("validation", "outputConfig.textFormat: the schema has to be one of an object.")
    if schema.get("additionalProperties") is not False:
        raise ServiceError(
            "validation",
            "The model returned the following errors: output_config.format.schema: For 'object' type, "
            "'additionalProperties' must be explicitly set to false",
        )
    return schema


def _uses(content: dict[str, Any], inference: dict[str, Any], cache_points: bool) -> frozenset[Feature]:
    temperature, top_p = inference.get("temperature") is not None, inference.get("topP") is not None
    used: dict[Feature, bool] = {
        "system_prompt": bool(content.get("system")),
        "temperature": temperature,
        "top_p": top_p,
        "temperature_with_top_p": temperature and top_p,
        "stop_sequences": bool(inference.get("stopSequences")),
        "cache_points": cache_points,
        "service_tiers": (content.get("serviceTier") or {}).get("type") not in (None, "default"),
        "optimized_latency": (content.get("performanceConfig") or {}).get("latency") == "optimized",
    }
    return frozenset(feature for feature, present in used.items() if present)


def _check_order(messages: list[dict[str, Any]]) -> None:
    """Refuse conversations that Bedrock refuses, in its words."""
    if not messages or messages[0]["role"] != "user":
        raise ServiceError(
            "validation",
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message.",
        )
    for number, (before, after) in enumerate(itertools.pairwise(messages), start=1):
        if before["role"] == after["role"]:
            raise ServiceError(
                "validation",
                "A conversation must alternate between user and assistant roles. Make sure the conversation "
                f"alternates between user and assistant roles and try again: messages.{number}.",
            )
    for number, message in enumerate(messages):
        if not message["content"]:
            raise ServiceError(
                "validation", f"The content field in the Message object at messages.{number} is empty."
            )
        for place, block in enumerate(message["content"]):
            if "text" in block and not block["text"].strip():
                raise ServiceError(
                    "validation",
                    f"The text field in the ContentBlock object at messages.{number}.content.{place} is blank. "
                    "Add text to the text field, and try again.",
                )


def _text_of(blocks: list[dict[str, Any]]) -> str:
    return "".join(block["text"] for block in blocks if block.get("text") is not None)


def _read_through(blocks: list[dict[str, Any]]) -> tuple[str, tuple[int, ...]]:
    """All text of these blocks, and the places of the cache points between them."""
    texts: list[str] = []
    length = 0
    points = []
    for block in blocks:
        if block.get("text") is not None:
            texts.append(block["text"])
            length += len(block["text"])
        elif block.get("cachePoint") is not None:
            points.append(length)
    return "".join(texts), tuple(points)
