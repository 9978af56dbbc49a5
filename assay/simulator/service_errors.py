"""The errors that bedrock-runtime can answer with: their names, HTTP statuses and usual words.

Names and statuses are those of the service model (2023-09-30); those of refused credentials are the ones that
AWS documents as common to all services. Leaves to others when an error happens, and how it travels.
"""

EXCEPTIONS: dict[str, tuple[str, int]] = {
    "access_denied": ("AccessDeniedException", 403),
    "internal_server": ("InternalServerException", 500),
    "model_error": ("ModelErrorException", 424),
    "model_not_ready": ("ModelNotReadyException", 429),
    "model_stream_error": ("ModelStreamErrorException", 424),
    "model_timeout": ("ModelTimeoutException", 408),
    "resource_not_found": ("ResourceNotFoundException", 404),
    "service_quota_exceeded": ("ServiceQuotaExceededException", 400),
    "service_unavailable": ("ServiceUnavailableException", 503),
    "throttling": ("ThrottlingException", 429),
    "validation": ("ValidationException", 400),
    "unknown_operation": ("UnknownOperationException", 404),
    "missing_authentication": ("MissingAuthenticationTokenException", 403),
    "incomplete_signature": ("IncompleteSignatureException", 403),
    "invalid_signature": ("InvalidSignatureException", 403),
    "unrecognized_client": ("UnrecognizedClientException", 403),
}
"""By our name for the kind: the service's name and the HTTP status."""

USUAL_WORDS: dict[str, str] = {
    "access_denied": "You don't have access to the model with the specified model ID.",
    "internal_server": "The system encountered an unexpected error during processing. Try your request again.",
    "model_error": "The model returned an error while it processed the request.",
    "model_not_ready": "Model is not ready for inference. Wait and try your request again.",
    "model_stream_error": "The system encountered an unexpected error while streaming. Try your request again.",
    "model_timeout": "Model has timed out in processing the request. Try your request again.",
    "resource_not_found": "Could not resolve the foundation model from the provided model identifier.",
    "service_quota_exceeded": "Your request exceeds the service quota for your account.",
    "service_unavailable": "Bedrock is unable to process your request. Try your request again.",
    "throttling": "Too many requests, please wait before trying again.",
    "validation": "The provided request is not valid.",
}


class ServiceError(Exception):
    """The request is refused with this error."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message

    @classmethod
    def usual(cls, kind: str) -> "ServiceError":
        """The error of this kind in the words that the service usually has for it."""
        return cls(kind, USUAL_WORDS[kind])

    @property
    def exception(self) -> str:
        """The service's name of the error, such as ThrottlingException."""
        return EXCEPTIONS[self.kind][0]

    @property
    def status(self) -> int:
        return EXCEPTIONS[self.kind][1]

    @property
    def stream_member(self) -> str:
        """Its name as an event of a stream, such as throttlingException."""
        return self.exception[0].lower() + self.exception[1:]
