"""What CloudWatch says of a model in some minutes: AWS's own count of requests, throttles, errors, tokens and latency.

It counts all of the account's requests to the model in the region, whoever sent them, and has them a few minutes later.
What a run itself saw in those minutes is left to `assay.measurement.seen`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from assay.bedrock.settings import BedrockEndpoint

NAMESPACE = "AWS/Bedrock"
PERIOD_S = 60
SUMS = (
    "Invocations",
    "InvocationThrottles",
    "InvocationClientErrors",
    "InvocationServerErrors",
    "InputTokenCount",
    "OutputTokenCount",
)
"""Counted by the minute, and here over all of them."""

LATENCY = "InvocationLatency"
"""Milliseconds from a request's arrival to the last token of its answer."""

_ID_OF = {f"{name[0].lower()}{name[1:]}": (name, "Sum") for name in SUMS} | {
    "latencySum": (LATENCY, "Sum"),
    "latencyCount": (LATENCY, "SampleCount"),
}


def fetch(endpoint: BedrockEndpoint, model_id: str, began: datetime, ended: datetime) -> dict[str, Any]:
    """The metrics of `model_id` over the whole minutes from `began` to `ended`.

    Keys: `from_utc`, `to_utc`, a sum for each of SUMS, `latency_ms_mean` (null without an answered request), `minutes` (per
    minute and metric). Where CloudWatch refuses, or can't be reached, only the times and `error`, which says why.
    """
    import boto3  # half a second, and only where it is asked for
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    start = began.replace(second=0, microsecond=0)
    end = ended.replace(second=0, microsecond=0) + timedelta(minutes=1)
    found: dict[str, Any] = {"from_utc": start.isoformat(), "to_utc": end.isoformat()}
    minutes: dict[str, dict[str, float]] = {}
    try:
        client = boto3.Session(profile_name=endpoint.profile, region_name=endpoint.region).client(
            "cloudwatch",
            config=Config(connect_timeout=10, read_timeout=30, retries={"total_max_attempts": 3}),
        )
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[_query(name, model_id) for name in _ID_OF], StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                    minutes.setdefault(at.isoformat(), {})[result["Id"]] = float(value)
    except (BotoCoreError, ClientError) as error:
        return found | {"error": str(error)}
    return found | _summed(minutes) | {"minutes": dict(sorted(minutes.items()))}


def _query(name: str, model_id: str) -> dict[str, Any]:
    metric, statistic = _ID_OF[name]
    dimensions = [{"Name": "ModelId", "Value": model_id}]
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions},
            "Period": PERIOD_S,
            "Stat": statistic,
        },
    }


def _summed(minutes: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    totals = {name: sum(minute.get(name, 0.0) for minute in minutes.values()) for name in _ID_OF}
    answered = totals["latencyCount"]
    made: dict[str, Any] = {
        metric: int(totals[name]) for name, (metric, _) in _ID_OF.items() if metric in SUMS
    }
    return made | {"latency_ms_mean": totals["latencySum"] / answered if answered else None}
