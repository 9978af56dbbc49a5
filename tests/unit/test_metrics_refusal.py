"""A refusal is suspected where a model declines, in many languages, and not where it answers."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.metrics.refusal import empty, refusal_suspected
from assay.simulator.wording import REFUSALS

_PREDICTIONS = (
    Path(os.environ.get("ASSAY_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "predictions"
)

_DECLINES = [
    *REFUSALS,
    "I’m sorry, but I cannot assist with that request.",
    "Hello! I'm sorry, but I can't help with that.",
    "I won't provide that.",
    "I must decline to grade this content.",
    "As an AI language model, I don't have access to that.",
    "Unfortunately, I am unable to provide medical advice.",
    "**I can't answer this question.**",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Ich kann diese Frage nicht beantworten.",
    "Je suis désolé, mais je ne peux pas vous aider avec cela.",
    "Lo siento, no puedo ayudar con eso.",
    "Desculpe, não posso ajudar com isso.",
    "Mi dispiace, non posso aiutarti.",
    "Przykro mi, ale nie mogę pomóc.",
    "Извините, я не могу с этим помочь.",
    "抱歉，我无法回答这个问题。",
    "我无法提供该信息。",
    "申し訳ありませんが、その質問にはお答えできません。",
    "죄송하지만 도와드릴 수 없습니다.",
]

_ANSWERS = [
    "",
    "Paris",
    "I can't wait to see Paris.",
    "I cannot find the answer in the text.",
    "The document does not say.",
    "He said he can't help with that.",
    "I refuse to believe it, said the king.",
    "Sorry is a song by Justin Bieber.",
    "Unfortunately, the passage does not say.",
    "I'm not able to determine the year.",
    "No puedo is a Spanish phrase",
    "Ich kann es mir nicht vorstellen, sagte er.",
    "Je ne sais quoi",
    "无法确定",
    "我不能同意他的看法",
    "文中没有提到。",
    "The company apologised and said it could not help the customers." * 20 + " I can't help with that.",
]


@pytest.mark.parametrize("answer", _DECLINES)
def test_an_answer_that_declines_is_suspected(answer: str) -> None:
    assert refusal_suspected(answer)


@pytest.mark.parametrize("answer", _ANSWERS)
def test_an_answer_or_a_gap_in_the_document_is_no_refusal(answer: str) -> None:
    assert not refusal_suspected(answer)


@given(st.text())
def test_any_text_can_be_looked_at(answer: str) -> None:
    refusal_suspected(answer)
    assert empty(answer) or answer.strip()


@pytest.mark.parametrize("answer", ["", " \n\t", "\u200b", "\u00a0\ufeff", "\u2060 \u200d"])
def test_what_shows_nothing_is_empty(answer: str) -> None:
    assert empty(answer)


@pytest.mark.parametrize("answer", ["0", ".", "不", "\u200ba"])
def test_what_shows_something_is_not_empty(answer: str) -> None:
    assert not empty(answer)


@pytest.mark.skipif(
    not _PREDICTIONS.is_dir(), reason="the shared predictions are not here (ASSAY_SHARED_DATA)"
)
def test_of_2500_real_answers_hardly_any_is_suspected() -> None:
    answers = [
        json.loads(line)["pred"]
        for path in sorted(_PREDICTIONS.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    suspected = [answer for answer in answers if refusal_suspected(answer)]
    assert len(answers) == 2500
    assert len(suspected) <= 3, suspected
