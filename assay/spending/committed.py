"""What a run has spent, or may have, by the files of its ledger: all sittings, all editions, all jobs.

Of each request that was sent, what it came to; its worst case where nobody knows (see `assay.spending.tariff`). A file
that hasn't changed since it was last read isn't read again: an index beside the ledger keeps its sum.

Lines that don't say to which run they belong, as ledgers of earlier versions have them, count for every run that uses
the folder.
"""

import hashlib
import json
import logging
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.canonical import canonical_json
from assay.errors import InputError
from assay.ledger.lines import lines
from assay.prices.book import RATES, Price
from assay.spending.tariff import Tariff, tariff
from assay.whole import whole

log = logging.getLogger(__name__)


def committed(folder: Path, run: str, prices: Mapping[str, Price]) -> int:
    """Picodollars that the run has spent or may have. `prices` are by model id.

    A model that isn't among them any more counts at the price that it had when this was last asked, or else at the dearest
    rates of those that are.
    """
    path = folder / f"purse.{run}.index"
    index = _index(path)
    known = {**{model: Price.from_json(each) for model, each in index["prices"].items()}, **prices}
    as_json = {model: price.as_json() for model, price in sorted(known.items())}
    by = hashlib.sha256(canonical_json([run, as_json]).encode()).hexdigest()[:16]
    before = index["files"] if index["by"] == by else {}
    files: dict[str, list[int]] = {}
    for file in sorted(folder.glob("*.jsonl")):
        stat = file.stat()
        mark = [stat.st_size, stat.st_mtime_ns]
        kept = before.get(file.name)
        sum_of_file = kept[2] if kept is not None and kept[:2] == mark else of_file(file, run, known)
        files[file.name] = [*mark, sum_of_file]
    if files != before:
        _keep(path, {"by": by, "prices": as_json, "files": files})
    return sum(sum_of_file for _, _, sum_of_file in files.values())


def of_file(path: Path, run: str, prices: Mapping[str, Price]) -> int:
    """What the lines of one ledger file come to, in picodollars: see `committed`."""
    sittings: dict[str, Mapping[str, str]] = {}
    sent: dict[tuple[str, str, int], dict[str, Any]] = {}
    ended: dict[tuple[str, str, int], dict[str, Any]] = {}
    for line in lines(path.read_bytes()):
        if (entry := line.entry) is None:
            continue
        if entry["line"] == "sitting":
            sittings[entry["sitting"]] = entry.get("about") or {}
        elif entry["line"] in ("dispatched", "outcome"):
            into = sent if entry["line"] == "dispatched" else ended
            into[entry["key"], entry["sitting"], entry["try"]] = entry
    total = largest = unknown = 0
    tariffs: dict[tuple[str, str], Tariff] = {}
    for which in {**sent, **ended}:
        sitting = which[1]
        about = sittings.get(sitting, {})
        if about.get("run", run) != run:
            continue
        dispatched, outcome = sent.get(which, {}), ended.get(which, {})
        model_id = dispatched.get("tags", {}).get("model") or about.get("model", "")
        found = tariffs.get((sitting, model_id))
        if found is None:
            found = tariff(prices, model_id, about) or dearest(prices, model_id)
            tariffs[sitting, model_id] = found
        tokens = dispatched.get("most")
        most = None if tokens is None else found.most(tokens[0], tokens[1])
        cost = found.cost(-1 if most is None else most, outcome)
        if cost < 0:
            unknown += 1
            continue
        total += cost
        largest = max(largest, cost)
    # Lines that don't tell their worst case are of before there was a cap: the dearest of their neighbours stands in.
    return total + unknown * largest


def dearest(prices: Mapping[str, Price], model_id: str) -> Tariff:
    """What stands in for a model without a price: the dearest rates that any model has."""
    found = [
        rate
        for price in prices.values()
        for rates in (price, *price.thresholds)
        for name in RATES
        if (rate := getattr(rates, name)) is not None
    ]
    if not found:
        raise InputError(
            f"the ledger holds requests to {model_id}, and neither its price nor any other is known; with budget.max_usd "
            "they have to be: give one under `prices`"
        )
    log.warning("%s: its price is unknown by now; what it was asked counts at the dearest rate", model_id)
    return Tariff(Price(**dict.fromkeys(RATES, max(found))))


def _index(path: Path) -> dict[str, Any]:
    """The index as it was kept, or an empty one: it saves time and is never needed."""
    empty: dict[str, Any] = {"by": "", "prices": {}, "files": {}}
    if not path.exists():
        return empty
    checksum, _, body = path.read_bytes().partition(b"\n")
    if checksum != b"%08x" % zlib.crc32(body):
        log.warning("%s: is damaged; the ledger is read again", path)
        return empty
    found: dict[str, Any] = json.loads(body)
    return found


def _keep(path: Path, index: Mapping[str, Any]) -> None:
    body = canonical_json(index).encode()
    with whole(path) as temporary:
        temporary.write_bytes(b"%08x\n%s" % (zlib.crc32(body), body))
