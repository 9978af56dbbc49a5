"""Judges are held against each other, against themselves, against what is surely right, and against the length of answers;
models against the panel without their own family."""

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from assay.accuracy import agreement, families, judges, left_out
from assay.accuracy.inputs import Inputs, word_counts
from assay.accuracy.settings import AccuracySettings
from assay.accuracy.votes import decided, decisive, votes
from assay.judging.panel import majority
from assay.prices.book import Price
from assay.records.rated import panel_of, rated_answers

Said = Mapping[str, Sequence[Any]]
"""By judge, what it said of each answer: correct, incorrect or another outcome, or a rating."""


def made(table: ModuleType, inputs: Inputs) -> list[dict[str, Any]]:
    """The rows of a table of the accuracy stage."""
    rows: list[dict[str, Any]] = table.rows(inputs)
    return rows


def _answers(
    n: int, models: Sequence[str] = ("m",), metric: str = "qa_f1", documents: int | None = None
) -> pd.DataFrame:
    """`n` answers of each model, to the same prompts."""
    rows = [
        {
            "model": model,
            "answer_id": f"{model}-{number}",
            "prompt_id": f"p{number}",
            "bucket": "all",
            "source": f"document {number % (documents or n)}",
            "times": 1.0,
            "metric": metric,
            "score": 1.0,
            "words": 8.0,
        }
        for model in models
        for number in range(n)
    ]
    return pd.DataFrame(rows)


def _inputs(
    answers: pd.DataFrame,
    said: Said,
    *,
    verdict: str = "correctness",
    again: Said | None = None,
    ids: Mapping[str, str] | None = None,
    given: Mapping[str, str] | None = None,
    **columns: Any,
) -> Inputs:
    frames = []
    for judge, words in said.items():
        frame = answers[["model", "answer_id", "prompt_id"]].copy()
        ratings = [isinstance(word, int | float) for word in words]
        frame["judge"] = judge
        frame["verdict"] = ["rated" if is_one else word for is_one, word in zip(ratings, words, strict=True)]
        frame["rating"] = [word if is_one else np.nan for is_one, word in zip(ratings, words, strict=True)]
        twice = (again or {}).get(judge, [None] * len(frame))
        frame["verdict_again"] = ["rated" if isinstance(word, int | float) else word for word in twice]
        frame["rating_again"] = [word if isinstance(word, int | float) else np.nan for word in twice]
        frames.append(frame)
    verdicts = pd.concat(frames, ignore_index=True)
    plain = {
        "input_tokens": 100.0,
        "output_tokens": 20.0,
        "e2e_ms": 50.0,
        "tries": 1.0,
        "tries_cost_unknown": 0.0,
    }
    verdicts = verdicts.assign(**{**plain, "reused": False, "repaired": False, **columns})
    ids = dict(ids or {})
    models = list(dict.fromkeys(answers["model"]))
    settings = AccuracySettings.model_validate(
        {
            "models": [{"label": model, "id": ids.get(model, f"sim.{model}")} for model in models],
            "judges": [{"label": judge, "id": ids.get(judge, f"sim.{judge}")} for judge in said],
            "families": dict(given or {}),
            "verdict": verdict,
            "dataset_of_interest": "all",
            "seed": 1,
        }
    )
    panel = panel_of(verdicts, list(said))
    rated = rated_answers(answers.assign(reused=False), panel)
    prompts = answers[["model", "prompt_id", "bucket", "source"]].assign(accuracy=1.0)
    price = Price(input_usd_per_million=1.0, output_usd_per_million=2.0)
    return Inputs(settings, prompts, rated, verdicts, panel, {f"sim.{judge}": price for judge in said})


def _words(right: NDArray[np.bool_]) -> list[str]:
    return ["correct" if one else "incorrect" for one in right.tolist()]


def _by(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, Mapping[str, Any]]:
    return {str(row[key]): row for row in rows}


