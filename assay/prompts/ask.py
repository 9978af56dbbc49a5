"""How a prompt is asked by a line: with which system prompt, and by which key its answers are known."""

from assay.bedrock.request import Line
from assay.ledger.keys import ask_key
from assay.prompts.prompt import Prompt


def system_of(prompt: Prompt, system: str | None) -> str | None:
    """The system prompt that goes with a prompt, of a benchmark whose system prompt is `system`."""
    return system if prompt.chat else None


def prompt_ask_key(endpoint: str, region: str, line: Line, prompt: Prompt, system: str | None) -> str:
    """See assay.ledger.keys. Only what is sent counts: the output limit that holds, and a system prompt that goes along."""
    of_line = line.limited(prompt.max_tokens).identity()
    return ask_key(endpoint, region, of_line, prompt.text, system_of(prompt, system))
