"""The estimate counts second askings and repairs, and holds what the ledger has in any mode that a judge may be asked in."""

from pathlib import Path
from typing import Any

import pytest

from assay.bedrock.settings import BedrockEndpoint, Inference
from assay.judging.asking import judge_ask, judge_key
from assay.judging.prompt import template
from assay.judging.repair import repair_prompt
from assay.judging.schema import Form, Mode
from assay.judging.settings import Judge
from assay.ledger.keys import ask_key, attempt_key
from assay.ledger.ledger import Ledger, opened
from assay.prices.book import Price
from assay.prompts.prompt import Prompt
from assay.spending.ends import Ends, exactly
from assay.spending.estimate_settings import Panel
from assay.spending.facts import AskedLine, Facts, about_answer
from assay.spending.judging import JudgePart, of_judge
from assay.spending.models import ModelPart

TEMPLATE = template("{question} {references} {answer}", "t")
ENDPOINT = BedrockEndpoint(kind="bedrock", region="us-east-1", url="http://127.0.0.1:9")
N = 40
PROMPTS = [
    Prompt(
        f"p{n}",
        "small",
        n,
        f"e{n}",
        "set",
        "en",
        f"s{n}",
        "qa_f1",
        10,
        f"t{n}",
        f"What is {n}?",
        ("x",),
        None,
    )
    for n in range(N)
]
CORRECT = '{"verdict": "correct"}'


def facts(folder: Path) -> Facts:
    return Facts(
        ENDPOINT, {"small": PROMPTS}, {}, {prompt.prompt_id: 100 for prompt in PROMPTS}, 8, TEMPLATE, None, 0,
        {"x.judge": Price(1.0, 5.0), "m": Price(1.0, 5.0)}, folder, frozenset(),
    )  # fmt: skip


def panel(**changed: Any) -> Panel:
    given = {"panel": (), "inference": {}, "concurrency": 8, "retry": {}, "asked_twice": 10, **changed}
    return Panel.model_validate(given)


def part(**changed: Any) -> ModelPart:
    """A model of which every answer is held, so that nothing is left open but the judging."""
    known = [(prompt, f"answer {n}") for n, prompt in enumerate(PROMPTS)]
    return ModelPart(known=known, asked_prompts=N, output_tokens=exactly(10), **changed)


def judge_line(folder: Path, output: str = "auto") -> AskedLine:
    judge = Judge.model_validate({"label": "j", "id": "x.judge", "output": output})
    return facts(folder).line(judge, Inference(max_tokens=64, temperature=0.0), 1, "judge")


def estimated(folder: Path, output: str = "auto", **changed: Any) -> JudgePart:
    settings = panel(**changed)
    judge = judge_line(folder, output)
    model = facts(folder).line(Judge(label="m", id="m"), Inference(max_tokens=64), 1, "invoke")
    return of_judge(facts(folder), judge, {"m": (model, part())}, settings, None)


def text_of(n: int) -> str:
    return about_answer(TEMPLATE, PROMPTS[n], f"answer {n}")


def hold(folder: Path, prompt: str, mode: Mode, *, text: str = CORRECT, again: bool = False) -> None:
    line = judge_line(folder)
    asked = line.asked
    ask = judge_ask(asked.endpoint, asked.region, asked.line, prompt, Form(), mode)
    with opened(folder / f"{line.stem('judge')}jsonl") as ledger:
        _write(ledger, judge_key(ask, 1, again), text)


def _write(ledger: Ledger, key: str, text: str) -> None:
    ledger.write_dispatched(key, {"try": 1, "most": [500, 64], "tags": {"role": "judge"}})
    outcome = {"text": text, "input_tokens": 90, "output_tokens": 9, "sent_ns": 1, "ended_ns": 10**6}
    ledger.write_outcome(key, {"try": 1, "last": True, **outcome})


def test_each_answer_is_judged_some_twice_and_any_may_need_a_repair(tmp_path: Path) -> None:
    requests = estimated(tmp_path).amounts.requests
    assert requests["judging"] == exactly(N)
    assert requests["judging again"] == exactly(10)
    assert requests["repairs"].low == 0 and requests["repairs"].at_most == N + 10
    assert 0 < requests["repairs"].middle < requests["repairs"].high < 10
    least = estimated(tmp_path, asked_twice=0, repair=False).amounts.requests
    assert (least["judging"], least["judging again"], least["repairs"]) == (exactly(N), Ends(), Ends())
    assert estimated(tmp_path, asked_twice=100).amounts.requests["judging again"] == exactly(N), (
        "no more than there are"
    )


def test_the_dollars_are_those_of_all_that_is_asked(tmp_path: Path) -> None:
    both, once = (
        estimated(tmp_path, output="text", repair=False, asked_twice=count).amounts.usd for count in (10, 0)
    )
    assert both is not None and once is not None
    assert both.middle == pytest.approx(once.middle * (N + 10) / N)
    assert both.at_most == pytest.approx(once.at_most * (N + 10) / N)
    with_repair = estimated(tmp_path, output="text", asked_twice=0).amounts.usd
    assert with_repair is not None and with_repair.at_most >= 2 * once.at_most


def test_a_schema_adds_to_the_prompt_and_text_does_not(tmp_path: Path) -> None:
    shaped, plain = (estimated(tmp_path, output=output).amounts.input_tokens for output in ("auto", "text"))
    assert shaped.low == plain.low and shaped.middle > plain.middle and shaped.high > plain.high


def test_what_is_held_in_any_mode_is_not_to_be_bought(tmp_path: Path) -> None:
    for n, mode in enumerate(("json_schema", "tool", "text")):
        hold(tmp_path, text_of(n), mode)  # type: ignore[arg-type]
    hold(tmp_path, text_of(0), "json_schema", again=True)
    found = estimated(tmp_path)
    assert found.amounts.requests["judging"] == exactly(N - 3)
    assert found.amounts.requests["judging again"] == exactly(9)
    assert found.held == 4
    only_text = estimated(tmp_path, output="text")
    assert only_text.amounts.requests["judging"] == exactly(N - 1)


def test_lines_of_before_there_were_modes_are_held(tmp_path: Path) -> None:
    line = judge_line(tmp_path)
    asked = line.asked
    with opened(tmp_path / f"{line.stem('judge')}jsonl") as ledger:
        for n in range(N):
            ask = ask_key(asked.endpoint, asked.region, asked.line.identity(), text_of(n), None)
            _write(ledger, attempt_key(ask, 1, role="judge"), CORRECT)
    found = estimated(tmp_path)
    assert (found.amounts.requests["judging"], found.held) == (Ends(), N)
    assert found.amounts.requests["judging again"] == exactly(10)
    nothing = estimated(tmp_path, asked_twice=0)
    assert nothing.amounts.all_requests == Ends() and nothing.amounts.usd == Ends()


def test_a_held_reply_that_cannot_be_read_is_still_to_be_repaired(tmp_path: Path) -> None:
    for n in range(N):
        hold(tmp_path, text_of(n), "text", text=CORRECT if n > 2 else "Many a thing could be said of that.")
    found = estimated(tmp_path, asked_twice=0)
    assert found.amounts.requests["repairs"] == exactly(3)
    hold(tmp_path, repair_prompt(text_of(0), Form()), "text")
    found = estimated(tmp_path, asked_twice=0)
    assert found.amounts.requests["repairs"] == exactly(2)
    assert estimated(tmp_path, asked_twice=0, repair=False).amounts.requests == {}
