"""The page of mistakes shows each kind of answer worth reading, as drawn by the seed, and says what it doesn't show."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from made_mistakes import all_say, answer, settings, write

from assay.document import mistakes
from assay.document.examples import Case, Drawn, MistakesSettings, draw, read_cases
from assay.document.template import fill
from assay.errors import InputError
from assay.labels.labels import item_of

TEMPLATE = Path(__file__).resolve().parents[2] / "report" / "mistakes.qmd.j2"


def drawn(
    folder: Path,
    answers: list[dict[str, Any]],
    labels: dict[str, str] | None = None,
    most: int = 10**6,
    **given: Any,
) -> Drawn:
    chosen = MistakesSettings.model_validate(settings(**given))
    paths = write(folder, answers, chosen.judges)
    file = None
    if labels is not None:
        file = folder / "labels.csv"
        lines = [f"{item_of(answer_id)},{label}" for answer_id, label in labels.items()]
        file.write_text("\n".join(["item,label", *lines]), encoding="utf-8")
    cases = read_cases(chosen, paths["answers"], paths["verdicts"], file)
    return draw(chosen, cases, people=file is not None, size=lambda case: 1, most=most)


def kinds_of(folder: Path, answer: dict[str, Any], **given: Any) -> set[str]:
    """The kinds that an answer is of."""
    return {kind for (_, kind), group in drawn(folder, [answer], **given).groups.items() if group.n}


def page(folder: Path, answers: list[dict[str, Any]], **given: Any) -> str:
    chosen = MistakesSettings.model_validate(settings(**given))
    paths = write(folder, answers, chosen.judges)
    qmd = folder / "mistakes.qmd"
    mistakes.write(chosen, paths["answers"], paths["verdicts"], None, TEMPLATE, qmd)
    return qmd.read_text(encoding="utf-8")


RIGHT = {"said": all_say("correct"), "score": 1.0}


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        (RIGHT, set()),
        ({"said": all_say("incorrect")}, {"wrong"}),
        ({"said": all_say("incorrect"), "score": 1.0}, {"wrong", "metric"}),
        ({"said": all_say("correct"), "score": 0.0}, {"metric"}),
        ({"said": {"ada": "correct", "bea": "incorrect", "cy": "correct"}, "score": 0.5}, {"disagreement"}),
        ({"said": {"ada": "correct", "bea": "incorrect", "cy": "abstained"}}, {"undecided"}),
        ({"said": {"ada": "correct", "bea": "refused", "cy": "failed"}}, {"undecided"}),
        ({"said": {"ada": "correct", "bea": "not_asked", "cy": "not_asked"}}, set()),
        ({"said": {**all_say("correct"), "cy": "unparseable"}, "score": 1.0}, {"unparseable"}),
        (
            {
                "said": {
                    **all_say("correct"),
                    "cy": {"verdict": "correct", "verdict_again": "incorrect"},
                },
                "score": 1.0,
            },
            {"changed"},
        ),
        (
            {
                "said": {**all_say("correct"), "cy": {"verdict": "correct", "verdict_again": "correct"}},
                "score": 1.0,
            },
            set(),
        ),
        ({**RIGHT, "injection_suspected": True}, {"injection"}),
        ({**RIGHT, "refusal_suspected": True}, {"refusal"}),
        ({**RIGHT, "empty": True}, {"empty"}),
        ({**RIGHT, "text": "  "}, {"empty"}),
        ({**RIGHT, "stop_reason_max_tokens": 0.5}, {"cut"}),
    ],
)
def test_an_answer_is_of_the_kinds_that_it_looks_like(
    given: dict[str, Any], kinds: set[str], tmp_path: Path
) -> None:
    assert kinds_of(tmp_path, answer("p", **given)) == kinds


def test_without_judges_the_metric_says_what_is_wrong(tmp_path: Path) -> None:
    for score, kinds in ((0.4, {"wrong"}), (0.6, set())):
        assert kinds_of(tmp_path, answer("p", score=score), judges=[]) == kinds
    assert "Judges disagree" not in page(tmp_path, [answer("p")], judges=[])


@pytest.mark.parametrize(
    ("ratings", "kinds"),
    [
        ((5, 5, 4), set()),
        ((1, 2, 2), {"wrong"}),
        ((5, 3, 4), {"disagreement"}),
        ((4, 5, 5), {"metric"}),
        ((3, None, None), {"undecided"}),
    ],
)
def test_ratings_have_kinds_too(ratings: tuple[int | None, ...], kinds: set[str], tmp_path: Path) -> None:
    said = {
        judge: {"verdict": "failed"} if rating is None else {"verdict": "rated", "rating": float(rating)}
        for judge, rating in zip(("ada", "bea", "cy"), ratings, strict=True)
    }
    score = 0.0 if "metric" in kinds else 0.5
    assert kinds_of(tmp_path, answer("p", said=said, score=score), verdict="scale") == kinds


def test_a_page_of_ratings_speaks_of_ratings(tmp_path: Path) -> None:
    said = {judge: {"verdict": "rated", "rating": 2.0} for judge in ("ada", "bea")}
    said["cy"] = {"verdict": "rated", "rating": 1.0}
    text = page(tmp_path, [answer("p", said=said)], verdict="scale").replace("\\", "")
    assert "Answers that the panel rates 2 of 5 or less." in text
    assert "**Panel**: 1.67 of 5 on average" in text
    assert "**cy**: [1 of 5]{.state-no}. " in text
    assert "incorrect" not in text


def test_people_who_say_otherwise_than_the_panel_are_a_kind(tmp_path: Path) -> None:
    one, other = answer("p", **RIGHT), answer("q", **RIGHT)
    found = drawn(tmp_path, [one, other], labels={one["answer_id"]: "0", other["answer_id"]: "1"})
    group = found.groups["swift", "people"]
    assert [case.prompt_id for case in group.drawn] == ["p"]
    assert ("swift", "people") not in drawn(tmp_path, [one]).groups


def test_people_who_are_split_are_not_against_the_panel(tmp_path: Path) -> None:
    one = answer("p", **RIGHT)
    paths = write(tmp_path, [one])
    labels = tmp_path / "labels.csv"
    item = item_of(one["answer_id"])
    labels.write_text(f"item,label,labeler\n{item},0,ann\n{item},1,bo\n", encoding="utf-8")
    chosen = MistakesSettings.model_validate(settings())
    cases = read_cases(chosen, paths["answers"], paths["verdicts"], labels)
    found = draw(chosen, cases, people=True, size=lambda case: 1, most=100)
    assert found.groups["swift", "people"].n == 0
    assert mistakes._view(cases[0])["people"] == "undecided (2 people)"


def many(n: int, **given: Any) -> list[dict[str, Any]]:
    return [answer(f"p{number}", said=all_say("incorrect"), **given) for number in range(n)]


def names(found: Drawn, kind: str = "wrong", model: str = "swift") -> list[str]:
    return [case.prompt_id for case in found.groups[model, kind].drawn]


def test_more_examples_keep_those_that_were_shown(tmp_path: Path) -> None:
    samples = [names(drawn(tmp_path, many(40), examples=n)) for n in (1, 3, 10, 100)]
    for fewer, more in pairwise(samples):
        assert more[: len(fewer)] == fewer
    assert [len(sample) for sample in samples] == [1, 3, 10, 40]
    # In the order of their hashes, not in that of the data.
    assert samples[-1] != [f"p{number}" for number in range(40)]


def test_the_seed_draws_and_new_answers_do_not_disturb_it(tmp_path: Path) -> None:
    ten = names(drawn(tmp_path, many(40), examples=10))
    assert names(drawn(tmp_path, many(40), examples=10)) == ten
    assert names(drawn(tmp_path, many(40)[::-1], examples=10)) == ten
    assert names(drawn(tmp_path, many(40), examples=10, seed=8)) != ten
    among_more = names(drawn(tmp_path, many(60), examples=60))
    assert [name for name in among_more if int(name[1:]) < 40][:10] == ten


def test_models_are_shown_on_the_same_prompts(tmp_path: Path) -> None:
    both = [*many(40), *many(40, model="steady", text="It is Oslo.")]
    found = drawn(tmp_path, both, models=["swift", "steady"])
    assert names(found) == names(found, model="steady")


def test_each_bucket_has_its_own_examples_and_counts(tmp_path: Path) -> None:
    answers = [*many(5), *(answer(f"l{n}", said=all_say("incorrect"), bucket="long") for n in range(2))]
    group = drawn(tmp_path, answers).groups["swift", "wrong"]
    assert dict(group.found) == {"short": 5, "long": 2} and group.n == 7
    assert [case.bucket for case in group.drawn] == ["short"] * 3 + ["long"] * 2


def test_an_answer_of_several_kinds_is_shown_once(tmp_path: Path) -> None:
    found = drawn(tmp_path, many(1, stop_reason_max_tokens=1.0))
    assert len(found.groups["swift", "wrong"].drawn) == len(found.groups["swift", "cut"].drawn) == 1
    assert list(found.homes.values()) == ["wrong"]
    text = page(tmp_path, many(1, stop_reason_max_tokens=1.0))
    assert text.count("What is asked by p0") == 1
    assert text.count("](#answer-swift-") == 1


def test_a_full_page_gives_every_model_its_turn_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    both = [*many(20), *many(20, model="steady", text="It is Oslo.")]
    found = drawn(tmp_path, both, models=["swift", "steady"], examples=10, most=8)
    assert [len(names(found, model=model)) for model in ("swift", "steady")] == [4, 4]
    assert found.left_out == 12
    assert drawn(tmp_path, many(2), examples=10).left_out == 0


def test_the_page_is_never_larger_than_its_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = [answer(f"p{n}", text=f"<{n}>" * 4000, said=all_say("incorrect")) for n in range(60)]
    monkeypatch.setattr(mistakes, "MOST_CHARACTERS", 20_000)
    text = page(tmp_path, nasty, examples=60)
    assert len(text) < 40_000
    assert "The page is full: " in text and "answers more were asked for" in text


def test_counts_stand_beside_what_is_shown(tmp_path: Path) -> None:
    text = page(tmp_path, many(5)).replace("\\", "")
    assert "[5](#wrong-swift) (3 shown)" in text
    assert "there are 5, 3 of them shown: 3 of 5 in short." in text


def test_no_examples_means_no_text_of_the_data_or_the_models(tmp_path: Path) -> None:
    text = page(tmp_path, many(5), examples=0)
    assert "Paris" not in text and "What is asked" not in text and "thinks so" not in text
    assert "[5](#wrong-swift)" in text


def test_an_example_has_question_references_answer_verdicts_and_reasons(tmp_path: Path) -> None:
    said = {"ada": "incorrect", "bea": {"verdict": "failed", "error": "throttling", "explanation": None}}
    said["cy"] = {"verdict": "unparseable", "raw": "well, maybe", "explanation": None}
    text = page(tmp_path, [answer("p", answers=["Rome", "Roma"], said=said, score=0.25)]).replace("\\", "")
    for part in ("What is asked by p?", "Rome", "Roma", "It is Paris.", "ada thinks so.", "well, maybe"):
        assert part in text
    assert "**ada**: [incorrect]{.state-no}" in text
    assert "**bea**: [gave no reply]{.state-undecided} (throttling)" in text
    assert "**cy**: [could not be read]{.state-undecided}. It replied:" in text
    assert "**Metric** (qa_f1): 0.25" in text


def test_links_lead_to_every_models_wrong_answers_even_where_there_are_none(tmp_path: Path) -> None:
    text = page(tmp_path, [answer("p", **RIGHT)], models=["swift", "steady"])
    for model in ("swift", "steady"):
        assert text.count(f"[]{{#wrong-{model}}}") == 1
    assert text.count("None of them is of any kind") == 2


def test_a_file_that_is_no_table_ends_in_an_error_that_names_it(tmp_path: Path) -> None:
    broken = tmp_path / "swift.parquet"
    broken.write_text("nothing")
    chosen = MistakesSettings.model_validate(settings())
    with pytest.raises(InputError, match=r"swift\.parquet: not a readable Parquet file"):
        read_cases(chosen, [broken], [], None)


def test_the_size_of_a_case_counts_its_texts_as_they_are_written(tmp_path: Path) -> None:
    paths = write(tmp_path, [answer("p", text="*" * 600, said=all_say("incorrect"))])
    chosen = MistakesSettings.model_validate(settings())
    (case,) = read_cases(chosen, paths["answers"], paths["verdicts"], None)
    assert isinstance(case, Case)
    view = mistakes._view(case)
    assert mistakes.size(case) > 1200 and len(view["answer"]) > 1200
    assert "Wrong" in fill(
        TEMPLATE,
        mistakes.context(
            chosen, draw(chosen, [case], people=False, size=mistakes.size, most=mistakes.MOST_CHARACTERS)
        ),
    )
