"""Simulated judges err as often as their behaviour says, together as much as it says, and reply in the form asked for."""

import json
from collections.abc import Iterator
from math import sqrt
from typing import Any

import pytest
from pydantic import ValidationError

from assay.judging.parsing import parse
from assay.judging.schema import Form
from assay.simulator import plan, refusals, requests, verdicts
from assay.simulator.answer_key import Entry
from assay.simulator.behaviour import JudgesAnswers
from assay.simulator.chance import digest
from assay.simulator.requests import Ask
from assay.simulator.service_errors import ServiceError
from assay.simulator.verdicts import Draws

_N = 4000
_RIGHT, _WRONG = Entry(10, correct=True), Entry(10, correct=False)
_PLAIN = Ask("Is it correct?", "", questions=("Is it correct?",))


def judge(**settings: Any) -> JudgesAnswers:
    return JudgesAnswers.model_validate({"kind": "judge", **settings})


def draws(number: int, who: str = "a", asking: int = 0) -> Draws:
    return Draws(digest(who, number), digest("all", number), digest(who, number, asking))


def said(
    served: JudgesAnswers,
    number: int,
    entry: Entry | None,
    ask: Ask = _PLAIN,
    who: str = "a",
    asking: int = 0,
) -> str:
    return verdicts.verdict(served, draws(number, who, asking), entry, ask).text


def right(served: JudgesAnswers, entry: Entry | None, **more: Any) -> list[bool]:
    """Whether each of _N verdicts is `correct`."""
    return [json.loads(said(served, number, entry, **more))["verdict"] == "correct" for number in range(_N)]


def within(share: float, rate: float, n: int = _N) -> bool:
    """Whether a share of n draws is as near to its rate as 4 standard errors."""
    return abs(share - rate) <= 4 * sqrt(rate * (1 - rate) / n) + 1e-12


def mean(values: list[bool]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.9, 0.7), (0.6, 1.0)])
def test_a_judge_errs_as_often_as_the_behaviour_says(sensitivity: float, specificity: float) -> None:
    served = judge(sensitivity=sensitivity, specificity=specificity)
    assert within(mean(right(served, _RIGHT)), sensitivity)
    assert within(mean(right(served, _WRONG)), 1 - specificity)
    assert within(mean(right(served, None)), 1 - specificity)


def test_a_judge_may_be_another_one_for_the_answers_of_one_model() -> None:
    served = judge(
        sensitivity=0.9,
        specificity=0.9,
        by_model={"swift": {"specificity": 0.6}, "steady": {"sensitivity": 0.7}},
    )
    for label, sensitivity, specificity in [("swift", 0.9, 0.6), ("steady", 0.7, 0.9), (None, 0.9, 0.9)]:
        assert within(mean(right(served, Entry(10, correct=True, model=label))), sensitivity)
        assert within(mean(right(served, Entry(10, correct=False, model=label))), 1 - specificity)


@pytest.mark.parametrize("shared", [0.0, 0.3, 0.8, 1.0])
def test_errors_of_two_judges_correlate_by_what_they_share_and_their_rates_stay(shared: float) -> None:
    served = judge(sensitivity=0.8, specificity=0.7, shared_errors=shared)
    for entry, rate in ((_RIGHT, 0.8), (_WRONG, 0.3)):
        one, other = right(served, entry, who="a"), right(served, entry, who="b")
        assert within(mean(one), rate) and within(mean(other), rate)
        both = mean([a and b for a, b in zip(one, other, strict=True)])
        correlation = (both - rate * rate) / (rate * (1 - rate))
        assert correlation == pytest.approx(shared, abs=4 / sqrt(_N) + 0.01)


def test_judges_of_different_rates_share_errors_without_changing_their_rates() -> None:
    strict, lax = judge(specificity=0.95, shared_errors=0.6), judge(specificity=0.7, shared_errors=0.6)
    one, other = right(strict, _WRONG, who="a"), right(lax, _WRONG, who="b")
    assert within(mean(one), 0.05) and within(mean(other), 0.3)
    both = mean([a and b for a, b in zip(one, other, strict=True)])
    assert within(
        both, 0.6 * 0.05 + 0.4 * 0.05 * 0.3
    )  # where shared, the strict one's errors are the lax one's too


