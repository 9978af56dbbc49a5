"""What opening connections took in a job: beside the latencies, which begin when a connection stands."""

import statistics
from collections.abc import Iterable, Mapping
from typing import Any


def opened(records: Iterable[Mapping[str, Any]]) -> dict[str, int | float | None]:
    """Of a job's records: how many of its requests were the first of a connection, and the median times of opening it.

    `connect_ms_p50` is null where no connection was opened, `tls_ms_p50` also where none has TLS.
    """
    connects: list[float] = []
    handshakes: list[float] = []
    for record in records:
        for name, times in (("connect_ms", connects), ("tls_ms", handshakes)):
            if record[name] is not None:
                times.append(record[name])
    return {"opened": len(connects), "connect_ms_p50": _median(connects), "tls_ms_p50": _median(handshakes)}


def _median(times: list[float]) -> float | None:
    return round(statistics.median(times), 3) if times else None
