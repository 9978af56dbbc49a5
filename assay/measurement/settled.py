"""What of a ledger file counts: which requests need not be sent again, and which sittings say anything at all."""

from collections.abc import Mapping
from typing import Any

from assay.bedrock.errors import HOPELESS
from assay.ledger.ledger import Ledger


def settled(ledger: Ledger) -> set[str]:
    """Keys whose answer, or whose last failure, is known. What was lost with access or connection isn't."""
    used, given_up = usable_sittings(ledger), given_up_attempts(ledger)
    return {
        key
        for key, outcomes in ledger.outcomes.items()
        if any(
            outcome["last"] and outcome["sitting"] in used and (key, *which(outcome)) not in given_up
            for outcome in outcomes
        )
    }


def which(line: Mapping[str, Any]) -> tuple[str, int]:
    """Which attempt at its key a line of the ledger is about."""
    return line["sitting"], line["try"]


def given_up_attempts(ledger: Ledger) -> set[tuple[str, str, int]]:
    """Attempts (key, sitting, try) after which a sitting was given up, since access or connection was lost."""
    return {
        (key, note["sitting"], try_number)
        for note in ledger.notes
        for key, try_number in note.get("given_up", ())
    }


def usable_sittings(ledger: Ledger) -> set[str]:
    """Sittings in which the service answered anything but errors of a wrong set-up."""
    return {
        outcome["sitting"]
        for outcomes in ledger.outcomes.values()
        for outcome in outcomes
        if outcome.get("error") not in HOPELESS
    }
