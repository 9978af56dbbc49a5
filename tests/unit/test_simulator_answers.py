"""Simulated answers are right as often as the behaviour says, and the same prompt always gets the same answer."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.simulator import answers, plan, tokens
from assay.simulator.answer_key import Entry
from assay.simulator.behaviour import AnswersQuestions
from assay.simulator.chance import digest
from assay.simulator.requests import Ask

ENTRY = Entry(tokens=100, right=("Paris", "the city of Paris"), wrong=("Rome", "Paris, Texas", "Oslo"))


def model(**settings: Any) -> AnswersQuestions:
    wording = {"bare": 1, "sentence": 1, "verbose": 1}
    return AnswersQuestions.model_validate({"kind": "model", "wording": wording, **settings})


def about(number: int) -> bytes:
    return digest("test", number)


def share_right(served: AnswersQuestions, input_tokens: int = 100) -> float:
    texts = [answers.answer(served, about(number), ENTRY, input_tokens) for number in range(2000)]
    return sum("Paris" in text for text in texts) / len(texts)


@pytest.mark.parametrize("accuracy", [0.0, 0.3, 0.9, 1.0])
def test_is_right_as_often_as_the_behaviour_says(accuracy: float) -> None:
    assert share_right(model(accuracy=accuracy)) == pytest.approx(accuracy, abs=0.04)


def test_is_less_right_the_longer_the_prompt() -> None:
    served = model(accuracy=0.9, accuracy_loss_per_1k_input_tokens=0.1)
    assert share_right(served, input_tokens=4000) == pytest.approx(0.5, abs=0.04)
    assert share_right(served, input_tokens=40_000) == 0.0


def test_refuses_as_often_as_the_behaviour_says() -> None:
    assert share_right(model(accuracy=1.0, refusal=0.25)) == pytest.approx(0.75, abs=0.04)


def test_is_wrong_where_the_key_does_not_know_the_prompt() -> None:
    assert answers.answer(model(accuracy=1.0), about(1), None, 10)


WORDS = st.text(min_size=1, max_size=12).filter(str.strip)


@settings(max_examples=300)
@given(
    st.lists(WORDS, min_size=1, max_size=3),
    st.lists(WORDS, max_size=3),
    st.integers(0, 10_000),
    st.booleans(),
)
def test_a_right_answer_holds_the_truth_and_a_wrong_one_never_does(
    right: list[str], wrong: list[str], number: int, is_right: bool
) -> None:
    entry = Entry(10, tuple(right), tuple(wrong))
    text = answers.answer(model(accuracy=float(is_right)), about(number), entry, 10)
    if is_right:
        assert any(item in text for item in right)
    else:
        # A right answer of a few signs may be inside the very last resort; no wording can help that.
        assert text == "..." or not any(item.casefold() in text.casefold() for item in right)


def test_wrong_answers_avoid_short_truths_inside_the_wording() -> None:
    entry = Entry(10, ("a",), ("the capital", "not that"))
    for number in range(50):
        assert "a" not in answers.answer(model(accuracy=0.0), about(number), entry, 10).casefold()


def test_wording_varies_and_repeats_for_the_same_prompt() -> None:
    texts = [answers.answer(model(accuracy=1.0), about(number), ENTRY, 100) for number in range(200)]
    assert len(set(texts)) > 10
    assert texts == [answers.answer(model(accuracy=1.0), about(number), ENTRY, 100) for number in range(200)]


@given(st.text(max_size=300))
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(tokens.pieces(text)) == text


def made(served: AnswersQuestions, most_tokens: int = 1000, **ask: Any) -> plan.Plan:
    return plan.make(served, Ask("prompt", "", **ask), ENTRY, 2000, most_tokens, about(5), about(6))


def streamed(settled: plan.Plan, holds: str) -> str:
    numbered = enumerate(settled.events)
    deltas = [
        json.loads(event.encoded(number))["delta"] for number, event in numbered if event.holds == holds
    ]
    return "".join(
        delta["text"] if holds == "text" else delta["reasoningContent"]["text"] for delta in deltas
    )


@pytest.mark.parametrize("per_event", [1, 3])
@pytest.mark.parametrize("reasoning_tokens", [0, 30])
def test_the_events_carry_the_whole_answer_and_its_tokens(per_event: int, reasoning_tokens: int) -> None:
    latency = {"tokens_per_event": per_event}
    settled = made(
        model(latency=latency, reasoning_tokens=reasoning_tokens, wording={"bare": 0, "verbose": 1})
    )
    assert streamed(settled, "text") == settled.text
    assert streamed(settled, "reasoning") == settled.reasoning
    assert bool(settled.reasoning) == bool(reasoning_tokens)
    assert sum(event.tokens for event in settled.events) == settled.output_tokens
    assert max(event.tokens for event in settled.events) == per_event
    assert [event.at_s for event in settled.events] == sorted(event.at_s for event in settled.events)
    assert settled.stop_reason == "end_turn"


@pytest.mark.parametrize("most_tokens", [1, 5])
def test_max_tokens_cuts_the_answer(most_tokens: int) -> None:
    settled = made(model(accuracy=1.0, wording={"bare": 0, "verbose": 1}), most_tokens)
    assert (settled.output_tokens, settled.stop_reason) == (most_tokens, "max_tokens")


def test_reasoning_counts_towards_max_tokens() -> None:
    settled = made(model(reasoning_tokens=50), most_tokens=10)
    assert (settled.text, settled.stop_reason, settled.output_tokens) == ("", "max_tokens", 10)
    assert [next(iter(block)) for block in settled.content()] == ["reasoningContent"]


def test_a_stop_sequence_cuts_the_answer() -> None:
    whole = made(model(accuracy=1.0, wording={"bare": 0, "verbose": 1}))
    stop = whole.text[10:14]
    cut = made(model(accuracy=1.0, wording={"bare": 0, "verbose": 1}), stop_sequences=("never there", stop))
    assert (cut.text, cut.stop_reason) == (whole.text[: whole.text.index(stop)], "stop_sequence")


def test_times_follow_the_latency_settings() -> None:
    latency = {
        "base_ms": 100,
        "per_1k_input_tokens_ms": 50,
        "jitter": 0,
        "tokens_per_s": 100,
        "token_jitter": 0,
    }
    settled = made(model(latency=latency))
    times = [event.at_s for event in settled.events if event.holds == "text"]
    assert times[0] == settled.first_s == pytest.approx(0.2)
    assert times[-1] == settled.end_s == pytest.approx(0.2 + 0.01 * (len(times) - 1))


def test_jitter_has_a_median_of_one() -> None:
    served = model(latency={"base_ms": 100, "per_1k_input_tokens_ms": 0, "jitter": 0.3})
    firsts = [
        plan.make(served, Ask("prompt", ""), ENTRY, 10, 10, about(1), about(number)).first_s
        for number in range(1001)
    ]
    assert sorted(firsts)[500] == pytest.approx(0.1, rel=0.05)
    assert max(firsts) > 0.15
