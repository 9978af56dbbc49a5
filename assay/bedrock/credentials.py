"""Finds credentials: the Bedrock API key of the environment, else botocore's chain.

The chain is environment, profile, SSO, assumed role, container and instance; it refreshes what expires.
"""

import os

from assay.bedrock.settings import BedrockEndpoint
from assay.bedrock.signing import Bearer, Credentials, Signer, SigV4
from assay.errors import InputError

BEARER_TOKEN_VARIABLE = "AWS_BEARER_TOKEN_BEDROCK"


def signer(endpoint: BedrockEndpoint) -> Signer:
    """The signer for an endpoint.

    A Bedrock API key in the environment comes first, as in the AWS SDKs, unless the benchmark names a profile.
    Raises InputError if there are no credentials, or the profile doesn't exist.
    """
    token = os.environ.get(BEARER_TOKEN_VARIABLE)
    if token and endpoint.profile is None:
        return Bearer(token)
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        found = Session(profile=endpoint.profile).get_credentials()
        if found is not None:
            found.get_frozen_credentials()
    except BotoCoreError as error:
        raise InputError(
            f"endpoint.profile: no credentials for profile {endpoint.profile!r}: {error}"
        ) from error
    if found is None:
        where = f"profile {endpoint.profile!r}" if endpoint.profile else "the environment"
        raise InputError(
            f"endpoint: no AWS credentials found in {where}. Set AWS_PROFILE, log in with `aws sso login`, or put "
            f"a Bedrock API key into {BEARER_TOKEN_VARIABLE}."
        )

    def current() -> Credentials:
        frozen = found.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return SigV4(current, endpoint.region)
