"""What a judge's reply has to state, and the ways of making a model state it: a JSON schema, a tool, or the prompt alone.

Bedrock's Converse takes a schema in `outputConfig.textFormat` and a tool that has to be called in `toolConfig`. Structured
output takes a part of JSON Schema only: no bounds of numbers or lengths, and objects that are closed. Which of the ways a
model accepts is found out by `asking`; the reply is read by `reading`.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

from assay.errors import InputError
from assay.judging.settings import VerdictKind

Mode = Literal["json_schema", "tool", "text"]
"""How a reply gets its form. `text`: by what the prompt says, and nothing else."""

MODES: tuple[Mode, ...] = get_args(Mode)
"""In the order in which they are tried."""

TOOL = "give_verdict"

_EXPLANATION = {"type": "string", "description": "One short sentence that says why."}


def modes(output: Literal["auto", "json_schema", "tool", "text"]) -> tuple[Mode, ...]:
    """The modes that a judge with this `output` may be asked in, in the order in which they are tried."""
    return MODES if output == "auto" else (output,)


@dataclass(frozen=True, slots=True)
class Form:
    """What a judge states: whether an answer is correct, or a rating from 1 to 5; that it is unsure, where it may say so."""

    verdict: VerdictKind = "correctness"
    abstention: bool = False

    def schema(self) -> dict[str, Any]:
        """The JSON schema of a reply."""
        if self.verdict == "correctness":
            words = ["correct", "incorrect", *(["unsure"] if self.abstention else [])]
            stated: dict[str, Any] = {"verdict": {"type": "string", "enum": words}}
        else:
            rating: dict[str, Any] = {"type": "integer", "enum": [1, 2, 3, 4, 5]}
            if self.abstention:
                rating = {"anyOf": [rating, {"type": "string", "enum": ["unsure"]}]}
            stated = {"rating": rating}
        return {
            "type": "object",
            "properties": {**stated, "explanation": _EXPLANATION},
            "required": [*stated, "explanation"],
            "additionalProperties": False,
        }

    def members(self, mode: Mode) -> dict[str, Any]:
        """What a request's body has for it; nothing for text."""
        if mode == "json_schema":
            schema = {"schema": json.dumps(self.schema()), "name": "verdict"}
            return {
                "outputConfig": {
                    "textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}},
                }
            }
        if mode == "tool":
            tool = {
                "name": TOOL,
                "description": "Takes your verdict on the answer.",
                "inputSchema": {"json": self.schema()},
            }
            return {"toolConfig": {"tools": [{"toolSpec": tool}], "toolChoice": {"tool": {"name": TOOL}}}}
        return {}

    def identity(self, mode: Mode) -> dict[str, Any]:
        """What it adds to the identity of a line: nothing for text, so that what was bought before there was a choice holds."""
        members = self.members(mode)
        return {"shape": members} if members else {}

    def in_words(self) -> str:
        """What a reply has to be, for a judge to read."""
        unsure = ' or "unsure"' if self.abstention else ""
        if self.verdict == "correctness":
            listed = '"correct", "incorrect"' if self.abstention else '"correct"'
            last = unsure or ' or "incorrect"'
            stated = f'"verdict", which is {listed}{last}'
        else:
            stated = f'"rating", which is a whole number from 1 to 5{unsure}'
        return f'with exactly two keys: {stated}, and "explanation", one short sentence'

    def check(self, template: str, source: str) -> None:
        """Raises InputError where judges may abstain and the prompt doesn't tell them: then none ever would, or by its schema only."""
        if self.abstention and "unsure" not in template.lower():
            raise InputError(
                f'{source}: judges.abstention is on, and the judge prompt never says "unsure". Tell judges when to say it, as '
                "config/judging/correctness_or_unsure.txt does, or set judges.abstention to false"
            )
