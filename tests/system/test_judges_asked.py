"""How judges are asked, on the wire and in the ledger: by schema, tool or text, repaired, a second time, or not at all."""

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from judge_server import (
    asking,
    body_of,
    calls,
    judging,
    mode_of,
    prompt_of,
    reach,
    refuses,
    says,
    whole,
)

from assay.errors import InputError
from assay.judging.asking import ALL_REFUSED, Asking
from assay.judging.reading import Reading
from assay.judging.repair import Repairing, repair_prompt
from assay.judging.reply import NOT_ASKED, Reply
from assay.judging.schema import Form
from assay.ledger import reuse
from assay.ledger.keys import ask_key, attempt_key
from assay.ledger.ledger import Ledger, opened
from assay.spending.cap import Cap

CORRECT = '{"verdict": "correct", "explanation": "It is."}'
PROMPTS = [f"Is {n} right?" for n in range(6)]


def modes_seen(requests: list[bytes]) -> list[str]:
    return [mode_of(body_of(request)) for request in requests]


@pytest.mark.parametrize(
    ("refused", "found"), [((), "json_schema"), (("json_schema",), "tool"), (("json_schema", "tool"), "text")]
)
def test_auto_takes_the_first_mode_that_is_not_refused_and_remembers_it(
    tmp_path: Path, refused: tuple[str, ...], found: str
) -> None:
    def judge(body: dict[str, Any]) -> Any:
        mode = mode_of(body)
        if mode in refused:
            return refuses(f"This model doesn't support {mode}.")
        return calls(CORRECT) if mode == "tool" else says(CORRECT)

    with judging(judge) as server:
        path = tmp_path / "ledger" / "judge.jsonl"
        with opened(path) as ledger:
            first = asking()
            replies = first.replies(PROMPTS[:4], ledger, reach(server))
        assert [reply.text for reply in replies] == [CORRECT] * 4
        assert {reply.output for reply in replies} == {found}
        assert modes_seen(server.requests) == [*refused, *[found] * 4], "one prompt finds it out"
        assert replies[0].tries == 1 + len(refused) and replies[0].tries_cost_unknown == 0
        assert (replies[0].input_tokens, replies[0].output_tokens) == (100, 10), "a refusal costs nothing"
        before = len(server.requests)
        with opened(path) as ledger:
            later = asking()
            assert later.replies(PROMPTS, ledger, reach(server))[:4] == replies
        assert modes_seen(server.requests[before:]) == [found] * 2, "the next sitting knows it"
        assert (later.requests_sent, later.from_ledger) == (2, 4)


def test_a_prompt_that_is_refused_in_every_mode_says_nothing_of_the_mode(tmp_path: Path) -> None:
    def judge(body: dict[str, Any]) -> Any:
        return refuses("Input is too long.") if prompt_of(body) in PROMPTS[:2] else says(CORRECT)

    with judging(judge) as server, opened(tmp_path / "judge.jsonl") as ledger:
        asked = asking()
        replies = asked.replies(PROMPTS, ledger, reach(server))
    assert [reply.error for reply in replies] == ["validation"] * 2 + [None] * 4
    assert [reply.output for reply in replies] == [None] * 2 + ["json_schema"] * 4
    assert modes_seen(server.requests)[:7] == ["json_schema", "tool", "text"] * 2 + ["json_schema"]
    assert asked.broken is None


def test_other_errors_than_refusals_are_no_reason_for_another_mode(tmp_path: Path) -> None:
    def judge(body: dict[str, Any]) -> Any:
        if prompt_of(body) == PROMPTS[0]:
            return refuses("Too many tokens.", "ThrottlingException", "429 Too Many Requests")
        return says(CORRECT)

    with judging(judge) as server, opened(tmp_path / "judge.jsonl") as ledger:
        replies = asking().replies(PROMPTS, ledger, reach(server))
    assert replies[0].error == "throttling"
    assert {reply.output for reply in replies[1:]} == {"json_schema"}
    assert set(modes_seen(server.requests)) == {"json_schema"}