@pytest.mark.parametrize("shared", [0.0, 0.7])
def test_two_askings_differ_as_often_as_the_behaviour_says_and_the_rates_stay(shared: float) -> None:
    served = judge(sensitivity=0.9, specificity=0.8, instability=0.12, shared_errors=shared)
    for entry, rate in ((_RIGHT, 0.9), (_WRONG, 0.2)):
        first, second = right(served, entry, asking=1), right(served, entry, asking=2)
        assert within(mean(first), rate) and within(mean(second), rate)
        assert within(mean([a != b for a, b in zip(first, second, strict=True)]), 0.12)


def test_without_instability_the_paragraph_in_front_changes_nothing() -> None:
    served = judge(sensitivity=0.6, specificity=0.6)
    assert right(served, _RIGHT, asking=1) == right(served, _RIGHT, asking=2)


def test_an_instability_that_the_rates_do_not_allow_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"instability of 0\.1.*sensitivity of 0\.98"):
        judge(sensitivity=0.98, specificity=0.9, instability=0.1)
    with pytest.raises(ValidationError, match=r"by_model\.swift\.specificity of 1"):
        judge(sensitivity=0.9, specificity=0.9, instability=0.1, by_model={"swift": {"specificity": 1}})


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [({"malformed": 0.2}, "unparseable"), ({"refusal": 0.2}, "refused"), ({"abstention": 0.2}, "abstained")],
)
@pytest.mark.parametrize("kind", ["correctness", "scale"])
def test_a_judge_says_nothing_usable_as_often_as_the_behaviour_says(
    settings: dict[str, float], outcome: str, kind: Any
) -> None:
    ask = _PLAIN if kind == "correctness" else Ask('Reply {"rating": 1 to 5}', "", questions=("x",))
    served = judge(**settings, style={"json_object": 1, "fenced": 1, "prose": 1})
    found: list[str] = [parse(said(served, number, _RIGHT, ask), kind).verdict for number in range(_N)]
    assert set(found) == ({outcome, "correct", "incorrect"} if kind == "correctness" else {outcome, "rated"})
    assert within(found.count(outcome) / _N, 0.2)


def test_a_reply_that_could_not_be_read_may_be_well_formed_when_asked_again() -> None:
    served = judge(malformed=0.5)
    again = Ask("Only JSON, please.", "", questions=("Is it correct?", "Only JSON, please."))
    broken = [number for number in range(_N) if parse(said(served, number, _RIGHT)).verdict == "unparseable"]
    mended = [parse(said(served, number, _RIGHT, again)).verdict != "unparseable" for number in broken]
    assert within(mean(mended), 0.5, len(mended))


@pytest.mark.parametrize(
    ("style", "mark"), [("fenced", "```json"), ("prose", "reference"), ("json_object", "{")]
)
def test_a_judge_writes_in_its_style(style: str, mark: str) -> None:
    weights = {"json_object": 0, style: 1}
    reply = said(judge(style=weights), 3, _RIGHT)
    assert mark in reply
    assert json.loads(reply[reply.index("{") : reply.rindex("}") + 1])["verdict"] in ("correct", "incorrect")


def test_ratings_are_high_where_the_judge_takes_an_answer_for_right() -> None:
    ask = Ask('Reply with {"rating": 1 to 5, "explanation": "..."}', "", questions=("x",))
    served = judge(sensitivity=0.9, specificity=0.8)

    def ratings(entry: Entry) -> list[int]:
        return [json.loads(said(served, number, entry, ask))["rating"] for number in range(_N)]

    high, low = ratings(_RIGHT), ratings(_WRONG)
    assert set(high) == set(low) == {1, 2, 4, 5}
    assert within(mean([rating >= 4 for rating in high]), 0.9)
    assert within(mean([rating >= 4 for rating in low]), 0.2)
    assert sum(high) / _N == pytest.approx(0.9 * 14 / 3 + 0.1 * 4 / 3, abs=0.1)