def test_a_panels_part_decides_as_the_panel_does() -> None:
    draw = np.random.default_rng(3)
    for size in (1, 2, 3, 4, 5):
        said = draw.choice([0.0, 1.0, np.nan], size=(200, size))
        named = {1.0: "correct", 0.0: "incorrect"}
        for row, found in zip(said, decided(said, "correctness"), strict=True):
            expected = majority(int((row == 1).sum()), int((row == 0).sum()), size)
            assert (named[found] if found == found else expected) == expected
            assert (expected in ("tie", "none")) == (found != found)
    ratings = np.array([[1.0, 0.5, np.nan], [1.0, np.nan, np.nan]])
    assert decided(ratings, "scale").tolist()[0] == 0.75
    assert np.isnan(decided(ratings, "scale")[1])
    split = np.array([[1.0, 0.0], [np.nan, np.nan]])
    assert decided(split, "correctness", tie=0.5).tolist()[0] == 0.5
    assert np.isnan(decided(split, "correctness", tie=0.5)[1])


def test_a_judge_is_held_against_the_majority_of_the_others_and_not_against_itself() -> None:
    truth = ["correct"] * 30 + ["incorrect"] * 30
    contrary = ["incorrect"] * 6 + ["correct"] * 24 + ["incorrect"] * 30
    found = _by(made(judges, _inputs(_answers(60), {"a": truth, "b": truth, "c": contrary})), "judge")
    assert found["c"]["agreement_with_others"] == pytest.approx(0.9)
    assert found["c"]["agreement_with_others_n"] == 60
    # Where c differs from the other of a's judges, the two are a tie and say nothing of a.
    assert (found["a"]["agreement_with_others"], found["a"]["agreement_with_others_n"]) == (1.0, 54)
    assert found["c"]["kappa_with_others"] == pytest.approx(0.8)
    assert found["c"]["leniency"] == pytest.approx(-0.1)
    assert found["c"]["leniency_high"] < 0.0
    assert "agreement_with_others" not in found["panel"]


def test_what_a_judge_gave_in_place_of_a_verdict_is_counted_by_kind() -> None:
    said = ["correct"] * 4 + ["unparseable", "unparseable", "refused", "abstained", "failed", "not_asked"]
    mute = ["unparseable"] * 7 + ["correct"] * 3
    unasked = ["not_asked"] * 10
    inputs = _inputs(_answers(10), {"a": said, "mute": mute, "unasked": unasked})
    found = _by(made(judges, inputs), "judge")
    counts = [
        found["a"][name] for name in ("n", "unparseable", "refused", "abstained", "failed", "not_asked")
    ]
    assert counts == [9, 2, 1, 1, 1, 1]
    assert found["a"]["n_verdicts"] == 4
    assert found["a"]["invalid_rate"] == pytest.approx(5 / 9)
    assert found["a"]["invalid_rate_low"] < 5 / 9 < found["a"]["invalid_rate_high"]
    # More than half without a verdict: not working.
    assert [found[name]["working"] for name in ("a", "mute", "unasked")] == ["no", "no", None]
    half = _inputs(_answers(4), {"a": ["correct", "correct", "refused", "failed"]})
    assert made(judges, half)[0]["working"] == "yes"


def test_repairs_cost_and_the_slowest_replies_are_told() -> None:
    inputs = _inputs(
        _answers(100),
        {"a": ["correct"] * 100},
        repaired=[True] * 7 + [False] * 93,
        e2e_ms=[float(n) for n in range(1, 101)],
    )
    row = made(judges, inputs)[0]
    assert row["repaired"] == 7
    assert row["cost_usd"] == pytest.approx(100 * (100 * 1.0 + 20 * 2.0) / 1e6)
    assert 49 <= row["e2e_ms_p50"] <= 52
    assert 94 <= row["e2e_ms_p95"] <= 97


def test_only_a_metric_that_leaves_no_doubt_decides() -> None:
    metrics = pd.Series(
        ["exact_match", "exact_match", "qa_f1", "qa_f1", "qa_f1", "rouge_l", "contains", "json_match"]
    )
    scores = np.array([1.0, 0.0, 1.0, 0.0, 0.9, 1.0, 1.0, 0.5])
    found = decisive(metrics, scores)
    assert found[:3].tolist() == [1.0, 0.0, 1.0]
    assert np.isnan(found[3:]).all()


