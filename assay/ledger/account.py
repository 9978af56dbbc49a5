"""What each run, stage, model and judge was asked by the lines of a ledger, what came back, and what it cost.

Prices are given by the caller; without them everything but dollars is told. Nothing is locked or written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assay.ledger.lines import Entry
from assay.ledger.stored import Group, groups
from assay.ledger.text import table
from assay.prices.book import Price
from assay.spending.purse import PICODOLLARS
from assay.spending.tariff import Tariff, tariff
from assay.tables.numbers import number

_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


@dataclass(slots=True)
class Account:
    """All requests of one run, stage and line to one model id. Amounts are in picodollars (10^-12 USD)."""

    run: str | None
    """Null where a ledger of an earlier version doesn't say."""
    stage: str
    label: str | None
    model: str
    priced: bool = True
    """Whether the price is known."""
    sent: int = 0
    answered: int = 0
    failed: int = 0
    """Ended in an error: refused, or broken off."""
    unanswered: int = 0
    """No outcome is known: killed in flight, or in flight now."""
    reused: int = 0
    """Answers that another run has paid for."""
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TOKENS, 0))
    known: int = 0
    """What requests have cost of which it is known."""
    unknown: int = 0
    """Requests of which it isn't known what they cost."""
    at_most: int | None = 0
    """What those can have cost; null where that isn't known either."""
    sittings: int = 0
    first_ns: int | None = None
    last_ns: int | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs: dollars in place of picodollars, times in ISO 8601."""
        made = asdict(self)
        tokens = made.pop("tokens")
        known, unknown, at_most = made.pop("known"), made.pop("unknown"), made.pop("at_most")
        first, last = made.pop("first_ns"), made.pop("last_ns")
        return {
            **made,
            **tokens,
            "cost_usd": known / PICODOLLARS if self.priced else None,
            "requests_cost_unknown": unknown,
            "cost_usd_at_most": None
            if at_most is None or not self.priced
            else (known + at_most) / PICODOLLARS,
            "first_utc": _time(first),
            "last_utc": _time(last),
        }


def accounts(folder: Path, prices: Mapping[str, Price] | None) -> list[Account]:
    """The accounts of the ledger in `folder`, by run, stage, label and model. `prices` are by model id; null is unknown.

    Raises InputError where there is no such folder.
    """
    found: dict[tuple[str, str, str, str], Account] = {}
    for group in groups(folder):
        for account in _of_group(group, prices or {}):
            key = (account.run or "", account.stage, account.label or "", account.model)
            _add(found.setdefault(key, Account(*_whose(account))), account)
    return [found[key] for key in sorted(found)]


def _whose(account: Account) -> tuple[str | None, str, str | None, str]:
    return account.run, account.stage, account.label, account.model


def _of_group(group: Group, prices: Mapping[str, Price]) -> Iterable[Account]:
    sittings: dict[str, Entry] = {}
    sent: dict[tuple[str, str, int], Entry] = {}
    ended: dict[tuple[str, str, int], Entry] = {}
    reused: dict[str, str] = {}
    sitting = ""
    for _, line in group.lines():
        entry = line.entry
        if entry is None:
            continue
        if entry["line"] == "sitting":
            sitting = entry["sitting"]
            sittings[sitting] = entry
        elif entry["line"] in ("dispatched", "outcome"):
            into = sent if entry["line"] == "dispatched" else ended
            into[entry["sitting"], entry["key"], entry["try"]] = entry
        elif entry["line"] == "reused":
            reused.setdefault(entry["key"], sitting)

    by_sitting: dict[tuple[str, str], tuple[Account, Tariff | None]] = {}

    def account_of(sitting: str, model: str) -> tuple[Account, Tariff | None]:
        about = sittings.get(sitting, {}).get("about", {})
        model = model or about.get("model", "")
        if (sitting, model) not in by_sitting:
            account = Account(about.get("run"), about.get("stage", group.stage), about.get("label"), model)
            found = tariff(prices, model, about)
            account.priced = found is not None
            account.sittings = int("of" not in sittings.get(sitting, {}))
            by_sitting[sitting, model] = account, found
        return by_sitting[sitting, model]

    for which in {**sent, **ended}:
        dispatched, outcome = sent.get(which, {}), ended.get(which)
        account, price = account_of(which[0], dispatched.get("tags", {}).get("model", ""))
        _count(account, price, dispatched.get("most"), outcome, sittings.get(which[0]))
    for sitting in reused.values():
        account_of(sitting, "")[0].reused += 1
    workers: dict[str, Account] = {}
    for (sitting, _), (account, _) in by_sitting.items():
        if job := sittings.get(sitting, {}).get("of"):
            workers.setdefault(job, account).sittings = 1  # all workers of a job sit once
    return [account for account, _ in by_sitting.values()]


def _count(
    account: Account,
    price: Tariff | None,
    most: Sequence[int] | None,
    outcome: Entry | None,
    sitting: Entry | None,
) -> None:
    account.sent += 1
    if outcome is None:
        account.unanswered += 1
    elif "error" in outcome:
        account.failed += 1
    else:
        account.answered += 1
    for name in _TOKENS:
        account.tokens[name] += (outcome or {}).get(name) or 0
    if sitting is not None and outcome is not None:
        for stamp in ("dispatched_ns", "ended_ns"):
            if stamp in outcome:
                at = sitting["wall_ns"] + outcome[stamp] - sitting["perf_ns"]
                account.first_ns = min(at, account.first_ns or at)
                account.last_ns = max(at, account.last_ns or at)
    if price is None:
        account.unknown += 1
        account.at_most = None
        return
    cost = price.cost(-1, outcome or {})
    if cost >= 0:
        account.known += cost
        return
    account.unknown += 1
    worst = None if most is None else price.most(most[0], most[1])
    if worst is None or account.at_most is None:
        account.at_most = None
    else:
        account.at_most += worst


def _add(to: Account, more: Account) -> None:
    for name in ("sent", "answered", "failed", "unanswered", "reused", "known", "unknown", "sittings"):
        setattr(to, name, getattr(to, name) + getattr(more, name))
    for name in _TOKENS:
        to.tokens[name] += more.tokens[name]
    to.priced = to.priced and more.priced
    to.at_most = None if to.at_most is None or more.at_most is None else to.at_most + more.at_most
    firsts = [each for each in (to.first_ns, more.first_ns) if each is not None]
    lasts = [each for each in (to.last_ns, more.last_ns) if each is not None]
    to.first_ns, to.last_ns = min(firsts, default=None), max(lasts, default=None)


def as_json(found: Sequence[Account]) -> dict[str, Any]:
    """For programs."""
    return {"accounts": [account.as_json() for account in found], "total": _total(found).as_json()}


def in_words(found: Sequence[Account], dollars: bool = True) -> str:
    """For people: a table with a line for each account, and their sum where there are several."""
    if not found:
        return "There is nothing in this ledger yet."
    rows = [_row(account, dollars) for account in found]
    if len(found) > 1:
        rows.append(_row(_total(found), dollars) | {"run": "", "stage": "", "label": "all", "model": ""})
    said = [table(rows)]
    if not dollars:
        return said[0]
    unknown = sum(account.unknown for account in found if account.priced)
    if unknown:
        said.append(
            f"It isn't known what {unknown} requests have cost: they broke off, or were in flight when a job was killed. "
            "Dollars are without them; «at most» is with the worst that they can have cost."
        )
    unpriced = sorted({account.model for account in found if not account.priced})
    if unpriced:
        said.append(f"Unknown prices: {', '.join(unpriced)}.")
    return "\n".join(said)


def _total(found: Sequence[Account]) -> Account:
    total = Account(None, "", None, "")
    for account in found:
        _add(total, account)
    return total


def _row(account: Account, dollars: bool) -> dict[str, str]:
    usd = _usd(account.known) if account.priced else "unknown"
    return {
        "run": account.run or "?",
        "stage": account.stage,
        "label": account.label or "?",
        "model": account.model,
        "sent": f"{account.sent:,}",
        "answered": f"{account.answered:,}",
        "failed": f"{account.failed:,}" if account.failed else "",
        "unanswered": f"{account.unanswered:,}" if account.unanswered else "",
        "reused": f"{account.reused:,}" if account.reused else "",
        "tokens in": f"{account.tokens['input_tokens']:,}",
        "cached": _some(account.tokens["cache_read_tokens"]),
        "written": _some(account.tokens["cache_write_tokens"]),
        "tokens out": f"{account.tokens['output_tokens']:,}",
        "USD": usd if dollars else "",
        "at most": _at_most(account) if dollars else "",
        "sittings": str(account.sittings),
        "first (UTC)": _time(account.first_ns) or "",
        "last (UTC)": _time(account.last_ns) or "",
    }


def _some(count: int) -> str:
    return f"{count:,}" if count else ""


def _at_most(account: Account) -> str:
    if not account.unknown or not account.priced:
        return ""
    return "unknown" if account.at_most is None else _usd(account.known + account.at_most)


def _usd(amount: int) -> str:
    usd = amount / PICODOLLARS
    return f"{usd:,.2f}" if usd >= 1 or not usd else number(usd)


def _time(at_ns: int | None) -> str | None:
    return None if at_ns is None else datetime.fromtimestamp(at_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")
