"""The simulated prompt cache keeps what a cache point asks for, for five minutes, and nothing else unless it is told to."""

import json
from dataclasses import replace

from assay.simulator import plan
from assay.simulator.behaviour import AnswersQuestions, Latency
from assay.simulator.cache import PIECE, TTL_S, Cached, PromptCache
from assay.simulator.requests import Ask, read

DOCUMENT = "d" * 900


def asked(
    before: str = DOCUMENT, after: str = "q" * 100, point: bool = True, system: str | None = None
) -> Ask:
    """A request with a cache point between two texts, read from its body."""
    between = [{"cachePoint": {"type": "default"}}] if point else []
    content = {"messages": [{"role": "user", "content": [{"text": before}, *between, {"text": after}]}]}
    if system:
        content["system"] = [{"text": system}]  # type: ignore[list-item]
    return read("converse", json.dumps(content).encode())


def sent(cache: PromptCache, ask: Ask, now: float) -> tuple[int, int]:
    """Tokens read and written by a request of 1,000 tokens whose first token comes after a second."""
    found = cache.look_up(ask, 1000, now)
    cache.keep(found, now, ready=now + 1)
    return found.read_tokens, found.write_tokens


def test_a_prefix_is_written_once_and_read_by_every_question_after_it() -> None:
    cache = PromptCache(implicit=False)
    assert sent(cache, asked(), 0.0) == (0, 900)
    assert sent(cache, asked(), 2.0) == (900, 0)
    assert sent(cache, asked(after="other" * 20), 3.0) == (900, 0)
    assert sent(cache, asked(before="e" * 900), 4.0) == (0, 900)


def test_the_system_prompt_is_part_of_the_prefix() -> None:
    cache = PromptCache(implicit=False)
    sent(cache, asked(system="Be short."), 0.0)
    assert sent(cache, asked(system="Be long.."), 2.0)[0] == 0


def test_a_prefix_can_be_used_once_the_first_request_has_read_it() -> None:
    cache = PromptCache(implicit=False)
    sent(cache, asked(), 0.0)
    assert sent(cache, asked(), 0.5) == (0, 900)
    assert sent(cache, asked(), 1.0) == (900, 0)


def test_a_prefix_is_forgotten_five_minutes_after_its_last_use() -> None:
    cache = PromptCache(implicit=False)
    sent(cache, asked(), 0.0)
    assert sent(cache, asked(), TTL_S - 1) == (900, 0)
    assert sent(cache, asked(), 2 * TTL_S - 2) == (900, 0)
    assert sent(cache, asked(), 3 * TTL_S) == (0, 900)


def test_without_a_cache_point_nothing_is_kept_unless_the_service_does_so_by_itself() -> None:
    ask = asked(point=False)
    plain, implicit = PromptCache(implicit=False), PromptCache(implicit=True)
    for cache in (plain, implicit):
        assert sent(cache, ask, 0.0) == (0, 0)
    assert sent(plain, ask, 2.0) == (0, 0)
    kept = PIECE * (1000 // PIECE)
    assert sent(implicit, ask, 2.0) == (kept, 0)
    nonce = replace(ask, in_order="Request 123." + ask.in_order)
    assert sent(implicit, nonce, 3.0) == (0, 0), "a nonce in front defeats it"


def test_cached_tokens_come_sooner_and_are_told_apart() -> None:
    latency = Latency(base_ms=0, per_1k_input_tokens_ms=1000, jitter=0)
    served = AnswersQuestions(kind="model", latency=latency)

    def made(cached: Cached) -> plan.Plan:
        return plan.make(served, asked(), None, 1000, 50, b"a", b"t", cached)

    cold, warm, first = made(Cached()), made(Cached(900, 0)), made(Cached(0, 900))
    assert cold.first_s == first.first_s == 1.0
    assert round(warm.first_s, 9) == 0.19
    assert cold.text == warm.text
    assert cold.usage().keys() == {"inputTokens", "outputTokens", "totalTokens"}
    assert (warm.usage()["inputTokens"], warm.usage()["cacheReadInputTokens"]) == (100, 900)
    assert (first.usage()["inputTokens"], first.usage()["cacheWriteInputTokens"]) == (100, 900)
    assert warm.usage()["totalTokens"] == cold.usage()["totalTokens"]