def test_sensitivity_and_specificity_are_seen_where_the_metric_decides() -> None:
    answers = _answers(100, metric="exact_match")
    answers["score"] = [1.0] * 60 + [0.0] * 40
    said = ["correct"] * 54 + ["incorrect"] * 6 + ["incorrect"] * 30 + ["correct"] * 10
    row = made(judges, _inputs(answers, {"a": said}))[0]
    assert (row["sensitivity"], row["sensitivity_n"]) == (pytest.approx(0.9), 60)
    assert (row["specificity"], row["specificity_n"]) == (pytest.approx(0.75), 40)
    assert row["agreement_with_metric"] == pytest.approx(0.84)
    # F1 of 0 may be the right answer in other words: then nothing is said of specificity.
    row = made(judges, _inputs(answers.assign(metric="qa_f1"), {"a": said}))[0]
    assert (row["sensitivity_n"], row["specificity_n"], row["specificity"]) == (60, 0, None)


def test_a_judge_asked_twice_is_told_how_often_it_said_the_same() -> None:
    first = ["correct"] * 8 + ["incorrect", "unparseable", "failed", "correct"]
    second = ["correct"] * 6 + ["incorrect", "unparseable", "incorrect", "unparseable", "correct", "failed"]
    row = made(judges, _inputs(_answers(12), {"a": first}, again={"a": second}))[0]
    assert row["unchanged_n"] == 10  # a request that failed is no saying
    assert row["unchanged_share"] == pytest.approx(0.8)
    assert row["unchanged_share_low"] < 0.8 < row["unchanged_share_high"]
    ratings = [1, 2, 3, 4, 5, 5]
    rated = _inputs(_answers(6), {"a": ratings}, verdict="scale", again={"a": [1, 2, 3, 4, 4, None]})
    row = made(judges, rated)[0]
    assert (row["unchanged_n"], row["unchanged_share"]) == (5, pytest.approx(0.8))


