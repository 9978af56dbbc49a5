"""Asks the AWS Price List API for the products of Bedrock in a region.

Asked when requests go to AWS and there are credentials that may ask (`pricing:GetProducts`); a Bedrock API key can't. It
takes seconds at most: where the API doesn't answer, the next source of prices is used. What the products mean is read by
`listed`.
"""

import json
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from assay.prices.settings import PriceList

log = logging.getLogger(__name__)

SERVICES = ("AmazonBedrock", "AmazonBedrockFoundationModels", "AmazonBedrockService")
"""The service codes that Bedrock's prices stand under."""

API_REGION = "us-east-1"
"""One of the regions that answer for all of them."""

_OWN_ENDPOINT = ("AWS_ENDPOINT_URL_PRICING", "AWS_ENDPOINT_URL")
_CONNECT_S, _READ_S, _ATTEMPTS = 3, 5, 2


def products(asked: PriceList) -> list[dict[str, Any]] | None:
    """All products of Bedrock in the region; None where the list isn't asked or can't be had, with a line in the log.

    An endpoint that isn't AWS's own (`url`) has no list of AWS's, unless botocore is told where the list is.
    """
    if asked.region is None or (asked.url and not any(os.environ.get(name) for name in _OWN_ENDPOINT)):
        return None
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = _client(asked.profile)
        if client is None:
            log.info("AWS Price List: not asked, since there are no AWS credentials")
            return None
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            found = list(pool.map(lambda service: _of_service(client, service, asked.region), SERVICES))
    except ClientError as error:
        # The code only: the message names the account and the user.
        code = str(error.response.get("Error", {}).get("Code", "an error"))
        how = "; it takes the permission pricing:GetProducts" if "AccessDenied" in code else ""
        log.warning("AWS Price List: refused (%s)%s", code, how)
        return None
    except BotoCoreError as error:
        log.warning("AWS Price List: can't be reached (%s)", type(error).__name__)
        return None
    made = [product for pages in found for product in pages]
    log.info("AWS Price List: %d products of Bedrock in %s", len(made), asked.region)
    return made


def _client(profile: str | None) -> Any:
    """A client with credentials; None where there are none."""
    import boto3  # half a second, and only where it is asked
    from botocore.config import Config

    session = boto3.Session(profile_name=profile, region_name=API_REGION)
    if session.get_credentials() is None:
        return None
    return session.client(
        "pricing",
        config=Config(
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            retries={"total_max_attempts": _ATTEMPTS},
            max_pool_connections=len(SERVICES),
        ),
    )


def _of_service(client: Any, service: str, region: str | None) -> list[dict[str, Any]]:
    try:
        return list(_pages(client, service, region))
    except client.exceptions.NotFoundException:
        log.info("AWS Price List: knows no service %s", service)
        return []


def _pages(client: Any, service: str, region: str | None) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("get_products").paginate(
        ServiceCode=service,
        FormatVersion="aws_v1",
        Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
    )
    for page in pages:
        for text in page["PriceList"]:
            try:
                product = json.loads(text)
            except ValueError:
                log.warning("AWS Price List: %s holds a product that isn't JSON; it is left out", service)
                continue
            if isinstance(product, dict):
                yield product
