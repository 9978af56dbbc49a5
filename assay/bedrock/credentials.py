"""Finds credentials: the Bedrock API key of the environment, else botocore's chain.

The chain is environment, profile, SSO, assumed role, container and instance; it refreshes what expires.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from assay.bedrock.settings import BedrockEndpoint
from assay.bedrock.signing import Bearer, Credentials, Signer, SigV4
from assay.errors import InputError

log = logging.getLogger(__name__)

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
        whose = f"profile {endpoint.profile!r}" if endpoint.profile else "the default profile"
        # The text of some errors holds what a credential program printed; the kind says enough.
        raise InputError(
            f"endpoint.profile: no credentials for {whose} ({type(error).__name__}). `aws sts get-caller-identity` "
            "with the same profile has to work first."
        ) from None
    if found is None:
        where = f"profile {endpoint.profile!r}" if endpoint.profile else "the environment"
        raise InputError(
            f"endpoint: no AWS credentials found in {where}. Set AWS_PROFILE, log in with `aws sso login`, or put "
            f"a Bedrock API key into {BEARER_TOKEN_VARIABLE}."
        )

    return SigV4(_Kept(found.get_frozen_credentials), endpoint.region)


class _Kept:
    """Credentials that are looked at again, once they are `LOOK_AGAIN_S` old, by a thread of its own.

    botocore refreshes what is about to expire whenever it is asked, and that may run a program or call a server for
    seconds. The event loop that stamps answers must not wait for it. Where a refresh fails, the ones at hand serve on,
    and the service says when they have expired.
    """

    LOOK_AGAIN_S = 60.0

    def __init__(self, look: Callable[[], Any], now: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._now = now
        self._looking: threading.Thread | None = None
        self._take()

    def __call__(self) -> Credentials:
        if self._now() - self._taken >= self.LOOK_AGAIN_S and not (
            self._looking and self._looking.is_alive()
        ):
            self._looking = threading.Thread(target=self._refresh, name="credentials", daemon=True)
            self._looking.start()
        return self._credentials

    def _refresh(self) -> None:
        try:
            self._take()
        except Exception as error:  # noqa: BLE001 - whatever a credential program or server does
            self._taken = self._now()
            # Only its kind: the text of such an error can hold what the program printed.
            log.warning(
                "credentials could not be refreshed (%s); going on with those at hand", type(error).__name__
            )

    def _take(self) -> None:
        frozen = self._look()
        self._credentials = Credentials(frozen.access_key, frozen.secret_key, frozen.token)
        self._taken = self._now()
