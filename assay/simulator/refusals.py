"""Requests that a model never takes: no access, no streaming, a parameter it doesn't know. In Bedrock's own words.

The words are as they are found in reports of users; that of a service tier that a model lacks is a guess.
"""

from assay.simulator.behaviour import Feature, JudgesAnswers, Output, Served
from assay.simulator.requests import Ask
from assay.simulator.service_errors import ServiceError

_NO_ACCESS = {
    "denied": ("access_denied", "You don't have access to the model with the specified model ID."),
    "profile_only": (
        "validation",
        "Invocation of model ID {model} with on-demand throughput isn\u2019t supported. Retry your request with the ID or "
        "ARN of an inference profile that contains this model.",
    ),
    "end_of_life": (
        "resource_not_found",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
    ),
}

_REFUSED: dict[Feature, tuple[str, str]] = {
    "streaming": ("validation", "The model is unsupported for streaming."),
    "system_prompt": (
        "validation",
        "This model doesn't support system messages. Try again without a system message or use a model that supports "
        "system messages.",
    ),
    "temperature": (
        "validation",
        "The model returned the following errors: `temperature` is deprecated for this model.",
    ),
    "top_p": ("validation", "This model doesn't support the topP field. Remove topP and try again."),
    "temperature_with_top_p": (
        "validation",
        "The model returned the following errors: `temperature` and `top_p` cannot both be specified for this model. "
        "Please use only one.",
    ),
    "stop_sequences": (
        "validation",
        "This model doesn't support the stopSequences field. Remove stopSequences and try again.",
    ),
    "cache_points": (
        "access_denied",
        "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more "
        "information.",
    ),
    "service_tiers": ("validation", "The service tier is not supported for this model."),
    "optimized_latency": (
        "validation",
        "Latency performance configuration is not supported for {model}.",
    ),
}


_NO_OUTPUT: dict[Output, str] = {
    "json_schema": "The model returned the following errors: output_config.format: Extra inputs are not permitted",
    "tool": "This model doesn't support tool use.",
}


def check(model_id: str, served: Served, operation: str, ask: Ask) -> None:
    """Raises ServiceError for a request that the model never takes."""
    if served.access != "granted":
        kind, words = _NO_ACCESS[served.access]
        raise ServiceError(kind, words.format(model=model_id))
    used = ask.uses | ({"streaming"} if operation == "converse-stream" else frozenset())
    for feature in served.refuses:
        if feature in used:
            kind, words = _REFUSED[feature]
            raise ServiceError(kind, words.format(model=model_id))
    if isinstance(served, JudgesAnswers) and ask.output is not None and ask.output not in served.outputs:
        raise ServiceError("validation", _NO_OUTPUT[ask.output])