def _lengths(
    favours: Callable[[NDArray[np.float64]], NDArray[np.float64]], seed: int
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Two models, one of them longer and better; judge `a` errs by what `favours` says of the words, `b` and `c` don't."""
    draw = np.random.default_rng(seed)
    answers = _answers(200, ("short", "long"), documents=100)
    longer = answers["model"].eq("long").to_numpy()
    words = np.exp2(draw.uniform(2, 6, len(answers)) + longer)
    answers["words"] = words
    right = draw.random(len(answers)) < np.where(longer, 0.85, 0.6)
    chance = np.clip(favours(np.log2(words) - np.log2(words).mean()), -0.45, 0.45)
    flipped = draw.random((3, len(answers))) < 0.08
    said = {"b": _words(right ^ flipped[0]), "c": _words(right ^ flipped[1])}
    swayed = np.where(
        right, draw.random(len(answers)) < 0.9 + chance, draw.random(len(answers)) < 0.1 + chance
    )
    return answers, {"a": _words(swayed), **said}


def test_a_judge_that_favours_length_stands_out_and_the_others_do_not() -> None:
    answers, said = _lengths(lambda centred: 0.06 * centred, seed=5)
    found = _by(made(judges, _inputs(answers, said)), "judge")
    assert found["a"]["length_slope_low"] > 0.0
    assert found["a"]["length_slope_low"] < 0.05 < found["a"]["length_slope_high"]
    for name in ("b", "c"):
        assert abs(found[name]["length_slope"]) < found["a"]["length_slope"] / 2


def test_a_judge_that_is_blind_to_length_is_accused_of_it_as_rarely_as_is_claimed() -> None:
    accused = 0
    for seed in range(60):
        answers, said = _lengths(lambda centred: 0.0 * centred, seed=seed)
        row = made(judges, _inputs(answers, {"a": said["a"], "b": said["b"]}))[0]
        accused += not row["length_slope_low"] <= 0.0 <= row["length_slope_high"]
    assert accused <= 8  # .05 of 60 is 3; more than 8 has a chance below .01


def test_judges_that_never_differ_show_no_error_to_be_sure_by() -> None:
    answers, said = _lengths(lambda centred: 0.0 * centred, seed=1)
    same = {"a": said["b"], "b": said["b"]}
    row = made(judges, _inputs(answers, same))[0]
    assert (row["length_slope"], row["length_slope_n"]) == (0.0, 400)
    assert "length_slope_low" not in row and "length_slope_high" not in row
    given = {"short": "x", "long": "y", "a": "x", "b": "y"}
    row = made(families, _inputs(answers, same, given=given))[0]
    assert row["favour"] == 0.0
    assert "favour_low" not in row and "favour_high" not in row


def test_ratings_give_the_same_figures_on_a_scale_from_0_to_1() -> None:
    answers = _answers(40, metric="exact_match")
    answers["score"] = [1.0] * 20 + [0.0] * 20
    a, b, c = [5] * 20 + [1] * 20, [4] * 20 + [1] * 20, [5] * 10 + [4] * 10 + [2] * 20
    inputs = _inputs(answers, {"a": a, "b": b, "c": c}, verdict="scale")
    found = _by(made(judges, inputs), "judge")
    assert found["a"]["correct_share"] == pytest.approx(0.5)
    assert found["b"]["sensitivity"] == pytest.approx(0.75)
    assert (found["a"]["specificity"], found["c"]["specificity"]) == (1.0, pytest.approx(0.75))
    # The others' mean is 4.5 or 4 where a says 5, and 1.5 where it says 1.
    assert found["a"]["agreement_with_others"] == pytest.approx(
        1 - (0.125 * 10 + 0.25 * 10 + 0.125 * 20) / 40
    )
    assert "ac1_with_others" not in found["a"]
    assert 0.8 < found["a"]["kappa_with_others"] < 1.0
    pairs = made(agreement, inputs)
    assert pairs[0]["raw"] == pytest.approx(0.5)
    assert pairs[0]["prevalence_other"] == pytest.approx(0.375)
    assert pairs[0]["kappa"] > 0.9
    assert pairs[-1]["alpha"] > 0.8
    assert all(row["n"] == 40 for row in made(left_out, inputs))


def test_ratings_between_whole_numbers_are_points_of_their_own() -> None:
    inputs = _inputs(_answers(4), {"a": [1, 3.5, 5, 2], "b": [1, 3.5, 4, 2]}, verdict="scale")
    assert votes(inputs).scale.values == (1.0, 2.0, 3.0, 3.5, 4.0, 5.0)
    assert made(agreement, inputs)[0]["raw"] == pytest.approx(0.75)


def test_there_is_a_row_for_each_pair_of_judges_and_one_for_the_panel() -> None:
    draw = np.random.default_rng(1)
    right = draw.random(200) < 0.7
    said = {name: _words(right ^ (draw.random(200) < 0.1)) for name in ("a", "b", "c")}
    said["c"][:20] = ["refused"] * 20
    rows = made(agreement, _inputs(_answers(200, documents=100), said))
    assert [(row["judge"], row.get("other")) for row in rows] == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
        ("panel", None),
    ]
    assert [row["n"] for row in rows] == [200, 180, 180, 200]
    for row in rows:
        assert row["raw_low"] < row["raw"] < row["raw_high"]
        assert row["kappa_low"] < row["kappa"] < row["kappa_high"]
        assert row["ac1_low"] < row["ac1"] < row["ac1_high"]
    assert rows[-1]["alpha_low"] < rows[-1]["alpha"] < rows[-1]["alpha_high"]
    assert made(agreement, _inputs(_answers(10), {"alone": ["correct"] * 10})) == []


def _favouring(favour: float, seed: int) -> Inputs:
    """Judge `mine` is of the family of model `own` and `favour` milder to it; all judges are .1 milder to whom they like best."""
    draw = np.random.default_rng(seed)
    answers = _answers(200, ("own", "other"), documents=100)
    own = answers["model"].eq("own").to_numpy()
    right = draw.random(len(answers)) < 0.7
    said = {}
    for judge in ("mine", "b", "c"):
        milder = 0.05 + favour * own if judge == "mine" else np.zeros(len(answers))
        calls = np.where(
            right, draw.random(len(answers)) < 0.9 + milder * 0.2, draw.random(len(answers)) < 0.1 + milder
        )
        said[judge] = _words(calls)
    return _inputs(
        answers,
        said,
        ids={
            "own": "us.anthropic.claude-x-v1:0",
            "mine": "anthropic.claude-y-v1:0",
            "b": "amazon.nova-z-v1:0",
        },
        given={"c": "meta", "other": "Amazon"},
    )