def _asked(form: Form, output: Any, operation: str = "converse") -> Ask:
    body = {"messages": [{"role": "user", "content": [{"text": "Is it correct?"}]}], **form.members(output)}
    return requests.read(operation, json.dumps(body).encode())


def _shapes() -> Iterator[tuple[Form, str]]:
    for verdict in ("correctness", "scale"):
        for abstention in (False, True):
            for output in ("json_schema", "tool"):
                yield Form(verdict, abstention), output


@pytest.mark.parametrize(("form", "output"), list(_shapes()))
def test_a_reply_has_the_form_that_the_request_enforces(form: Form, output: Any) -> None:
    ask = _asked(form, output)
    served = judge(abstention=0.3, style={"prose": 1})
    outcomes = set()
    for number in range(200):
        reply = verdicts.verdict(served, draws(number), _RIGHT, ask)
        assert reply.calls_tool == (output == "tool")
        assert list(json.loads(reply.text)) == list(form.schema()["properties"])
        outcomes.add(parse(reply.text, form.verdict).verdict)
    stated = {"correct", "incorrect"} if form.verdict == "correctness" else {"rated"}
    # Where the form leaves no way to say so, it can't abstain.
    assert outcomes == (stated | {"abstained"} if form.abstention else stated)


def test_a_tools_input_is_a_block_of_its_own_and_comes_in_pieces() -> None:
    ask = _asked(Form(), "tool")

    def settled(most_tokens: int = 1000) -> plan.Plan:
        return plan.make(
            judge(), ask, _RIGHT, 100, most_tokens, b"about", b"timing", shared=b"s", asking=b"a"
        )

    whole = settled()
    (block,) = whole.content()
    assert whole.stop_reason == "tool_use"
    assert block["toolUse"]["name"] == "give_verdict"
    assert block["toolUse"]["input"]["verdict"] in ("correct", "incorrect")
    decoded = [(event.kind, json.loads(event.encoded(number))) for number, event in enumerate(whole.events)]
    (start,) = (data["start"] for kind, data in decoded if kind == "contentBlockStart")
    assert start["toolUse"] == {"toolUseId": block["toolUse"]["toolUseId"], "name": "give_verdict"}
    pieces = [data["delta"]["toolUse"]["input"] for kind, data in decoded if kind == "contentBlockDelta"]
    assert len(pieces) > 3
    assert json.loads("".join(pieces)) == block["toolUse"]["input"]
    cut = settled(most_tokens=3)
    assert cut.stop_reason == "max_tokens"
    assert cut.content()[0]["toolUse"]["input"] == {}


@pytest.mark.parametrize(
    ("outputs", "output", "words"),
    [
        (["tool"], "json_schema", "output_config.format: Extra inputs are not permitted"),
        (["json_schema"], "tool", "doesn't support tool use"),
        ([], "tool", "doesn't support tool use"),
    ],
)
def test_a_form_that_the_judge_does_not_take_is_refused(outputs: list[str], output: Any, words: str) -> None:
    served = judge(outputs=outputs)
    with pytest.raises(ServiceError) as caught:
        refusals.check("m", served, "converse", _asked(Form(), output))
    assert caught.value.kind == "validation"
    assert words in str(caught.value.message)
    refusals.check("m", served, "converse", _PLAIN)


def _schema(text: str) -> dict[str, Any]:
    return {
        "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": text}}}}
    }


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (_schema("{"), "not valid JSON"),
        (_schema('{"type": "string"}'), "an object"),
        (_schema('{"type": "object"}'), "additionalProperties"),
        (
            {
                "toolConfig": {
                    "tools": [{"toolSpec": {"name": "a", "inputSchema": {"json": {}}}}],
                    "toolChoice": {"tool": {"name": "b"}},
                }
            },
            "isn't the name of a tool",
        ),
    ],
)
def test_a_form_that_means_nothing_is_refused(members: dict[str, Any], words: str) -> None:
    body = {"messages": [{"role": "user", "content": [{"text": "x"}]}], **members}
    with pytest.raises(ServiceError) as caught:
        requests.read("converse", json.dumps(body).encode())
    assert caught.value.kind == "validation"
    assert words in caught.value.message
