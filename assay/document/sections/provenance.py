"""Where the report comes from and how to recreate it: data, settings, code, versions, machines, times, prices, commands.

`record` has it for programs; the section tells the same to readers, with what the columns mean.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from assay.accuracy.tables import TABLES as OF_ACCURACY
from assay.document import provenance
from assay.document.reported import Reported
from assay.records.metrics import TABLES
from assay.tables import run as run_tables
from assay.tables.markdown import code_block
from assay.tables.prices import Priced


def values(run: Reported) -> dict[str, Any]:
    """Values of the section by name."""
    told = record(run)
    settings = yaml.safe_dump(_given(run.public), sort_keys=False, allow_unicode=True, width=100)
    return {
        **told,
        "commands": code_block("\n".join(told["commands"]), "bash"),
        "started_utc": provenance.clock(told["started_utc"]),
        "ended_utc": provenance.clock(told["ended_utc"]),
        "table": run_tables.pairs(_rows(told), "what", "as it was"),
        "versions": run_tables.pairs(told["versions"].items(), "package", "version"),
        "machines": run_tables.pairs(_machines(told["machines"]), "property", "value"),
        "settings_yaml": code_block(settings, "yaml"),
        "glossary": run_tables.pairs(_glossary(), "column", "meaning"),
    }


def _rows(told: dict[str, Any]) -> list[tuple[str, Any]]:
    """What a reader looks for, in words; what isn't known stands as unknown."""
    run, endpoint, data, code = told["run"], told["endpoint"], told["dataset"], told["code"]
    if told["simulated"]:
        where = f"simulated: Assay's simulator, behaviour {endpoint['behaviour']}"
    else:
        through = f", through {endpoint['url']}" if endpoint.get("url") else ""
        where = f"Amazon Bedrock, region {endpoint['region']}{through}"
    times = [provenance.clock(told[name]) for name in ("started_utc", "ended_utc")]
    revision = f", revision {data['revision']}" if data.get("revision") else ""
    commit = "not in a Git repository"
    if code["commit"]:
        commit = (
            f"Git commit {code['commit']}{', with changes that are not committed' if code['changed'] else ''}"
        )
    registered = told["registered"] or {}
    return [
        ("run", f"{run['name']}, edition {run['edition']}, seed {run['seed']}"),
        ("endpoint", where),
        ("measured (UTC)", f"{times[0]} to {times[1]}" if all(times) else None),
        ("data", f"{data['description']} ({data['kind']}{revision})" if data.get("description") else None),
        ("data, SHA-256", data.get("sha256")),
        ("prompt template, SHA-256", data.get("template_sha256")),
        *([("system prompt, SHA-256", data["system_sha256"])] if data.get("system_sha256") else []),
        ("tokenizer", data["tokenizer"].get("name") or data["tokenizer"].get("kind")),
        ("settings, SHA-256 of their canonical JSON", told["settings_sha256"]),
        ("rule of the decision, SHA-256", registered.get("sha256")),
        ("prices as of", told["prices"]["taken"]),
        ("code", f"{commit}; Assay {code['version']}"),
    ]


def record(run: Reported) -> dict[str, Any]:
    """Where the report comes from as plain values for JSON: no account id, no name of a person or host, no folder.

    Times are UTC in ISO 8601 to the second, prices dollars per million tokens (or an hour), hashes SHA-256 in hex.
    What isn't known is null.
    """
    benchmark, statuses, drawn = run.public, run.finished.statuses, run.finished.buckets
    source = provenance.without_private_parts(run.finished.source)
    commit = run.made["commit"]
    return {
        "run": {
            "name": benchmark["run"]["name"],
            "title": run.title,
            "edition": benchmark["run"]["edition"],
            "seed": benchmark["run"]["seed"],
        },
        "simulated": run.shown.simulated,
        "endpoint": benchmark["endpoint"],
        "started_utc": min(_times(statuses, "started_utc"), default=None),
        "ended_utc": max(_times(statuses, "ended_utc"), default=None),
        "dataset": {
            **{
                name: source.get(name)
                for name in ("kind", "description", "revision", "sha256", "rows", "sets")
            },
            "tokenizer": drawn.get("tokenizer") or {},
            "template_sha256": drawn.get("template_sha256"),
            "system_sha256": drawn.get("system_sha256"),
        },
        "prices": {
            "taken": run.finished.prices.get("taken"),
            "lines": [_price("model", line) for line in run.models]
            + [_price("judge", line) for line in run.panel],
        },
        "settings_sha256": provenance.settings_hash(run.plain),
        "registered": run.decision.get("registered"),
        "code": {
            "version": run.made["versions"].get("assay"),
            "commit": commit.id if commit else None,
            "changed": commit.changed if commit else None,
        },
        "versions": dict(run.made["versions"]),
        "machines": _distinct(statuses),
        "commands": [provenance.without_private_parts(line) for line in run.settings.commands],
        "settings": benchmark,
    }


_OF_A_PRICE = (
    "input_usd_per_million",
    "output_usd_per_million",
    "cache_read_usd_per_million",
    "cache_write_usd_per_million",
    "thresholds",
    "usd_per_hour",
    "model_units",
    "source",
    "dated",
)


def _price(kind: str, line: Priced) -> dict[str, Any]:
    price = line.price.as_json()
    return {
        "kind": kind,
        "label": line.label,
        "model_id": provenance.without_private_parts(line.model_id),
        "asked_for": line.asked_for or "default",
        **provenance.without_private_parts({name: price[name] for name in _OF_A_PRICE}),
    }


def _times(statuses: Iterable[dict[str, Any]], name: str) -> list[str]:
    """Times in UTC to the second, such as 2026-11-01T10:00:00Z, of those statuses that have one."""
    return [f"{str(status[name])[:19]}Z" for status in statuses if status.get(name)]


def _distinct(statuses: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the invoke jobs said of the machines they ran on, each once, in the order of the jobs."""
    found: list[dict[str, Any]] = []
    for status in statuses:
        host = {
            str(name): value
            for name, value in (status.get("host") or {}).items()
            if isinstance(value, (str, int, float))
        }
        if host and host not in found:
            found.append(host)
    return found


def _machines(hosts: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each property of the machines once with all its values."""
    found: dict[str, set[str]] = {}
    for host in hosts:
        for name, value in host.items():
            found.setdefault(name, set()).add(str(value))
    return [(name.replace("_", " "), ", ".join(sorted(values))) for name, values in found.items()]


def _given(value: Any) -> Any:
    """Settings without what is null or empty, as a person would have written them."""
    if isinstance(value, dict):
        cleaned = {key: _given(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item is not None and item != {}}
    if isinstance(value, list):
        return [_given(item) for item in value]
    return value


def _glossary() -> list[tuple[str, str]]:
    """Every column of the result tables once: its unit and its formula in words. Ends of intervals are left out."""
    words: dict[str, str] = {}
    for columns in (*TABLES.values(), *OF_ACCURACY.values()):
        for metric in columns:
            if not metric.name.endswith(("_low", "_high", "_all_buckets")):
                unit = f" [{metric.unit}]" if metric.unit else ""
                words.setdefault(metric.name, f"{metric.formula}{unit}")
    return list(words.items())
