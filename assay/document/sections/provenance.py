"""How to recreate the report: commands, settings, code, versions, machines; and what the columns mean."""

from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from assay.accuracy.tables import TABLES as OF_ACCURACY
from assay.document import provenance
from assay.document.reported import Reported
from assay.records.metrics import TABLES
from assay.tables import run as run_tables
from assay.tables.markdown import code_block


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    statuses = run.finished.statuses
    settings = yaml.safe_dump(_given(run.public), sort_keys=False, allow_unicode=True, width=100)
    return {
        "commands": code_block(
            "\n".join(map(provenance.without_private_parts, run.settings.commands)), "bash"
        ),
        "started_utc": min(_times(statuses, "started_utc"), default=None),
        "ended_utc": max(_times(statuses, "ended_utc"), default=None),
        "settings_sha256": provenance.settings_hash(run.plain),
        "commit": run.made["commit"],
        "versions": run_tables.pairs(run.made["versions"].items(), "package", "version"),
        "machines": run_tables.pairs(_machine(statuses), "property", "value"),
        "settings_yaml": code_block(settings, "yaml"),
        "glossary": run_tables.pairs(_glossary(), "column", "meaning"),
    }


def _times(statuses: Iterable[dict[str, Any]], name: str) -> list[str]:
    """Times in UTC to the second, such as 2026-11-01 10:00:00, of those statuses that have one."""
    return [str(status[name])[:19].replace("T", " ") for status in statuses if status.get(name)]


def _given(value: Any) -> Any:
    """Settings without what is null or empty, as a person would have written them."""
    if isinstance(value, dict):
        cleaned = {key: _given(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item is not None and item != {}}
    if isinstance(value, list):
        return [_given(item) for item in value]
    return value


def _machine(statuses: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """What the invoke jobs said of the machines they ran on, each property once with all its values."""
    found: dict[str, set[str]] = {}
    for status in statuses:
        for name, value in (status.get("host") or {}).items():
            if isinstance(value, (str, int, float)):
                found.setdefault(str(name), set()).add(str(value))
    return [(name.replace("_", " "), ", ".join(sorted(values))) for name, values in found.items()]


def _glossary() -> list[tuple[str, str]]:
    """Every column of the result tables once: its unit and its formula in words. Ends of intervals are left out."""
    words: dict[str, str] = {}
    for columns in (*TABLES.values(), *OF_ACCURACY.values()):
        for metric in columns:
            if not metric.name.endswith(("_low", "_high", "_all_buckets")):
                unit = f" [{metric.unit}]" if metric.unit else ""
                words.setdefault(metric.name, f"{metric.formula}{unit}")
    return list(words.items())