@pytest.mark.parametrize("output", ["json_schema", "tool", "text"])
def test_a_mode_that_was_chosen_is_the_only_one(tmp_path: Path, output: str) -> None:
    with judging(lambda body: refuses("no")) as server, opened(tmp_path / "judge.jsonl") as ledger:
        replies = asking(output=output).replies(PROMPTS, ledger, reach(server))
    assert {reply.error for reply in replies} == {"validation"}
    assert modes_seen(server.requests) == [output] * len(PROMPTS)


def test_what_is_sent_is_the_schema_and_a_tool_that_has_to_be_called(tmp_path: Path) -> None:
    form = Form("correctness", abstention=True)
    with judging(lambda body: refuses("no")) as server, opened(tmp_path / "judge.jsonl") as ledger:
        asking(form=form).replies(PROMPTS[:1], ledger, reach(server))
    by_schema, by_tool, by_text = map(body_of, server.requests)
    text_format = by_schema["outputConfig"]["textFormat"]
    assert text_format["type"] == "json_schema"
    schema = json.loads(text_format["structure"]["jsonSchema"]["schema"])
    assert schema["properties"]["verdict"]["enum"] == ["correct", "incorrect", "unsure"]
    (tool,) = by_tool["toolConfig"]["tools"]
    assert tool["toolSpec"]["inputSchema"]["json"] == schema
    assert by_tool["toolConfig"]["toolChoice"] == {"tool": {"name": tool["toolSpec"]["name"]}}
    assert set(by_text) == {"messages", "inferenceConfig"}


def test_what_a_tool_is_given_is_the_reply_with_and_without_streaming(tmp_path: Path) -> None:
    given = {"verdict": "incorrect", "explanation": 'Née Čapková, "no"'}

    def judge(body: dict[str, Any]) -> Any:
        return whole({"text": "I grade it."}, {"toolUse": {"toolUseId": "t", "name": "x", "input": given}})

    with judging(judge) as server, opened(tmp_path / "whole.jsonl") as ledger:
        (reply,) = asking(output="tool", stream=False).replies(PROMPTS[:1], ledger, reach(server))
    assert reply.text is not None and json.loads(reply.text.removeprefix("I grade it.")) == given
    assert reply.stop_reason == "tool_use"
    with judging(lambda body: calls(json.dumps(given))) as server, opened(tmp_path / "s.jsonl") as ledger:
        (reply,) = asking(output="tool").replies(PROMPTS[:1], ledger, reach(server))
    assert reply.text is not None and json.loads(reply.text) == given


def test_what_was_answered_before_there_were_modes_is_not_bought_again(tmp_path: Path) -> None:
    """Lines as earlier versions wrote them: keys without a mode, tags without an output."""
    judge = asking()
    path = tmp_path / "ledger" / "judge.jsonl"
    with opened(path) as ledger:
        for prompt in PROMPTS[:4]:
            ask = ask_key("s", "us-east-1", judge.line.identity(), prompt, None)
            key = attempt_key(ask, 1, role="judge")
            tags = {"role": "judge", "ask": ask, "model": "x.judge", "edition": 1}
            ledger.write_dispatched(key, {"try": 1, "most": [500, 64], "tags": tags})
            outcome = {
                "text": CORRECT,
                "input_tokens": 90,
                "output_tokens": 9,
                "sent_ns": 0,
                "ended_ns": 10**6,
            }
            ledger.write_outcome(key, {"try": 1, "last": True, **outcome})
    with judging(lambda body: says(CORRECT)) as server, opened(path) as ledger:
        replies = judge.replies(PROMPTS, ledger, reach(server))
    assert sorted(prompt_of(body_of(request)) for request in server.requests) == PROMPTS[4:]
    assert [reply.output for reply in replies] == ["text"] * 4 + ["json_schema"] * 2
    assert [reply.input_tokens for reply in replies] == [90] * 4 + [100] * 2
    assert (judge.from_ledger, judge.requests_sent) == (4, 2)
    with judging(lambda body: says(CORRECT)) as server, opened(path) as ledger:
        asking(output="json_schema").replies(PROMPTS, ledger, reach(server))
    assert len(server.requests) == 4, "an answer in a mode that isn't allowed any more doesn't count"


