"""The life of one request: every stamp in the order in which it happens."""

from dataclasses import dataclass


@dataclass(slots=True)
class Timeline:
    """Nanoseconds of `time.perf_counter_ns`; null is what didn't happen, or doesn't apply.

    Stamps of arrivals are taken when bytes are read, before they are parsed.
    """

    intended_ns: int | None = None
    """When an open loop's schedule wanted it sent; a closed loop has none."""
    launched_ns: int | None = None
    """When the client came to it in an open loop: what this is later than `intended` is the client's own lateness."""
    dispatched_ns: int | None = None
    """When the sender took it up: signed, and about to be written. In an open loop that is full, it waited before."""
    sent_ns: int | None = None
    """When its last byte was handed to the operating system."""
    headers_ns: int | None = None
    first_event_ns: int | None = None
    first_reasoning_ns: int | None = None
    first_text_ns: int | None = None
    last_text_ns: int | None = None
    first_content_ns: int | None = None
    """First content of any kind: reasoning, text or tool use."""
    last_content_ns: int | None = None
    metadata_ns: int | None = None
    """The event with usage and metrics, the last of a whole answer."""
    ended_ns: int | None = None
    """When the answer ended, was cut, or was given up."""
    slot_free_ns: int | None = None
    """When the slot was free for the next request: later than the end where it waits after a throttle."""
