"""Which latencies figures show, what they are called, and in which columns they stand."""

from assay.figures.settings import FigureSettings

NAMES = {
    "ttft_ms": "time to first token",
    "e2e_ms": "end-to-end latency",
    "tpot_ms": "time per output token",
}
SHORT = {"ttft_ms": "TTFT", "e2e_ms": "end to end", "tpot_ms": "per output token"}


def parts(metric: str) -> tuple[str, int]:
    """`e2e_ms_p95` as the latency and the percentile."""
    name, percent = metric.rsplit("_p", 1)
    return name, int(percent)


def percentile(percent: int) -> str:
    """What a percentile is called."""
    return "median" if percent == 50 else f"{percent}th percentile"


def words(metric: str) -> str:
    """Such as `95th percentile of end-to-end latency`."""
    name, percent = parts(metric)
    return f"{percentile(percent)} of {NAMES[name]}"


def column(metric: str, open_loop: bool, failures: bool = False) -> str:
    """The column of `metric`: in an open loop it counts from when a request was due; `failures` are infinitely late."""
    name, percent = parts(metric)
    if open_loop and name != "tpot_ms":
        name = name.replace("_ms", "_from_intended_ms")
    return f"{name}_p{percent}{'_all' if failures else ''}"


def most(settings: FigureSettings, metric: str) -> float | None:
    """The most that the benchmark allows of a latency on the dataset of interest; None without a limit."""
    bound = getattr(settings.limits, metric, None)
    return None if bound is None else bound.max


def limited(settings: FigureSettings) -> list[str]:
    """The latencies with such a limit, in the order of the settings."""
    return [name for name in type(settings.limits).model_fields if "_ms_p" in name and most(settings, name)]
