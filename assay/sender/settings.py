"""When the client itself has spoilt a cell."""

from assay.settings import Count, Positive, Settings, Share


class SelfCheckLimits(Settings):
    """What the client may do to a measurement before the cell is invalid. A slow service is a result, never a reason.

    They are for gross faults only. How large the instrument's error is beside the figures stands in the report.
    """

    canary_error_ms_p99: Positive = 100.0
    """Most that the canary may be read late (99th percentile), or the share below if that is more."""
    canary_error_share_of_ttft: Share = 0.1
    """The same as a share of the cell's median time to first token (of its end-to-end time, without streaming)."""
    canary_n: Count = 20
    """Events of the canary that this takes: in a cell so short that there are fewer, it says too little."""
    event_loop_blocked_ms: Positive = 500.0
    """Longest that the sender may stand still, unable to read or send."""
    schedule_error_ms_p99: Positive = 100.0
    """Most that an open loop may send late through the client's own fault (99th percentile)."""
