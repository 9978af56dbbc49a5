"""Whether a cell is the service's or the client's: a pure function of what the self-check saw and of the records.

Only the client's own faults make a cell invalid, and tokens from a prompt cache where none were meant to be. Slowness,
throttling and errors of the service are results.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from assay.sender.settings import SelfCheckLimits


def verdicts(
    notes: Mapping[str, Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], limits: SelfCheckLimits
) -> dict[str, dict[str, Any]]:
    """By bucket: the self-check's figures with `valid` and `reason`.

    `notes` are the self-check's figures by bucket, `rows` the records of the job. A bucket of which there is no note
    can only be found invalid by its records.
    """
    cells: dict[str, list[Mapping[str, Any]]] = {bucket: [] for bucket in notes}
    for row in rows:
        if row["role"] == "measured":
            cells.setdefault(row["bucket"], []).append(row)
    found = {}
    for bucket, measured in cells.items():
        note = notes.get(bucket, {})
        reasons = [*_client(note, _typical_ms(measured), limits), *_cached(measured)]
        found[bucket] = {**note, "valid": not reasons, "reason": "; ".join(reasons) or None}
    return found


def _client(note: Mapping[str, Any], typical_ms: float | None, limits: SelfCheckLimits) -> list[str]:
    reasons = []
    canary = note.get("canary_error_ms_p99")
    most = max(limits.canary_error_ms_p99, limits.canary_error_share_of_ttft * (typical_ms or 0.0))
    if canary is not None and note.get("canary_n", 0) >= limits.canary_n and canary > most:
        reasons.append(
            f"the client read its canary {canary:.3g} ms late (99th percentile), more than {most:.3g} ms"
        )
    blocked = note.get("client_lag_ms_max")
    if blocked is not None and blocked > limits.event_loop_blocked_ms:
        reasons.append(
            f"the client stood still for {blocked:.3g} ms, more than {limits.event_loop_blocked_ms:.3g} ms"
        )
    late = note.get("schedule_error_ms_p99")
    if late is not None and late > limits.schedule_error_ms_p99:
        reasons.append(
            f"the client sent {late:.3g} ms after the schedule (99th percentile), "
            f"more than {limits.schedule_error_ms_p99:.3g} ms"
        )
    return reasons


def _cached(measured: Sequence[Mapping[str, Any]]) -> list[str]:
    """A cold cell whose prompts came from a cache in part is no measurement of cold prompts."""
    cold = [row for row in measured if row.get("cache") != "warm"]
    cached = [row for row in cold if (row.get("cache_read_tokens") or 0) > 0]
    if not cached:
        return []
    return [f"{len(cached)} of {len(cold)} requests were answered with tokens from a prompt cache"]


def _typical_ms(measured: Sequence[Mapping[str, Any]]) -> float | None:
    """Median time to first token of the answered requests; of their end-to-end time where none was streamed."""
    answered = [row for row in measured if row["ok"]]
    for name in ("ttft_ms", "e2e_ms"):
        values = sorted(row[name] for row in answered if row.get(name) is not None)
        if values:
            return float(values[(len(values) - 1) // 2])
    return None
