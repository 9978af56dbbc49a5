"""The kinds of errors that a request can end in: one word each, the same in ledger, records and report."""

from collections.abc import Mapping
from typing import Any

_BY_EXCEPTION = {
    "ThrottlingException": "throttling",
    "TooManyRequestsException": "throttling",
    "ServiceQuotaExceededException": "service_quota_exceeded",
    "AccessDeniedException": "access_denied",
    "UnrecognizedClientException": "access_denied",
    "InvalidSignatureException": "access_denied",
    "MissingAuthenticationTokenException": "access_denied",
    "MissingAuthenticationToken": "access_denied",
    "IncompleteSignatureException": "access_denied",
    "InvalidClientTokenId": "access_denied",
    "ExpiredTokenException": "access_denied",
    "ExpiredToken": "access_denied",
    "ValidationException": "validation",
    "ResourceNotFoundException": "resource_not_found",
    "ModelTimeoutException": "model_timeout",
    "ModelErrorException": "model_error",
    "ModelNotReadyException": "model_not_ready",
    "InternalServerException": "internal_server",
    "InternalFailure": "internal_server",
    "ServiceUnavailableException": "service_unavailable",
    "ServiceUnavailable": "service_unavailable",
    "ModelStreamErrorException": "model_stream_error",
}
_BY_STATUS = {
    400: "validation",
    401: "access_denied",
    403: "access_denied",
    404: "resource_not_found",
    408: "model_timeout",
    424: "model_error",
    429: "throttling",
    500: "internal_server",
    503: "service_unavailable",
}

_ON_THE_WAY = (
    "connect_failed",
    "disconnected",
    "stream_cut",
    "half_frame",
    "corrupt_frame",
    "malformed_answer",
    "body_cut",
    "timeout_connect",
    "timeout_first_byte",
    "timeout_gap",
    "timeout_total",
)
"""What became of the connection and of the answer on it; then our own time limits."""

KINDS = (
    *dict.fromkeys(_BY_EXCEPTION.values()),
    "http_error",
    *_ON_THE_WAY,
    "interrupted",
)
"""Every kind. What the service said comes first; then what became of the connection; then our own time limits;
last, a request that a crashed sitting had sent and whose answer nobody knows."""

THROTTLED = frozenset({"throttling", "model_not_ready"})
"""The service asks for patience: in a closed loop, the slot waits before it asks again."""

MAY_PASS = THROTTLED | {
    "model_timeout",
    "model_error",
    "internal_server",
    "service_unavailable",
    "model_stream_error",
    *_ON_THE_WAY,
}
"""Errors that another try may not meet again."""

UNPAID = THROTTLED | {
    "service_quota_exceeded",
    "access_denied",
    "validation",
    "resource_not_found",
    "model_timeout",
    "model_error",
    "internal_server",
    "service_unavailable",
    "http_error",
    "connect_failed",
    "timeout_connect",
}
"""Errors that come in place of an answer: they cost nothing, unless they came inside a stream."""

HOPELESS = frozenset({"access_denied", "resource_not_found", "connect_failed", "timeout_connect"})
"""Errors that, where a sitting meets nothing else, mean that the set-up is wrong and nothing was bought."""


def unpaid(outcome: Mapping[str, Any]) -> bool:
    """Whether a request, by what the ledger holds of its outcome, was refused with an error in place of an answer."""
    return outcome.get("error") in UNPAID and not outcome.get("error_in_stream")


def kind_of(exception: str | None, status: int | None) -> str:
    """The kind of an error, by the exception's name (HTTP header or stream event), else by the HTTP status.

    Names come as `ThrottlingException`, with a namespace (`com.amazon#ThrottlingException`), with an address
    behind a colon, or, in streams, in lower camel case (`throttlingException`).
    """
    if exception:
        name = exception.split(":", 1)[0].rsplit("#", 1)[-1].strip()
        found = _BY_EXCEPTION.get(name[:1].upper() + name[1:])
        if found:
            return found
    if status is None:
        return "http_error"
    return _BY_STATUS.get(status, "http_error")
