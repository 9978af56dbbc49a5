"""How a request ended: the answer and what the service said about it, or the kind of error."""

from dataclasses import dataclass


@dataclass(slots=True)
class Outcome:
    """What came of one request. Counts are the service's own; null where it didn't say.

    `error` is one of `assay.bedrock.errors.KINDS`, null if the answer is whole. `text` is also kept of an answer
    that broke off, since it was paid for. Sizes are in characters of content (text and reasoning).
    """

    error: str | None = None
    error_in_stream: bool = False
    error_message: str | None = None
    retry_after_s: float | None = None
    http_status: int | None = None
    request_id: str | None = None
    stop_reason: str | None = None
    text: str = ""
    reasoning_text: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    service_latency_ms: float | None = None
    service_tier: str | None = None
    invoked_model_id: str | None = None
    """The model that a prompt router chose. Of inference profiles the service doesn't tell where they led."""
    connect_ms: float | None = None
    """Name look-up and TCP handshake of the connection; null where an earlier request had used it."""
    tls_ms: float | None = None
    """The TLS handshake after that; null without TLS, too."""
    chunks: int = 0
    first_chunk_chars: int = 0
    content_chars: int = 0

    @property
    def ok(self) -> bool:
        """Whether a whole answer came."""
        return self.error is None
