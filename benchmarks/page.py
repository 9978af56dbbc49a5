"""Puts the results of the benchmarks into docs/precision.md, and draws its figure.

    python benchmarks/page.py [--figure] [--out docs]

Replaces what stands between the page's marks, leaves the prose alone.
"""

import argparse
import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs/precision.md"
NAMES = {
    "handwritten": "hand-written asyncio",
    "assay": "Assay",
    "boto3": "boto3, threads",
    "aiobotocore": "aiobotocore",
    "llmeter": "LLMeter",
    "aiohttp": "hand-written on aiohttp",
}
COLOURS = {
    "handwritten": "#555555",
    "assay": "#0072b2",
    "boto3": "#d55e00",
    "aiobotocore": "#e69f00",
    "llmeter": "#009e73",
}
MARKERS = {"handwritten": "o", "assay": "s", "boto3": "^", "aiobotocore": "v", "llmeter": "D"}

Line = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figure", action="store_true", help="draw the figure too")
    parser.add_argument("--out", type=Path, default=PAGE.parent, help="folder of the page")
    given = parser.parse_args()
    sender, closer, simulator, parser_ = (
        json.loads((HERE / "results" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("sender", "closer", "simulator", "parser")
    )
    text = PAGE.read_text(encoding="utf-8")
    parts = {
        "machine": machine(sender),
        "sender": "\n\n".join(precision(sender["summary"], transport) for transport in ("plain", "TLS")),
        "closer": spread(closer["rounds"]),
        "rate": rate(sender["summary"]),
        "many": many(sender["summary"]),
        "parser": parsers(parser_["summary"]),
        "simulator": lateness(simulator),
    }
    for name, content in parts.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, _, rest = text.partition(begin)
        after = rest.partition(end)[2]
        text = f"{before}{begin}\n{content}\n{end}{after}"
    (given.out / "precision.md").write_text(text, encoding="utf-8")
    if given.figure:
        draw(sender["summary"], given.out / "images")


def machine(result: Line) -> str:
    """What it was measured on."""
    on, how = result["machine"], result["settings"]
    versions = {name: number for own in result["versions"].values() for name, number in own.items()}
    peers = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()) if name != "python")
    loads = sorted(one["load"] for one in result["rounds"])
    return (
        f"{on['cores']} cores ({on['cpu']}), {on['system']}, Python {on['python']}; {peers}. {how['repetitions']} "
        f"repetitions, {on['date']}. Others worked on the machine at the same time: the load average was {loads[0]:.0f} to "
        f"{loads[-1]:.0f}, median {loads[len(loads) // 2]:.0f}."
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    names = list(head)
    lines = [f"| {' | '.join(names)} |", f"| --- |{' ---: |' * (len(names) - 1)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def own(lines: list[Line], workload: str, transport: str | None = None) -> list[Line]:
    """The lines of a workload, by streams and then in the order of the names."""
    rank = list(NAMES)
    found = [
        line
        for line in lines
        if line["workload"] == workload and (transport is None or line["transport"] == transport)
    ]
    return sorted(found, key=lambda line: (line["streams"], line["processes"], rank.index(line["client"])))


def pair(line: Line, name: str) -> str:
    """Median and p99 in ms."""
    if line.get(f"{name}_ms_p50") is None:
        return "–"
    return f"{number(line[f'{name}_ms_p50'])} / {number(line[f'{name}_ms_p99'])}"


def ratio(line: Line, name: str) -> str:
    """The ratio to the hand-written client, of the same repetition."""
    value = line.get(f"{name}_ratio")
    return "–" if value is None else f"{value:.2g}" if value < 10 else f"{value:.0f}"


def number(value: float) -> str:
    """Two or three digits that mean something."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"


def precision(lines: list[Line], transport: str) -> str:
    """Errors by streams and client."""
    head = (
        "streams, " + transport,
        "client",
        "TTFT error, ms",
        "ratio of p99",
        "gap error, ms",
        "ratio of p99",
        "CPU, ms a request",
        "ratio",
    )
    rows = [
        (
            str(line["streams"]),
            NAMES[line["client"]],
            pair(line, "ttft_error"),
            ratio(line, "ttft_error_ms_p99"),
            pair(line, "gap_error"),
            ratio(line, "gap_error_ms_p99"),
            number(line["cpu_ms_per_request"]),
            ratio(line, "cpu_ms_per_request"),
        )
        for line in own(lines, "precision", transport)
    ]
    return table(head, rows)


def spread(rounds: list[Line]) -> str:
    """Assay over the hand-written client, repetition by repetition."""
    head = ("256 streams", "ratio of", "repetitions, in order of size", "median")
    rows = []
    for transport in ("plain", "TLS"):
        for name, shown in (
            ("ttft_error_ms_p50", "median TTFT error"),
            ("ttft_error_ms_p99", "p99 of TTFT error"),
            ("gap_error_ms_p50", "median gap error"),
            ("gap_error_ms_p99", "p99 of gap error"),
            ("cpu_ms_per_request", "CPU"),
        ):
            found: dict[int, dict[str, float]] = {}
            for one in rounds:
                if one["transport"] == transport:
                    found.setdefault(one["repetition"], {})[one["client"]] = one[name]
            ratios = sorted(both["assay"] / both["handwritten"] for both in found.values())
            listed = ", ".join(f"{value:.2g}" for value in ratios)
            rows.append((transport, shown, listed, f"{statistics.median(ratios):.2g}"))
    return table(head, rows)


def rate(lines: list[Line]) -> str:
    """Answers of one token."""
    head = (
        "client",
        "transport",
        "requests/s",
        "CPU, ms a request",
        "ratio",
        "one core, requests/s",
        "of boto3's",
        "memory, MB",
    )
    rows = []
    for transport in ("plain", "TLS"):
        found = own(lines, "rate", transport)
        boto3 = next(line for line in found if line["client"] == "boto3")["cpu_ms_per_request"]
        for line in found:
            cpu = line["cpu_ms_per_request"]
            rows.append(
                (
                    NAMES[line["client"]],
                    transport,
                    f"{line['requests_per_s']:.0f}",
                    number(cpu),
                    ratio(line, "cpu_ms_per_request"),
                    f"{1000 / cpu:.0f}",
                    f"{boto3 / cpu:.1f}",
                    f"{line['memory_mb']:.0f}",
                )
            )
    return table(head, rows)


def many(lines: list[Line]) -> str:
    """A thousand streams."""
    head = (
        "client",
        "processes",
        "first text read late, ms",
        "TTFT error, ms",
        "gap error, ms",
    )
    rows = [
        (
            NAMES[line["client"]],
            str(line["processes"]),
            pair(line, "read_late"),
            pair(line, "ttft_error"),
            pair(line, "gap_error"),
        )
        for line in own(lines, "many")
    ]
    return table(head, rows)


def parsers(lines: list[Line]) -> str:
    """httptools, aiohttp, and nothing."""
    head = ("client", "streams", "TTFT error, ms", "gap error, ms", "CPU, ms a request", "ratio")
    rows = []
    for workload in ("precision", "rate"):
        for line in own(lines, workload, "plain"):
            rows.append(
                (
                    NAMES[line["client"]],
                    f"{line['streams']}{'' if workload == 'precision' else ', one token'}",
                    pair(line, "ttft_error"),
                    pair(line, "gap_error"),
                    number(line["cpu_ms_per_request"]),
                    ratio(line, "cpu_ms_per_request"),
                )
            )
    return table(head, rows)


def lateness(result: Line) -> str:
    """The simulator's own lateness."""
    head = ("transport", "streams", "late by, ms: median / p99", "largest", "CPU share", "CPU, µs an event")
    rows = [
        (
            line["transport"],
            str(line["streams"]),
            pair(line, "late"),
            number(line["late_ms_max"]),
            f"{line['cpu_share']:.0%}",
            f"{line['cpu_us_per_event']:.0f}",
        )
        for line in result["summary"]
    ]
    return table(head, rows)


def draw(lines: list[Line], folder: Path) -> None:
    """Error of TTFT and of gaps against streams, plain: p99 in full lines, medians in dotted ones."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "precision"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
    for axis, name, title in zip(
        axes, ("ttft_error", "gap_error"), ("Time to first token", "Gaps between events"), strict=True
    ):
        for client, colour in COLOURS.items():
            found = [line for line in own(lines, "precision", "plain") if line["client"] == client]
            found = [line for line in found if line.get(f"{name}_ms_p99") is not None]
            if not found:
                continue
            streams = [line["streams"] for line in found]
            for quantile, style in (("p99", "-"), ("p50", ":")):
                axis.plot(
                    streams,
                    [max(0.01, line[f"{name}_ms_{quantile}"]) for line in found],
                    style,
                    color=colour,
                    marker=MARKERS[client],
                    markersize=4,
                    label=NAMES[client] if quantile == "p99" else None,
                )
        axis.set(xscale="log", yscale="log", title=title, xlabel="streams at once")
        axis.set_xticks(streams, [str(count) for count in streams])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("error, ms (line: p99, dots: median)")
    axes[0].legend(fontsize="small", frameon=False)
    folder.mkdir(exist_ok=True)
    figure.savefig(folder / "precision.svg", metadata={"Date": None})
    figure.savefig(folder / "precision.png", dpi=120)


if __name__ == "__main__":
    main()
