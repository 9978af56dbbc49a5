"""What is asked: the path and body of a Converse or ConverseStream request, and the nonce that leads its prompt."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from assay.bedrock.settings import Inference, Model

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Line:
    """A model with its completed inference parameters: what stays the same for all its requests."""

    model: Model
    inference: Inference

    @property
    def api(self) -> str:
        """The API's name, as the AWS documentation spells it."""
        return "ConverseStream" if self.model.stream else "Converse"

    @property
    def path(self) -> str:
        """Path of the request, percent-encoded: ids may be ARNs, with colons and slashes."""
        return _path(self.model.id, "converse-stream" if self.model.stream else "converse")

    def max_tokens(self, limit: int | None) -> int | None:
        """Most output tokens of a request whose prompt has a limit of its own; null for one that has none.

        What the model's own `inference` says comes first, since a model that reasons needs more than its answer takes; then
        the prompt's limit, then what the benchmark says for all models.
        """
        return self.inference.max_tokens if limit is None or self._has_its_own else limit

    def limited(self, limit: int | None) -> "Line":
        """This line as it asks a prompt with such a limit: what is sent alike is asked alike."""
        if (most := self.max_tokens(limit)) == self.inference.max_tokens:
            return self
        return replace(self, inference=self.inference.model_copy(update={"max_tokens": most}))

    @property
    def _has_its_own(self) -> bool:
        return self.model.inference.max_tokens is not None

    def identity(self) -> dict[str, Any]:
        """What tells this line's questions from another's: no label, since renaming buys nothing."""
        return {
            "model": self.model.id,
            "api": self.api,
            "inference": self.inference.model_dump(exclude_none=True, mode="json"),
            "service_tier": self.model.service_tier,
            "latency": self.model.latency,
            # Only where it is meant, so that what was bought before there was a choice is still known.
            **({"cache": "warm"} if self.model.cache == "warm" else {}),
        }


@lru_cache(maxsize=64)
def _path(model_id: str, operation: str) -> str:
    return f"/model/{quote(model_id, safe='')}/{operation}"


def nonce(salt: bytes, attempt_key: str, try_number: int) -> str:
    """A paragraph that no other request has, of the same number of tokens in every request.

    Put first, it keeps a prompt cache from answering for the model. Digits in groups of three are a fixed number
    of tokens in the vocabularies of all families. By HMAC: new for every attempt and every user, the same on
    resume. Requests that are to share a prompt cache share their nonce.
    """
    digest = hmac.digest(salt, f"{attempt_key}/{try_number}".encode(), "sha256")
    digits = f"{int.from_bytes(digest[:8], 'big') % 10**15:015d}"
    return f"Request {digits[:3]} {digits[3:6]} {digits[6:9]} {digits[9:12]} {digits[12:]}.\n\n"


def cache_point(prompt: str, question: str) -> int:
    """How many characters of a prompt stand before its question, and so before the cache point.

    All of them, where the question isn't found after the greater part of the prompt: what comes after a cache point isn't
    cached.
    """
    at = prompt.rfind(question) if question else -1
    return at if at > len(prompt) / 2 else len(prompt)


def body(
    line: Line,
    prompt: str,
    system: str | None,
    lead: str,
    cached_chars: int | None = None,
    shape: Mapping[str, Any] | None = None,
    max_tokens: int | None = None,
) -> bytes:
    """The request's JSON. `lead` is the nonce: it goes before the system prompt if there is one, else the prompt.

    After the first `cached_chars` characters of the prompt comes a cache point; null for none. `shape` are the members
    that shape the answer, an output format or a tool. `max_tokens` is the request's own limit; null for the line's.
    """
    first = "" if system else lead
    if cached_chars is None:
        content: list[dict[str, Any]] = [{"text": first + prompt}]
    else:
        content = [{"text": first + prompt[:cached_chars]}, {"cachePoint": {"type": "default"}}]
        if prompt[cached_chars:]:
            content.append({"text": prompt[cached_chars:]})
    made: dict[str, Any] = {"messages": [{"role": "user", "content": content}]}
    if system:
        made["system"] = [{"text": lead + system}]
    inference = line.inference
    config = {
        "maxTokens": max_tokens or inference.max_tokens,
        "temperature": inference.temperature,
        "topP": inference.top_p,
        "stopSequences": list(inference.stop_sequences) if inference.stop_sequences else None,
    }
    config = {name: value for name, value in config.items() if value is not None}
    if config:
        made["inferenceConfig"] = config
    if inference.additional:
        made["additionalModelRequestFields"] = inference.additional
    if line.model.service_tier:
        made["serviceTier"] = {"type": line.model.service_tier}
    if line.model.latency:
        made["performanceConfig"] = {"latency": line.model.latency}
    made.update(shape or {})
    return _encode(made).encode()