def repaired(ledger: Ledger, server: Any, judge: Any, prompts: list[str]) -> Any:
    reading = Reading(Form())
    return Repairing(lambda asked: judge.replies(asked, ledger, reach(server)), reading)(prompts)


def test_a_reply_that_cannot_be_read_is_asked_once_more_and_what_both_took_is_counted(tmp_path: Path) -> None:
    def judge(body: dict[str, Any]) -> Any:
        prompt = prompt_of(body)
        if prompt == PROMPTS[0] or prompt.startswith(PROMPTS[1]):
            return says("Well, who knows what to make of that 7.")
        return says(CORRECT)

    path = tmp_path / "ledger" / "judge.jsonl"
    with judging(judge) as server:
        with opened(path) as ledger:
            asked = asking(output="text")
            replies = repaired(ledger, server, asked, PROMPTS)
        prompts = Counter(prompt_of(body_of(request)) for request in server.requests)
        assert prompts == Counter(
            [*PROMPTS, repair_prompt(PROMPTS[0], Form()), repair_prompt(PROMPTS[1], Form())]
        )
        assert not any("who knows" in prompt for prompt in prompts), "the bad reply isn't quoted"
        assert [reply.repaired for reply in replies] == [True, True, False, False, False, False]
        assert (replies[0].text, replies[0].before_repair) == (
            CORRECT,
            "Well, who knows what to make of that 7.",
        )
        assert (replies[0].input_tokens, replies[0].output_tokens, replies[0].tries) == (200, 20, 2)
        assert Reading()(PROMPTS[1], replies[1]).verdict == "unparseable", "it is asked once more, not twice"
        assert asked.requests_sent == len(PROMPTS) + 2
        before = len(server.requests)
        with opened(path) as ledger:
            assert repaired(ledger, server, asking(output="text"), PROMPTS) == replies
        assert len(server.requests) == before, "repairs are in the ledger, too"


@pytest.mark.parametrize(
    ("text", "stop_reason", "verdict"),
    [
        ("Sorry, the", "content_filtered", "refused"),
        ("", "guardrail_intervened", "refused"),
        (CORRECT, "content_filtered", "refused"),
        (CORRECT, "refusal", "refused"),
    ],
)
def test_what_the_service_kept_back_is_refused_and_not_asked_once_more(
    tmp_path: Path, text: str, stop_reason: str, verdict: str
) -> None:
    with judging(lambda body: says(text, stop_reason)) as server, opened(tmp_path / "j.jsonl") as ledger:
        (reply,) = repaired(ledger, server, asking(), PROMPTS[:1])
    assert reply.stop_reason == stop_reason
    assert Reading()(PROMPTS[0], reply).verdict == verdict
    assert len(server.requests) == 1


def test_a_second_asking_is_a_request_of_its_own_and_is_held_by_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "judge.jsonl"
    verdicts = iter(["correct", "incorrect"])
    with judging(lambda body: says(json.dumps({"verdict": next(verdicts)}))) as server:
        with opened(path) as ledger:
            judge = asking()
            judge.reuse = lambda asks: (
                pytest.fail("a second asking isn't taken from other runs") if asking_again else {}
            )
            asking_again = False
            (first,) = judge.replies(PROMPTS[:1], ledger, reach(server))
            asking_again = True
            (second,) = judge.replies(PROMPTS[:1], ledger, reach(server), again=True)
        assert (first.text, second.text) == ('{"verdict": "correct"}', '{"verdict": "incorrect"}')
        one, two = (body_of(request)["messages"][0]["content"][0]["text"] for request in server.requests)
        assert one.partition("\n\n")[2] == two.partition("\n\n")[2] == PROMPTS[0]
        assert one.partition("\n\n")[0] != two.partition("\n\n")[0], "another nonce leads it"
        assert [line["tags"]["role"] for lines in ledger.dispatched.values() for line in lines] == [
            "judge", "judge_again",
        ]  # fmt: skip
        with opened(path) as ledger:
            resumed = asking()
            assert resumed.replies(PROMPTS[:1], ledger, reach(server), again=True) == [second]
            assert resumed.replies(PROMPTS[:1], ledger, reach(server)) == [first]
        assert len(server.requests) == 2 and resumed.requests_sent == 0


