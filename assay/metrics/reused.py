"""Answers of other runs to the prompts that this run has no answer to: found by their ask keys.

Nothing is asked of the service. What is done with the answers is left to `scoring`, how ledgers are read to
`assay.ledger.reuse`.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from assay.bedrock.request import Line
from assay.ledger import reuse
from assay.metrics.settings import Asks
from assay.prompts.ask import prompt_ask_key
from assay.prompts.prompt import Prompt
from assay.sender.identity import identity

log = logging.getLogger(__name__)


def other_runs_answers(
    asks: Asks, system: str | None, folders: Sequence[Path], prompts: Mapping[str, Prompt]
) -> dict[str, list[reuse.Found]]:
    """By prompt id: measured answers in the ledgers in `folders` to these prompts, asked in the very same way.

    Same is endpoint, region, model, API, inference parameters, service tier, prompt and system prompt. A prompt that no
    other run has had answered isn't in it.
    """
    name, region = identity(asks.endpoint, asks.model.id)
    line = Line(asks.model, asks.inference)
    keys = {
        prompt_ask_key(name, region, line, prompt, system): prompt_id for prompt_id, prompt in prompts.items()
    }
    found = reuse.answers(folders, keys, "measured")
    log.info(
        "%s: %d of %d prompts without an answer of this run have one in %s",
        asks.model.label,
        len(found),
        len(prompts),
        ", ".join(reuse.name_of(folder) for folder in folders),
    )
    return {keys[key]: given for key, given in found.items()}
