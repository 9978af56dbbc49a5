"""The records of a job's cells: every attempt that the ledger holds of them, of all sittings."""

from collections.abc import Mapping, Sequence
from typing import Any

from assay.ledger.ledger import Ledger
from assay.measurement.job import Job, cells
from assay.measurement.settled import given_up_attempts, usable_sittings, which
from assay.records.attempts import row


def records(job: Job, ledger: Ledger) -> list[dict[str, Any]]:
    """The records of every attempt of this job's cells, of all sittings: by bucket, then in the order sent."""
    used, given_up = usable_sittings(ledger), given_up_attempts(ledger)
    positions = {one.key: (bucket, one) for bucket, each in cells(job, ledger).items() for one in each.known}
    prompts = {(bucket, prompt.prompt_id): prompt for bucket in job.prompts for prompt in job.prompts[bucket]}
    made: list[dict[str, Any]] = []
    for key, lines in ledger.dispatched.items():
        lines = [
            line
            for line in lines
            if (line["sitting"] in used and (key, *which(line)) not in given_up)
            or _dangling(ledger, key, line)
        ]
        # Files of workers are read in the order of their names: what one has settled may stand before what a crash had cut
        # off in another.
        lines.sort(key=lambda line: (_outcome_of(ledger, key, line) or {}).get("last", False))
        for line in lines:
            outcome = _outcome_of(ledger, key, line)
            tags = line["tags"]
            known = {
                "attempt_key": key,
                "ask_key": tags["ask"],
                "model": job.label,
                "model_id": job.asked.line.model.id,
                "endpoint": job.asked.endpoint,
                "region": job.asked.region,
                "cache": job.asked.line.model.cache,
                "load": job.load.name,
                "concurrency": job.load.concurrency,
                "rate_rps": tags.get("rate_rps", job.load.rate_rps),
                "arrivals": job.load.arrivals,
                "block": job.load.block,
                "edition": job.asked.edition,
                "prompt_id": tags["prompt_id"],
            }
            if key in positions:
                bucket, one = positions[key]
                known |= {
                    "bucket": bucket,
                    "role": "measured" if line is lines[-1] else "superseded",
                    "position": one.position,
                    "repetition": one.repetition,
                    "prompt_tokens": one.prompt.tokens,
                }
            elif tags["role"] != "measured" and tags["edition"] == job.asked.edition:
                prompt = prompts.get((tags["bucket"], tags["prompt_id"]))
                if prompt is None:
                    continue  # warm-up of a bucket that is no longer asked for
                known |= {"bucket": tags["bucket"], "role": tags["role"], "prompt_tokens": prompt.tokens}
            else:
                continue  # bought for a plan that is no longer this one
            if line is lines[-1]:
                known["waited_since_ns"] = _waited_since_ns(ledger, key, lines)
            made.append(row(known, line, outcome, ledger.sittings.get(line["sitting"])))
    rank = {bucket: number for number, bucket in enumerate(job.prompts)}
    made.sort(key=lambda record: rank[record["bucket"]])
    return made


def _waited_since_ns(ledger: Ledger, key: str, lines: Sequence[Mapping[str, Any]]) -> int | None:
    """When a user would have begun to wait for a request: at its first try, of the sitting that ended it.

    Stamps of another sitting are of another clock.
    """
    first = next(line for line in lines if line["sitting"] == lines[-1]["sitting"])
    outcome = _outcome_of(ledger, key, first) or {}
    stamp: int | None = outcome.get("intended_ns", outcome.get("dispatched_ns"))
    return stamp


def _outcome_of(ledger: Ledger, key: str, line: Mapping[str, Any]) -> dict[str, Any] | None:
    for outcome in ledger.outcomes.get(key, ()):
        if (outcome["sitting"], outcome["try"]) == (line["sitting"], line["try"]):
            return outcome
    return None


def _dangling(ledger: Ledger, key: str, line: Mapping[str, Any]) -> bool:
    """Whether a crash cut this attempt off, in a sitting that got no answer at all before it."""
    return _outcome_of(ledger, key, line) is None