def test_judges_of_a_models_own_family_are_named_by_id_or_as_the_benchmark_says() -> None:
    rows = _by(made(families, _favouring(0.0, 1)), "model")
    assert (rows["own"]["family"], rows["own"]["same_family"]) == ("anthropic", "mine")
    assert (rows["other"]["family"], rows["other"]["same_family"]) == ("amazon", "b")
    assert rows["own"]["judges_left"] == rows["own"]["judges_left_working"] == 2
    assert rows["own"]["quorum"] == "yes"
    answers = _answers(10, ("own", "unknown"))
    alone = _inputs(
        answers, {"mine": ["correct"] * 20, "b": ["correct"] * 20}, given={"mine": "x", "own": "X"}
    )
    found = _by(made(families, alone), "model")
    assert (found["own"]["same_family"], found["own"]["quorum"]) == ("mine", "no")
    assert (found["unknown"]["family"], found["unknown"]["same_family"]) == (None, None)
    assert found["unknown"]["family_unknown_n"] == 1


def test_without_its_familys_judge_a_models_accuracy_falls_by_what_that_one_gave_it() -> None:
    answers = _answers(60, ("own", "other"))
    # Two of three call 30 of the model's 60 answers correct only since its own judge does.
    honest, doubtful = ["correct"] * 30 + ["incorrect"] * 30, ["correct"] * 60
    said = {"mine": [*doubtful, *honest], "b": [*doubtful, *honest], "c": [*honest, *honest]}
    inputs = _inputs(answers, said, given={"own": "x", "mine": "x", "b": "y", "c": "z", "other": "y"})
    row = _by(made(families, inputs), "model")["own"]
    assert (row["n"], row["accuracy"]) == (60, 1.0)
    assert row["accuracy_without"] == pytest.approx(0.75)  # b and c split on 30, each half correct
    assert row["difference"] == pytest.approx(0.25)
    assert row["difference_low"] > 0.1
    only = _inputs(answers, {"mine": said["mine"]}, given={"own": "x", "mine": "x"})
    alone = _by(made(families, only), "model")["own"]
    assert (alone["judges_left"], alone["quorum"]) == (0, "no")
    assert "accuracy_without" not in alone


def test_a_favour_is_found_and_mildness_to_all_is_none() -> None:
    found = _by(made(families, _favouring(0.4, 2)), "model")["own"]
    assert found["favour_low"] > 0.0
    held = 0
    for seed in range(50):
        row = _by(made(families, _favouring(0.0, 100 + seed)), "model")["own"]
        held += row["favour_low"] <= 0.0 <= row["favour_high"]
    assert held >= 42  # .95 claimed; fewer than 42 of 50 has a chance below .01


def test_every_model_is_told_what_each_single_judge_does_to_it() -> None:
    answers = _answers(40, ("m", "n"))
    said = {"a": ["correct"] * 80, "b": ["correct"] * 80, "c": ["incorrect"] * 80}
    rows = {(row["model"], row["judge"]): row for row in made(left_out, _inputs(answers, said))}
    assert list(rows) == [(model, judge) for model in ("m", "n") for judge in ("a", "b", "c")]
    assert rows["m", "a"]["difference"] == pytest.approx(0.5)
    assert rows["m", "c"]["difference"] == 0.0
    assert made(left_out, _inputs(answers, {"a": said["a"]})) == []


def test_words_are_counted_in_any_script() -> None:
    texts = pd.Series(["", "a b  c", "中文 ok字", None, "don't stop,", "あい \n x"])
    assert word_counts(texts).tolist()[:3] == [0.0, 3.0, 4.0]
    assert np.isnan(word_counts(texts)[3])
    assert word_counts(texts).tolist()[4:] == [2.0, 3.0]


@pytest.mark.parametrize(
    ("said", "documents", "verdict"),
    [
        ({"a": ["not_asked"] * 4, "b": ["failed"] * 4}, None, "correctness"),
        ({"a": ["correct"] * 4, "b": ["correct", "incorrect"] * 2}, 1, "correctness"),
        ({"a": ["unparseable"] * 4, "b": ["refused"] * 4}, None, "scale"),
        ({"a": [5] * 4, "b": [5] * 4}, None, "scale"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_told_is_null_and_no_error(said: Said, documents: int | None, verdict: str) -> None:
    inputs = _inputs(_answers(4, documents=documents), said, verdict=verdict, given={"m": "x", "a": "x"})
    for table in (judges, agreement, families, left_out):
        names = {column.name for column in table.COLUMNS}
        for row in made(table, inputs):
            assert set(row) <= names
            assert all(value == value for value in row.values()), "NaN is written as null"