def test_a_judge_without_access_has_failed_and_is_asked_again_in_another_sitting(tmp_path: Path) -> None:
    denied = refuses("You don't have access to the model.", "AccessDeniedException", "403 Forbidden")
    path = tmp_path / "ledger" / "judge.jsonl"
    with judging(lambda body: denied) as server, opened(path) as ledger:
        judge = asking()
        replies = judge.replies(PROMPTS, ledger, reach(server))
        assert judge.replies(["another"], ledger, reach(server))[0].error == "access_denied"
        assert judge.replies(PROMPTS[:1], ledger, reach(server), again=True)[0].error == NOT_ASKED
        assert len(server.requests) == 3, "three refusals are enough"
    assert {(reply.text, reply.error) for reply in replies} == {(None, "access_denied")}
    assert judge.broken is not None and "You don't have access" in judge.broken
    with judging(lambda body: says(CORRECT)) as server, opened(path) as ledger:
        again = asking()
        assert [reply.text for reply in again.replies(PROMPTS, ledger, reach(server))] == [CORRECT] * 6
        assert again.broken is None


def test_a_mode_that_is_no_longer_taken_gives_way_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "judge.jsonl"
    with judging(lambda body: says(CORRECT)) as server, opened(path) as ledger:
        asking().replies(PROMPTS[:1], ledger, reach(server))
        assert modes_seen(server.requests) == ["json_schema"]

    def changed(body: dict[str, Any]) -> Any:
        return says(CORRECT) if mode_of(body) == "text" else refuses("This model doesn't support that.")

    with judging(changed) as server, opened(path) as ledger:
        replies = asking().replies(PROMPTS, ledger, reach(server))
        assert modes_seen(server.requests) == ["json_schema", "tool", *["text"] * 5]
    assert {reply.text for reply in replies} == {CORRECT}


def test_prompts_that_a_working_judge_cannot_take_are_no_reason_to_give_it_up_later(tmp_path: Path) -> None:
    def judge_of(body: dict[str, Any]) -> Any:
        return refuses("Input is too long.") if "long" in prompt_of(body) else says(CORRECT)

    prompts = ["short", *(f"long {number}" for number in range(ALL_REFUSED + 5))]
    for sitting in range(2):
        with judging(judge_of) as server, opened(tmp_path / "ledger" / "judge.jsonl") as ledger:
            judge = asking()
            replies = judge.replies(prompts, ledger, reach(server))
        assert judge.broken is None, sitting
        assert Counter(reply.error for reply in replies) == {None: 1, "validation": ALL_REFUSED + 5}


def test_refused_modes_between_denials_do_not_hide_that_there_is_no_access(tmp_path: Path) -> None:
    denied = refuses("You don't have access to the model.", "AccessDeniedException", "403 Forbidden")

    def judge_of(body: dict[str, Any]) -> Any:
        return refuses("outputConfig isn't known") if mode_of(body) == "json_schema" else denied

    with judging(judge_of) as server, opened(tmp_path / "judge.jsonl") as ledger:
        judge = asking()
        replies = judge.replies(PROMPTS, ledger, reach(server))
    assert len(server.requests) == 6, "three prompts, each by schema and by tool"
    assert {reply.text for reply in replies} == {None}
    assert judge.broken is not None and "You don't have access" in judge.broken


@pytest.mark.parametrize(
    "message", ["The security token included in the request is expired", "Signature expired"]
)
def test_lost_credentials_end_the_job_since_no_judge_could_be_asked(tmp_path: Path, message: str) -> None:
    denied = refuses(message, "ExpiredTokenException", "403 Forbidden")
    with (
        judging(lambda body: denied) as server,
        opened(tmp_path / "judge.jsonl") as ledger,
        pytest.raises(InputError, match=r"judge j .*access_denied.*run again"),
    ):
        asking().replies(PROMPTS, ledger, reach(server))


