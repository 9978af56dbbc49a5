"""The family that a model is of, as far as its id tells: the provider, in Bedrock's own spelling."""

import re

_REGION = re.compile(r"^(?:[a-z]{2,3}|us-gov|global|apac)\.(?=[a-z0-9-]+\.)")
_NAMED = re.compile(r"^arn:[^:]*:bedrock:[^:]*:[^:]*:(?:foundation-model|inference-profile)/(?P<id>.+)$")
_SIMULATED = "sim"


def family(model_id: str) -> str | None:
    """`anthropic` of `us.anthropic.claude-sonnet-4-5-20250929-v1:0`; None where an id doesn't tell.

    Ids of inference profiles and ARNs of models and of the service's own profiles are understood. ARNs of application
    profiles, imported models and provisioned throughput say nothing of a family, nor do ids of simulated models.
    """
    named = _NAMED.match(model_id)
    if model_id.startswith("arn:") and named is None:
        return None
    bare = _REGION.sub("", named["id"] if named else model_id)
    provider, dot, _ = bare.partition(".")
    return provider if dot and provider and provider != _SIMULATED else None
