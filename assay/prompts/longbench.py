"""How LongBench asks its sets: limits of output, the sets without a chat wrapper, and its own published files.

The limits and sets are facts of its repository (`config/dataset2maxlen.json`, `pred.py`). Its prompts are not part of Assay:
those in `config/prompts/longbench` are our own, and the published ones are read from a copy that the user names.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from assay.errors import InputError
from assay.metrics.longbench import set_of
from assay.prompts.template import PLACEHOLDERS, Template

OUTPUT_LIMITS = {
    "narrativeqa": 128,
    "qasper": 128,
    "multifieldqa_en": 64,
    "multifieldqa_zh": 64,
    "hotpotqa": 32,
    "2wikimqa": 32,
    "musique": 32,
    "dureader": 128,
    "gov_report": 512,
    "qmsum": 512,
    "multi_news": 512,
    "vcsum": 512,
    "trec": 64,
    "triviaqa": 32,
    "samsum": 128,
    "lsht": 64,
    "passage_count": 32,
    "passage_retrieval_en": 32,
    "passage_retrieval_zh": 32,
    "lcc": 64,
    "repobench-p": 64,
}
"""Most output tokens of an answer, by set."""

WITHOUT_CHAT = frozenset({"trec", "triviaqa", "samsum", "lsht", "lcc", "repobench-p"})
"""Sets whose prompts are to be continued: LongBench puts no chat template around them."""


def own_prompts(sets: Collection[str]) -> tuple[Path, ...]:
    """Our own prompts of these sets, one file each; a set and its `_e` variant share one."""
    names = dict.fromkeys(set_of(name) for name in sets)
    return tuple(Path("config", "prompts", "longbench", f"{name}.txt") for name in names)


def published_prompts(path: Path) -> dict[str, Template]:
    """The prompts of a `dataset2prompt.json`, by set.

    It is in the syntax of Python's `str.format`: doubled braces stand for single ones. Each template's hash is that of the file.

    Raises InputError if the file is none, or if a prompt has a placeholder that is neither {context} nor {input}.
    """
    found, sha256 = _read(path, "LongBench's prompts, such as its config/dataset2prompt.json")
    made = {}
    for name, text in found.items():
        if not isinstance(text, str) or not text.strip():
            raise InputError(
                f"{path}, key {name!r}: found {_shown(text)}, expected a prompt. Get the file again."
            )
        template = Template(text, sha256, doubled_braces=True)
        names = template.placeholders()
        if strange := [one for one in names if one not in PLACEHOLDERS]:
            raise InputError(
                f"{path}, key {name!r}: found the placeholder {{{strange[0]}}}, expected {{context}} or {{input}}. "
                "Get the file again, or rename the placeholder."
            )
        if not names:
            raise InputError(
                f"{path}, key {name!r}: found a prompt with neither {{context}} nor {{input}}, expected at least one of them. "
                "Get the file again."
            )
        made[name] = template
    return made


def published_limits(path: Path) -> dict[str, int]:
    """The limits of a `dataset2maxlen.json`, by set. Raises InputError if the file is none."""
    found, _ = _read(path, "LongBench's limits of output, such as its config/dataset2maxlen.json")
    for name, limit in found.items():
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise InputError(
                f"{path}, key {name!r}: found {_shown(limit)}, expected a whole number of tokens, at least 1. Correct it."
            )
    return dict(found)


def without(there: Collection[str], sets: Collection[str]) -> list[str]:
    """Those of the sets that a published file has nothing for; a set's `_e` variant is asked as the set itself."""
    return [name for name in sets if set_of(name) not in there]


def _read(path: Path, what: str) -> tuple[Mapping[str, Any], str]:
    try:
        raw = path.read_bytes()
        found = json.loads(raw.decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror}). Check the path in `dataset`.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected {what}, a JSON object ({error}). Get it again.") from error
    if not isinstance(found, dict) or not found:
        raise InputError(
            f"{path}: found {_shown(found)}, expected {what}, a JSON object by set. Get it again."
        )
    return found, hashlib.sha256(raw).hexdigest()


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