def test_a_lost_connection_ends_the_job(tmp_path: Path) -> None:
    with judging(lambda body: says(CORRECT)) as server:
        gone = reach(server)
    with opened(tmp_path / "judge.jsonl") as ledger, pytest.raises(InputError, match="connect_failed"):
        asking().replies(PROMPTS, ledger, gone)


def test_a_judge_that_refuses_every_prompt_in_every_mode_is_not_asked_for_ever(tmp_path: Path) -> None:
    prompts = [f"Is {n} right?" for n in range(ALL_REFUSED + 30)]
    with (
        judging(lambda body: refuses("temperature is deprecated")) as server,
        opened(tmp_path / "j") as ledger,
    ):
        judge = asking()
        replies = judge.replies(prompts, ledger, reach(server))
    assert len(server.requests) == 3 * ALL_REFUSED
    assert {reply.error for reply in replies} == {"validation"}
    assert judge.broken is not None and "temperature is deprecated" in judge.broken


def test_what_another_run_had_answered_in_any_mode_is_taken_and_a_second_asking_is_not(
    tmp_path: Path,
) -> None:
    def judge(body: dict[str, Any]) -> Any:
        return refuses("No schemas.") if mode_of(body) == "json_schema" else calls(CORRECT)

    theirs = tmp_path / "theirs"
    with judging(judge) as server, opened(theirs / "judge.jsonl") as ledger:
        asking().replies(PROMPTS[:4], ledger, reach(server))
        asking().replies(PROMPTS[4:5], ledger, reach(server), again=True)
    with judging(judge) as server, opened(tmp_path / "mine" / "judge.jsonl") as ledger:
        mine = asking()
        mine.reuse = partial(reuse.answers, [theirs], role="judge")
        replies = mine.replies(PROMPTS[:5], ledger, reach(server))
    assert [reply.reused for reply in replies] == [True] * 4 + [False]
    assert {reply.output for reply in replies} == {"tool"}
    assert {prompt_of(body_of(request)) for request in server.requests} == {PROMPTS[4]}
    assert (mine.reused, replies[0].tries, replies[0].input_tokens) == (4, 0, 0)


def test_a_cap_ends_first_askings_repairs_and_second_askings_and_a_higher_one_goes_on(tmp_path: Path) -> None:
    """Room for a handful of requests: what wasn't asked is said, and nothing is asked again when there is more."""
    prices = tmp_path / "prices.json"
    rates = {"input_usd_per_million": 100.0, "output_usd_per_million": 100.0}
    prices.write_text(json.dumps({"taken": "2026-01-01", "prices": {"x.judge": rates}}), "utf-8")

    def judge(body: dict[str, Any]) -> Any:
        return says("Who knows, 7." if "could not be read" not in prompt_of(body) else CORRECT)

    def asked(max_usd: float) -> tuple[list[Reply], list[Reply], Asking]:
        mine = asking(output="text", cap=Cap(tmp_path / "ledger", "x", max_usd, prices))
        about = {"run": "x", "stage": "judge", "label": "j", "model": "x.judge"}
        with opened(tmp_path / "ledger" / "judge.jsonl", about) as ledger:
            first = repaired(ledger, server, mine, PROMPTS)
            second = mine.replies(PROMPTS[:2], ledger, reach(server), again=True)
        return first, second, mine

    with judging(judge) as server:
        first, second, mine = asked(0.14)
        spent = len(server.requests) * 110 * 100 / 1e6
        assert 0 < spent <= 0.14 and mine.capped is not None
        assert NOT_ASKED in {reply.error for reply in (*first, *second)}
        first, second, mine = asked(10.0)
        assert mine.capped is None
        assert [reply.text for reply in first] == [CORRECT] * 6
        assert [reply.text for reply in second] == ["Who knows, 7."] * 2
        assert len(server.requests) == 6 + 6 + 2, "each once"
