"""What judges are asked to state, and in which ways: shapes that Bedrock takes, and identities that keep what was bought."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

from assay.bedrock.request import Line, body
from assay.bedrock.settings import Inference, Model
from assay.errors import InputError
from assay.judging.parsing import parse
from assay.judging.prompt import template
from assay.judging.reading import Reading, right
from assay.judging.repair import repair_prompt
from assay.judging.reply import NOT_ASKED, Reply
from assay.judging.schema import MODES, Form, Mode, modes
from assay.judging.settings import VerdictKind
from assay.judging.verdicts import simulator_key
from assay.simulator import requests

_ROOT = Path(__file__).resolve().parents[2]
LINE = Line(Model(label="j", id="x.judge"), Inference(max_tokens=64))
FORMS = [Form(verdict, abstention) for verdict in ("correctness", "scale") for abstention in (False, True)]


def check_shape(shapes: dict[str, Any], name: str, value: Any) -> None:
    """Whether a value is of a shape of botocore's service model: known members, required ones, enums, unions."""
    shape = shapes[name]
    if shape.get("document"):
        return
    if shape["type"] == "structure":
        assert set(value) <= set(shape["members"]), (name, value)
        assert set(shape.get("required", ())) <= set(value), (name, value)
        assert not shape.get("union") or len(value) == 1, (name, value)
        for member, each in value.items():
            check_shape(shapes, shape["members"][member]["shape"], each)
    elif shape["type"] == "list":
        for each in value:
            check_shape(shapes, shape["member"]["shape"], each)
    elif shape["type"] == "string":
        assert isinstance(value, str) and value in shape.get("enum", [value]), (name, value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mode", MODES)
def test_what_shapes_a_reply_is_what_converse_takes(form: Form, mode: Mode) -> None:
    shapes = Loader().load_service_model("bedrock-runtime", "service-2")["shapes"]
    content = body(LINE, "Is it?", None, "Request 1.\n\n", shape=form.members(mode))
    check_shape(shapes, "ConverseStreamRequest", {"modelId": "x", **json.loads(content)})
    requests.read("converse-stream", content)  # the simulator takes it, too


@pytest.mark.parametrize("form", FORMS)
def test_the_schema_has_nothing_that_structured_output_refuses(form: Form) -> None:
    """No bounds, no lengths, and an object that is closed, with all of its keys required."""
    schema = form.schema()
    refused = ("minimum", "maximum", "multipleOf", "minLength", "maxLength", "maxItems", "pattern")
    assert not any(f'"{word}"' in json.dumps(schema) for word in refused)
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"])


@pytest.mark.parametrize("form", FORMS)
def test_every_value_that_the_schema_allows_is_understood(form: Form) -> None:
    stated = "verdict" if form.verdict == "correctness" else "rating"
    found = form.schema()["properties"][stated]
    values = [value for part in found.get("anyOf", [found]) for value in part["enum"]]
    assert ("unsure" in values) == form.abstention
    for value in values:
        parsed = parse(json.dumps({stated: value, "explanation": "So."}), form.verdict)
        expected = {"unsure": "abstained"}.get(value, value if stated == "verdict" else "rated")
        assert (parsed.verdict, parsed.rating) == (expected, float(value) if expected == "rated" else None)


def test_text_adds_nothing_to_what_a_judge_is_known_by_and_the_others_their_schema() -> None:
    assert Form().identity("text") == Form("scale", True).identity("text") == {}
    known = [json.dumps(form.identity(mode)) for form in FORMS for mode in ("json_schema", "tool")]
    assert len(set(known)) == len(known)


def test_auto_tries_the_strictest_first() -> None:
    assert modes("auto") == ("json_schema", "tool", "text")
    assert modes("tool") == ("tool",)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply(None, NOT_ASKED, None, None, None, 0), "not_asked"),
        (Reply(None, "throttling", None, None, None, 6), "failed"),
        (Reply('{"verdict": "correct"}', None, 1, 1, 1.0, 1), "correct"),
        (Reply('{"verdict": "corr', None, 1, 1, 1.0, 1, stop_reason="guardrail_intervened"), "refused"),
        (Reply("Hm.", None, 1, 1, 1.0, 1, stop_reason="max_tokens"), "unparseable"),
    ],
)
def test_every_way_in_which_a_request_ends_is_a_verdict(reply: Reply, verdict: str) -> None:
    assert Reading()("?", reply).verdict == verdict


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('{"verdict": "correct"}', "correctness", 1.0),
        ('{"verdict": "incorrect"}', "correctness", 0.0),
        ('{"rating": 1}', "scale", 0.0),
        ('{"rating": 4}', "scale", 0.75),
        ('{"rating": 5}', "scale", 1.0),
        ("", "scale", None),
    ],
)
def test_how_right_an_answer_is_called(text: str, kind: VerdictKind, value: float | None) -> None:
    assert right(parse(text, kind)) == value


@pytest.mark.parametrize("form", FORMS)
def test_asking_once_more_says_what_is_expected_and_the_simulator_knows_that_prompt(form: Form) -> None:
    asked = repair_prompt("Is it?", form)
    assert asked.startswith("Is it?\n\n")
    assert ('"verdict"' in asked, '"rating"' in asked) == (
        form.verdict == "correctness",
        form.verdict == "scale",
    )
    assert ("unsure" in asked) == form.abstention
    answer = {"model": "swift", "question": "Where?", "answers": ["Paris"], "text": "In Paris."}
    own = template("{question} {references} {answer}", "t")
    plain, both = simulator_key([answer], own), simulator_key([answer], own, repair=form)
    assert len(both) == 2 and plain[0] in both
    assert all(line["correct"] is True for line in both)


def test_a_prompt_that_does_not_offer_abstention_where_judges_may_abstain_is_named() -> None:
    Form("correctness", abstention=False).check("Say correct or incorrect.", "p.txt")
    with pytest.raises(InputError, match=r"p\.txt: judges\.abstention .*never says"):
        Form("correctness", abstention=True).check("Say correct or incorrect.", "p.txt")
    offers = (_ROOT / "config" / "judging" / "correctness_or_unsure.txt").read_text()
    Form("correctness", abstention=True).check(offers, "p.txt")
