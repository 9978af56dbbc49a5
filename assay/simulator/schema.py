"""The shape of what Converse, ConverseStream and CountTokens accept, and the check of a body against it.

Written down from the service model of bedrock-runtime, dated 2023-09-30; a test compares it with botocore's copy. Leaves
to `requests` what a well-formed request means.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from assay.simulator.service_errors import ServiceError

Check = Callable[[Any, str], None]
"""Raises ServiceError if the value at this path is not of the shape."""


class Structure:
    """An object with known members, of which some are required."""

    union = False

    def __init__(self, required: tuple[str, ...] = (), /, **members: Check) -> None:
        self.required = required
        self.members: Mapping[str, Check] = members

    def __call__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise _refused(path, f"Member must be an object, not {_kind(value)}")
        for name in value:
            if name not in self.members:
                raise _refused(
                    _join(path, name), f"Unknown member; expected one of {', '.join(self.members)}"
                )
        present = [name for name, item in value.items() if item is not None]
        for name in self.required:
            if name not in present:
                raise _refused(_join(path, name), "Member must not be null")
        if self.union and len(present) != 1:
            raise _refused(path, f"Member must have exactly one of {', '.join(self.members)}")
        for name in present:
            self.members[name](value[name], _join(path, name))


class Union(Structure):
    """An object that has exactly one of the known members."""

    union = True


class ListOf:
    """A list of members of one shape."""

    def __init__(self, member: Check, least: int = 0, most: int | None = None) -> None:
        self.member = member
        self.least = least
        self.most = most

    def __call__(self, value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise _refused(path, f"Member must be a list, not {_kind(value)}")
        _check_length(len(value), self.least, self.most, path)
        for number, item in enumerate(value):
            self.member(item, f"{path}.{number}")


class MapOf:
    """An object with any names, whose members have one shape."""

    def __init__(self, member: Check, least: int = 0, most: int | None = None) -> None:
        self.member = member
        self.least = least
        self.most = most

    def __call__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise _refused(path, f"Member must be an object, not {_kind(value)}")
        _check_length(len(value), self.least, self.most, path)
        for name, item in value.items():
            self.member(item, _join(path, name))


class String:
    """A text: one of `names`, or of a length and pattern."""

    def __init__(
        self, *names: str, least: int = 0, most: int | None = None, pattern: str | None = None
    ) -> None:
        self.names = names
        self.least = least
        self.most = most
        self.pattern = None if pattern is None else re.compile(pattern)

    def __call__(self, value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise _refused(path, f"Member must be a string, not {_kind(value)}")
        if self.names and value not in self.names:
            raise _refused(path, f"Member must satisfy enum value set: [{', '.join(self.names)}]")
        _check_length(len(value), self.least, self.most, path)
        if self.pattern is not None and not self.pattern.fullmatch(value):
            raise _refused(path, f"Member must satisfy regular expression pattern: {self.pattern.pattern}")


class Numeric:
    """A number in a range; whole if `whole`."""

    def __init__(self, whole: bool, least: float | None = None, most: float | None = None) -> None:
        self.whole = whole
        self.least = least
        self.most = most

    def __call__(self, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            kind = "an integer" if self.whole else "a number"
            raise _refused(path, f"Member must be {kind}, not {_kind(value)}")
        if self.least is not None and value < self.least:
            raise _refused(path, f"Member must have value greater than or equal to {self.least:g}")
        if self.most is not None and value > self.most:
            raise _refused(path, f"Member must have value less than or equal to {self.most:g}")


def boolean(value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise _refused(path, f"Member must be a boolean, not {_kind(value)}")


def document(value: Any, path: str) -> None:
    """Any JSON."""


def _check_length(length: int, least: int, most: int | None, path: str) -> None:
    if length < least:
        raise _refused(path, f"Member must have length greater than or equal to {least}")
    if most is not None and length > most:
        raise _refused(path, f"Member must have length less than or equal to {most}")


def _refused(path: str, constraint: str) -> ServiceError:
    message = f"1 validation error detected: Value at '{path}' failed to satisfy constraint: {constraint}"
    return ServiceError("validation", message)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


_text = String()
_nonempty = String(least=1)
_blob = String()  # base64 in JSON
_index = Numeric(whole=True, least=0)

_s3_location = Structure(
    ("uri",),
    uri=String(least=1, most=1024, pattern=r"s3://[a-z0-9][\.\-a-z0-9]{1,61}[a-z0-9](/.*)?"),
    bucketOwner=String(pattern=r"[0-9]{12}"),
)
_media_source = Union(bytes=String(least=1), s3Location=_s3_location)
_error_block = Structure(message=_text)
_citations_config = Structure(("enabled",), enabled=boolean)

_image = Structure(
    ("format", "source"),
    format=String("png", "jpeg", "gif", "webp"),
    source=_media_source,
    error=_error_block,
)
_document_block = Structure(
    ("name", "source"),
    format=String("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"),
    name=String(least=1, most=200),
    source=Union(
        bytes=String(least=1),
        s3Location=_s3_location,
        text=_text,
        content=ListOf(Union(text=_text)),
    ),
    context=_text,
    citations=_citations_config,
)
_video = Structure(
    ("format", "source"),
    format=String("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"),
    source=_media_source,
)
_audio = Structure(
    ("format", "source"),
    format=String(
        *("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga"),
        *("pcm", "webm"),
    ),
    source=_media_source,
    error=_error_block,
)
_search_result = Structure(
    ("source", "title", "content"),
    source=_text,
    title=_text,
    content=ListOf(Structure(("text",), text=_text)),
    citations=_citations_config,
)
_tool_use_id = String(least=1, most=64, pattern=r"[a-zA-Z0-9_.:-]+")
_tool_name = String(least=1, most=64, pattern=r"[a-zA-Z0-9_-]+")
_tool_use = Structure(
    ("toolUseId", "name", "input"),
    toolUseId=_tool_use_id,
    name=_tool_name,
    input=document,
    type=String("server_tool_use"),
)
_tool_result = Structure(
    ("toolUseId", "content"),
    toolUseId=_tool_use_id,
    content=ListOf(
        Union(
            json=document,
            text=_text,
            image=_image,
            document=_document_block,
            video=_video,
            searchResult=_search_result,
        )
    ),
    status=String("success", "error"),
    type=_text,
)
_guard_content = Union(
    text=Structure(
        ("text",),
        text=_text,
        qualifiers=ListOf(String("grounding_source", "query", "guard_content")),
    ),
    image=Structure(
        ("format", "source"),
        format=String("png", "jpeg"),
        source=Union(bytes=String(least=1)),
    ),
)
_cache_point = Structure(("type",), type=String("default"), ttl=String("5m", "1h"))
_reasoning = Union(
    reasoningText=Structure(("text",), text=_text, signature=_text),
    redactedContent=_blob,
)
_document_place = {"documentIndex": _index, "start": _index, "end": _index}
_citations_content = Structure(
    content=ListOf(Union(text=_text)),
    citations=ListOf(
        Structure(
            title=_text,
            source=_text,
            sourceContent=ListOf(Union(text=_text)),
            location=Union(
                web=Structure(url=_text, domain=_text),
                documentChar=Structure(**_document_place),
                documentPage=Structure(**_document_place),
                documentChunk=Structure(**_document_place),
                searchResultLocation=Structure(searchResultIndex=_index, start=_index, end=_index),
            ),
        )
    ),
)
_tool_reference = Structure(
    type=String(least=1, most=64),
    name=String(least=1, most=128),
    serverName=String(least=1, most=128),
)

_messages = ListOf(
    Structure(
        ("role", "content"),
        role=String("user", "assistant", "system"),
        content=ListOf(
            Union(
                text=_text,
                image=_image,
                document=_document_block,
                video=_video,
                audio=_audio,
                toolUse=_tool_use,
                toolResult=_tool_result,
                guardContent=_guard_content,
                cachePoint=_cache_point,
                reasoningContent=_reasoning,
                citationsContent=_citations_content,
                searchResult=_search_result,
                toolAddition=Structure(("tool",), tool=_tool_reference),
                toolRemoval=Structure(("tool",), tool=_tool_reference),
            )
        ),
    )
)
_system = ListOf(Union(text=_nonempty, guardContent=_guard_content, cachePoint=_cache_point))
_tool_config = Structure(
    ("tools",),
    tools=ListOf(
        Union(
            toolSpec=Structure(
                ("name", "inputSchema"),
                name=_tool_name,
                description=_nonempty,
                inputSchema=Union(json=document),
                strict=boolean,
            ),
            systemTool=Structure(("name",), name=_tool_name),
            cachePoint=_cache_point,
        ),
        least=1,
    ),
    toolChoice=Union(
        auto=Structure(),
        any=Structure(),
        tool=Structure(("name",), name=_tool_name),
    ),
)
_guardrail: dict[str, Check] = {
    "guardrailIdentifier": String(
        most=2048,
        pattern=r"(|([a-z0-9]+)|(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:guardrail/[a-z0-9]+))",
    ),
    "guardrailVersion": String(pattern=r"(|([1-9][0-9]{0,7})|(DRAFT))"),
    "trace": String("enabled", "disabled", "enabled_full"),
}
_converse: dict[str, Check] = {
    "messages": _messages,
    "system": _system,
    "inferenceConfig": Structure(
        maxTokens=Numeric(whole=True, least=1),
        temperature=Numeric(whole=False, least=0, most=1),
        topP=Numeric(whole=False, least=0, most=1),
        stopSequences=ListOf(_nonempty, most=2500),
    ),
    "toolConfig": _tool_config,
    "additionalModelRequestFields": document,
    "promptVariables": MapOf(Union(text=_text)),
    "additionalModelResponseFieldPaths": ListOf(String(least=1, most=256), most=10),
    "requestMetadata": MapOf(String(most=256, pattern=r"[a-zA-Z0-9\s:_@$#=/+,-.]{0,256}"), least=1, most=16),
    "performanceConfig": Structure(latency=String("standard", "optimized")),
    "serviceTier": Structure(("type",), type=String("priority", "default", "flex", "reserved")),
    "outputConfig": Structure(
        textFormat=Structure(
            ("type", "structure"),
            type=String("json_schema"),
            structure=Union(
                jsonSchema=Structure(("schema",), schema=_text, name=_text, description=_text),
            ),
        ),
        effort=String(most=16),
    ),
}

CONVERSE = Structure(**_converse, guardrailConfig=Structure(**_guardrail))
CONVERSE_STREAM = Structure(
    **_converse,
    guardrailConfig=Structure(**_guardrail, streamProcessingMode=String("sync", "async")),
)
COUNT_TOKENS = Structure(
    ("input",),
    input=Union(
        invokeModel=Structure(("body",), body=_blob),
        converse=Structure(
            messages=_messages,
            system=_system,
            toolConfig=_tool_config,
            additionalModelRequestFields=document,
        ),
    ),
)
