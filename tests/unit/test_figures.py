"""Every figure is drawn from whatever a run can give, says its finding in words, and is the same bytes twice."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import finished_run
import pandas as pd
import pytest

from assay.figures import style
from assay.figures.catalogue import FIGURES, alternative_text, write
from assay.figures.settings import FigureSettings
from assay.tables.inputs import Inputs, read

NAMES = sorted(FIGURES)


def _settings(models: int = 3, buckets: int = 4, **changes: Any) -> FigureSettings:
    return FigureSettings.model_validate(finished_run.figure_settings(models, buckets) | changes)


def _inputs(models: int = 3, buckets: int = 4, levels: tuple[int, ...] = (1, 4, 16)) -> Inputs:
    return Inputs(
        finished_run.cells(models, buckets, levels),
        finished_run.models_table(models),
        finished_run.accuracy_table(models, buckets),
        finished_run.decision(models, buckets),
        finished_run.periods_table(models),
        finished_run.ramps_table(models, buckets),
        **{name: finished_run.rated_tables(models, buckets)[name] for name in ("tasks", "trends")},
        loads=finished_run.loads_table(models, levels),
        distribution=finished_run.distribution_table(models, levels),
        cost_parts=finished_run.cost_parts_table(models),
        agreement=finished_run.agreement_table(),
    )


def test_without_judges_a_metrics_mean_is_a_score() -> None:
    inputs = _inputs()
    scored = replace(
        inputs,
        models=inputs.models.assign(accuracy_by="qa_f1"),
        accuracy=inputs.accuracy.assign(accuracy_by="qa_f1"),
    )
    for name in ("accuracy_by_model", "accuracy_by_prompt_size"):
        drawing = FIGURES[name]
        finding = drawing.finding(drawing.data(scored, _settings()), _settings())
        assert "qa_f1" in finding and "correctly" not in finding and "accuracy" not in finding
        figure = drawing.draw(drawing.data(scored, _settings()), _settings())
        panel = figure.axes[0]
        assert "score by qa_f1" in (panel.get_xlabel(), panel.get_ylabel())


def test_a_mean_of_ratings_is_a_score_by_the_judges() -> None:
    inputs = _inputs()
    rated = replace(
        inputs,
        models=inputs.models.assign(accuracy_by="ratings"),
        accuracy=inputs.accuracy.assign(accuracy_by="ratings"),
    )
    for name in ("accuracy_by_model", "accuracy_by_task", "accuracy_by_prompt_size"):
        drawing = FIGURES[name]
        data = drawing.data(rated, _settings())
        finding = drawing.finding(data, _settings())
        assert "correct" not in finding and "own metric" not in finding
        words = [text.get_text() for panel in drawing.draw(data, _settings()).axes for text in panel.texts]
        assert not any("correct" in text for text in words)
    finding = FIGURES["accuracy_by_model"].finding(
        FIGURES["accuracy_by_model"].data(rated, _settings()), _settings()
    )
    assert finding.startswith("By the judges' ratings, ")


def test_accuracy_corrected_by_people_stands_below_that_by_the_panel() -> None:
    inputs, settings = _inputs(2), _settings(2)
    assert "Corrected" not in alternative_text("accuracy_by_model", inputs, settings)
    corrected = pd.DataFrame(
        [
            {"model": "swift", "corrected": 0.81, "corrected_low": 0.7, "corrected_high": 0.9},
            {"model": "steady", "corrected": None, "corrected_low": None, "corrected_high": None},
        ]
    )
    labelled = replace(inputs, corrected=corrected)
    text = alternative_text("accuracy_by_model", labelled, settings)
    assert text.endswith("Corrected by people's labels: swift 81 % (95 % interval 70 % to 90 %).")
    panel = _panel("accuracy_by_model", labelled, settings)
    stars = [line for line in panel.get_lines() if line.get_marker() == "*"]
    assert [line.get_xdata()[0] for line in stars] == [0.81]
    words = [text.get_text() for text in panel.figure.legends[0].get_texts()]
    assert words[-1] == "corrected by people's labels"


def test_a_set_of_any_name_is_drawn(tmp_path: Path) -> None:
    inputs = _inputs()
    names = {"find": "\x00\x1b[31mred\u202e", "join": "=<script>&lt; $x^{$", "count": "two\nlines"}
    tasks = inputs.tasks.assign(name=inputs.tasks["name"].replace(names))
    text = _draw("accuracy_by_task", replace(inputs, tasks=tasks), _settings(), tmp_path)
    ElementTree.fromstring(text)
    for name in ("‹U+0000›‹U+001B›[31mred‹U+202E›", "two lines"):
        assert name in pd.read_csv(tmp_path / "accuracy_by_task.csv")["set"].tolist()
    assert "\n'=<script>&lt; $x^{$," in (tmp_path / "accuracy_by_task.csv").read_text(), "no formula"


def _draw(name: str, inputs: Inputs, settings: FigureSettings, folder: Path) -> str:
    paths = [folder / f"{name}.{ending}" for ending in ("svg", "png", "csv")]
    write(name, inputs, settings, *paths)
    assert all(path.stat().st_size > 0 for path in paths)
    assert sorted(folder.iterdir()) == sorted(paths), "no temporary file is left"
    return paths[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_data_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    inputs, settings = _inputs(2, 2), _settings(2, 2)
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
        _draw(name, inputs, settings, tmp_path / place)
    for ending in ("svg", "png", "csv"):
        first, second = (tmp_path / place / f"{name}.{ending}" for place in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 1, (4,)), (6, 8, (1, 2, 4, 8, 16, 32))], ids=["smallest", "large"])
def test_it_copes_with_few_and_with_many(
    name: str, shape: tuple[int, int, tuple[int, ...]], tmp_path: Path
) -> None:
    models, buckets, levels = shape
    settings = _settings(models, buckets, concurrency=max(levels))
    svg = _draw(name, _inputs(models, buckets, levels), settings, tmp_path)
    ElementTree.fromstring(svg)


@pytest.mark.parametrize("name", NAMES)
def test_it_copes_with_nothing_known(name: str, tmp_path: Path) -> None:
    full = _inputs(2, 2)
    numbers = {"n": 0, "n_ok": 0}
    empty = Inputs(
        full.cells[["model", "bucket", "load", "concurrency"]].assign(errors="{}", **numbers),
        full.models[["model"]],
        full.accuracy[["model", "bucket"]],
        {"answer": "not_evaluated", "models": []},
    )
    settings = _settings(2, 2)
    _draw(name, empty, settings, tmp_path)
    assert len(alternative_text(name, empty, settings)) > 20


@pytest.mark.parametrize("name", NAMES)
def test_it_copes_with_gaps(name: str, tmp_path: Path) -> None:
    full = _inputs(3, 3)
    cells = full.cells.drop(index=[0, 5, 11]).reset_index(drop=True)
    cells.loc[cells["model"] == "steady", ["ttft_ms_p50", "ttft_ms_p95", "transactions_per_minute"]] = None
    cells.loc[0, "e2e_ms_p95"] = float("inf")
    models = full.models.copy()
    models.loc[1, ["cost_usd_per_10k_transactions", "accuracy"]] = None
    accuracy = full.accuracy.drop(index=[1]).reset_index(drop=True)
    _draw(name, Inputs(cells, models, accuracy, full.decision, full.periods), _settings(3, 3), tmp_path)


def test_findings_name_what_the_data_show() -> None:
    inputs, settings = _inputs(), _settings()
    assert (
        "10,000 transactions cost $0.42 with frugal and $4.28 with swift, of which 68.6 % are for input"
        in (alternative_text("cost_breakdown", inputs, settings))
    )
    assert "From bucket 0-1000 to 3000-4000" in alternative_text("latency_by_bucket", inputs, settings)
    assert "On 235 answers, two judges give the same verdict in 93 % of cases (kappa 0.66, AC1 0.91)" in (
        alternative_text("judges_agreement", inputs, settings)
    )
    # swift: 450 ms, four in flight 4^0.4 of it, 16 in flight 16^0.4; half of the requests within 0.6 + 0.5 + 1.5 / 2^8 of that
    assert "Half of the requests were answered within 1,510 ms by swift, and within 3,320 ms by frugal" in (
        alternative_text("latency_distribution", inputs, settings)
    )
    assert "swift answers 95 %" in alternative_text("accuracy_by_model", inputs, settings)
    # 3 models x 4 buckets x 3 levels x 40; of 160 at the top level steady loses 4 and frugal 8
    assert "12 of 1,440 measured requests failed" in alternative_text("errors", inputs, settings)
    assert "frugal at 16 in flight" in alternative_text("errors", inputs, settings)


def test_the_minute_with_the_most_throttles_is_named() -> None:
    found = alternative_text("throttles_over_time", _inputs(), _settings())
    assert "5 of 360 attempts were throttled" in found
    assert "25 %, of steady in the minute that began 2 min into the run" in found


def test_shares_of_errors_are_pooled_over_buckets() -> None:
    frame = FIGURES["errors"].data(_inputs(3, 4), _settings(3, 4))
    worst = frame[(frame["model"] == "frugal") & (frame["load"] == "c16")]
    assert worst[["requests", "n"]].to_numpy().tolist() == [[8, 160]]
    assert worst["share"].tolist() == [8 / 160]


def test_a_model_whose_cost_is_unknown_is_named_and_has_no_bar() -> None:
    inputs, settings = _inputs(6), _settings(6)
    frame = FIGURES["cost_breakdown"].data(inputs, settings)
    unknown = frame[frame["cost_usd"].isna()]
    assert set(unknown["model"]) == {"zephyr"}
    assert "What transactions of zephyr cost is unknown." in alternative_text(
        "cost_breakdown", inputs, settings
    )
    panel = _panel("cost_breakdown", inputs, settings)
    assert [text.get_text() for text in panel.texts] == [
        "$4.28",
        "$1.73",
        "$0.42",
        "$32.13",
        "$12.24",
        "unknown",
    ]
    assert not any(bar.get_y() + bar.get_height() / 2 == pytest.approx(5) for bar in panel.patches)


def test_the_parts_of_a_bar_sum_to_its_total() -> None:
    panel = _panel("cost_breakdown", _inputs(2), _settings(2))
    ends: dict[float, float] = {}
    for bar in panel.patches:
        height = round(bar.get_y() + bar.get_height() / 2)
        assert bar.get_x() == pytest.approx(ends.get(height, 0.0))
        ends[height] = bar.get_x() + bar.get_width()
    assert ends == pytest.approx({0: 1.02 * 4.2, 1: 1.02 * 1.7})


def test_only_a_simulated_run_says_simulated(tmp_path: Path) -> None:
    sizes = {}
    for simulated in (True, False):
        folder = tmp_path / str(simulated)
        folder.mkdir()
        sizes[simulated] = len(_draw("errors", _inputs(), _settings(simulated=simulated), folder))
    assert sizes[True] > sizes[False]


def test_open_loops_are_shown_by_their_rate_from_when_requests_were_due(tmp_path: Path) -> None:
    inputs, settings = _inputs(2, 2, (1, 4)), _settings(2, 2)
    closed = FIGURES["latency_by_concurrency"].data(inputs, settings)
    at_rates = inputs.cells.assign(
        load=[f"r{level / 2:g}" for level in inputs.cells["concurrency"]],
        rate_rps=inputs.cells["concurrency"] / 2,
        concurrency=None,
        e2e_from_intended_ms_p50=inputs.cells["e2e_ms_p50"] + 7,
    )
    both = replace(inputs, cells=pd.concat([inputs.cells, at_rates], ignore_index=True))
    assert FIGURES["latency_by_concurrency"].data(both, settings).equals(closed)
    _draw("latency_by_rate", both, settings, tmp_path)
    frame = pd.read_csv(tmp_path / "latency_by_rate.csv")
    assert set(frame["rate_rps"]) == {0.5, 2.0}
    due = frame[(frame["metric"] == "e2e_from_intended_ms") & (frame["percentile"] == "p50")]["value_ms"]
    sent = closed[(closed["metric"] == "e2e_ms") & (closed["percentile"] == "p50")]["value_ms"]
    assert due.tolist() == pytest.approx((sent + 7).tolist())
    assert "At 2 requests per second in bucket" in alternative_text("latency_by_rate", both, settings)


def test_the_model_whose_tail_changes_most_may_be_one_that_got_faster() -> None:
    inputs, settings = _inputs(2, 1, (1, 4)), _settings(2, 1)
    first, second = dict.fromkeys(inputs.cells["model"])
    tails = {(first, 1): 300.0, (first, 4): 150.0, (second, 1): 200.0, (second, 4): 202.0}
    places = zip(inputs.cells["model"], inputs.cells["concurrency"], strict=True)
    cells = inputs.cells.assign(e2e_ms_p95=[tails[place] for place in places])
    text = alternative_text("latency_by_concurrency", replace(inputs, cells=cells), settings)
    assert f"changes most for {first}: 0.5 times what it was" in text


def test_a_ramp_is_shown_by_the_rate_at_that_moment(tmp_path: Path) -> None:
    inputs, settings = _inputs(2, 2), _settings(2, 2)
    _draw("latency_over_ramp", inputs, settings, tmp_path)
    frame = pd.read_csv(tmp_path / "latency_over_ramp.csv")
    assert len(frame) == 2 * 2 * 6
    first = frame[(frame["model"] == frame["model"][0]) & (frame["bucket"] == frame["bucket"][0])]
    assert first["rate_rps"].tolist() == [2, 4, 6, 8, 10, 12]
    text = alternative_text("latency_over_ramp", inputs, settings)
    assert "from about 2 to 12 requests per second: median 100 ms to 900 ms, failed 0" in text
    latency, errors = _panel("latency_over_ramp", inputs, settings).figure.axes[:2]
    assert latency.get_lines()[0].get_ydata()[-1] == 900
    assert errors.get_lines()[0].get_ydata()[-1] == pytest.approx(2 / 70)


def _panel(name: str, inputs: Inputs, settings: FigureSettings) -> Any:
    drawing = FIGURES[name]
    with style.styled():
        figure = drawing.draw(drawing.data(inputs, settings), settings)
        figure.draw_without_rendering()
    return figure.axes[0]


def _with_errors(inputs: Inputs, errors: list[dict[str, int]]) -> Inputs:
    told = [json.dumps(kinds) for kinds in errors]
    return replace(inputs, cells=inputs.cells.assign(errors=told))


def test_other_kinds_are_never_the_largest_part_of_a_bar() -> None:
    """Nine kinds fill one bar evenly; what makes the whole of another is rarer than each of them."""
    inputs = _with_errors(_inputs(2, 1, (16,)), [dict.fromkeys("abcdefghi", 4), {"rare": 3}])
    panel = _panel("errors", inputs, _settings(2, 1))
    widths = {bars.get_label(): [bar.get_width() for bar in bars] for bars in panel.containers}
    assert widths["rare"][1] > 0
    inputs = _with_errors(_inputs(1, 1, (16,)), [dict.fromkeys("abcdefg", 4) | dict.fromkeys("hijk", 1)])
    panel = _panel("errors", inputs, _settings(1, 1))
    widths = {bars.get_label(): [bar.get_width() for bar in bars] for bars in panel.containers}
    assert set(widths) == {*"abcdefg", "other kinds"}
    assert widths["other kinds"][0] <= max(
        width[0] for kind, width in widths.items() if kind != "other kinds"
    )
    inputs = _with_errors(_inputs(1, 1, (16,)), [dict.fromkeys("abcdefghijklmnopqrstuv", 1)])
    panel = _panel("errors", inputs, _settings(1, 1))
    looks = [(bars[0].get_facecolor(), bars[0].get_hatch()) for bars in panel.containers]
    assert len(set(looks)) == len(looks) == 22, "each kind of many is told from the others"


@pytest.mark.parametrize("shape", [(1, (4,)), (2, (4,)), (6, (1, 4, 16))])
def test_labels_of_the_figure_of_errors_dont_meet_the_legend(shape: tuple[int, tuple[int, ...]]) -> None:
    models, levels = shape
    inputs = _inputs(models, 1, levels)
    inputs = _with_errors(
        inputs, [{"throttling": 3, "model_stream_error": 2, "stream_cut": 1}] * len(inputs.cells)
    )
    panel = _panel("errors", inputs, _settings(models, 1, concurrency=max(levels)))
    (legend,) = panel.figure.legends
    assert not panel.get_tightbbox().overlaps(legend.get_window_extent())


@pytest.mark.parametrize("shape", [(1, 1, (4,)), (6, 4, (1, 4, 16))])
def test_throughput_has_its_intervals_and_no_marker_is_cut_off(
    shape: tuple[int, int, tuple[int, ...]],
) -> None:
    models, buckets, levels = shape
    inputs, settings = _inputs(*shape), _settings(models, buckets)
    panel = _panel("throughput_by_concurrency", inputs, settings)
    ends = [segment for bars in panel.collections for segment in bars.get_segments()]
    assert len(ends) == models * len(levels)
    top = panel.get_ylim()[1]
    assert max(segment[1][1] for segment in ends) < top
    for line in panel.get_lines():
        for x, y in line.get_xydata():
            height = panel.transData.transform((x, y))[1]
            assert height + 6 < panel.transData.transform((x, top))[1]


def test_dominated_models_are_hollow_and_the_key_says_by_whom() -> None:
    inputs, settings = _inputs(6), _settings(6)
    frame = FIGURES["pareto"].data(inputs, settings)
    assert len(frame) == 4 * 6
    whole = frame[frame["aspects"] == "all three"].set_index("model")
    assert whole.loc["old-timer", "surely_dominated_by"] == "swift, steady, frugal"
    assert whole["on_frontier"].tolist() == [True, True, True, False, False, False]
    text = alternative_text("pareto", inputs, settings)
    assert "no model dominates swift, steady or frugal." in text
    assert "old-timer is surely dominated by swift, steady and frugal." in text
    figure = _panel("pareto", inputs, settings).figure
    latency_and_cost, key, latency_and_accuracy, _ = figure.axes
    dominated = frame[(frame["aspects"] == "latency, accuracy") & frame["dominated_by"].ne("")]["model"]
    hollow = [
        line
        for line in latency_and_accuracy.get_lines()
        if line.get_marker() != "None" and line.get_markerfacecolor() == style.PAPER
    ]
    assert len(hollow) == len(dominated) == 5
    words = [text.get_text() for text in key.texts]
    assert "surely dominated by swift + 2" in words
    assert any(said.endswith("misses a limit") for said in words)
    low, high = latency_and_cost.get_ylim()
    assert low < 0 < 31.5 * 1.06 < high, "every interval is seen"


def test_a_domination_that_is_not_sure_is_said_to_be_so() -> None:
    inputs, settings = _inputs(2), _settings(2)
    pareto = {
        **inputs.decision["pareto"],
        "all_three": {
            "frontier": ["swift"],
            "dominated": [{"model": "steady", "by": ["swift"], "sure_by": []}],
        },
    }
    inputs = replace(inputs, decision={**inputs.decision, "pareto": pareto})
    assert "By the figures, steady is dominated by swift, which is not sure." in alternative_text(
        "pareto", inputs, settings
    )
    key = _panel("pareto", inputs, settings).figure.axes[1]
    assert any(text.get_text().startswith("perhaps dominated by swift") for text in key.texts)


def test_infinite_latency_is_no_point_of_the_frontiers_figure(tmp_path: Path) -> None:
    inputs, settings = _inputs(2), _settings(2)
    inputs.decision["pareto"]["points"][1] |= {"latency": float("inf"), "latency_high": float("inf")}
    _draw("pareto", inputs, settings, tmp_path)
    assert pd.read_csv(tmp_path / "pareto.csv")["latency"].eq(float("inf")).sum() == 4
    panel = _panel("pareto", inputs, settings)
    assert panel.get_xlim()[1] < 10_000


def test_latency_against_throughput_is_that_under_a_limit_with_failures_infinitely_late() -> None:
    inputs, settings = _inputs(3), _settings(3)
    frame = FIGURES["latency_against_throughput"].data(inputs, settings)
    assert set(frame["metric"]) == {"ttft_ms_p95"}, "the latency that has a limit"
    assert frame["load"].tolist() == ["c1", "c4", "c16"] * 3
    worst = frame.iloc[-1]
    assert (worst["model"], worst["latency_ms"]) == ("frugal", float("inf"))
    text = alternative_text("latency_against_throughput", inputs, settings)
    assert "of at most 2,500 ms, swift completes most: 704 transactions per minute at 16 in flight." in text
    panel = _panel("latency_against_throughput", inputs, settings)
    said = [text.get_text() for text in panel.texts]
    assert "limit 2,500 ms" in said and "∞ (failed)" in said
    heights = [max(line.get_ydata()) for line in panel.get_lines() if line.get_label() == "frugal"]
    finite = frame["latency_ms"][frame["latency_ms"] < float("inf")].max()
    assert finite < heights[0] < panel.get_ylim()[1], "seen above all that was answered"
    assert max(panel.get_yticks()) < heights[0], "no figure stands beside what is infinitely late"


def test_no_model_within_a_limit_is_said_so() -> None:
    inputs, settings = _inputs(2), _settings(2, limits={"e2e_ms_p95": {"max": 10}})
    assert "At no load does a model keep a 95th percentile of end-to-end latency of at most 10 ms." in (
        alternative_text("latency_against_throughput", inputs, settings)
    )


def test_lines_are_named_at_their_ends_where_there_is_room_else_in_a_legend() -> None:
    inputs, settings = _inputs(3), _settings(3)
    figure = _panel("latency_against_throughput", inputs, settings).figure
    named = [text.get_text() for text in figure.axes[0].texts]
    assert {"swift", "steady", "frugal"} <= set(named) and not figure.legends
    inputs, settings = _inputs(6), _settings(6)
    same = {name: 400.0 for name in inputs.loads if name.startswith("ttft_ms_p95")}
    crowded = replace(inputs, loads=inputs.loads.assign(transactions_per_minute=500.0, **same))
    figure = _panel("latency_against_throughput", crowded, settings).figure
    assert not set(finished_run.MODELS) & {text.get_text() for text in figure.axes[0].texts}
    assert {text.get_text() for text in figure.legends[0].get_texts()} == set(finished_run.MODELS)


def test_loops_of_both_kinds_are_told_apart() -> None:
    inputs, settings = _inputs(2), _settings(2)
    at_rates = inputs.loads.assign(
        load=[f"r{level}" for level in inputs.loads["concurrency"]], concurrency=None
    )
    at_rates["ttft_from_intended_ms_p95_all"] = at_rates["ttft_ms_p95_all"] + 7
    both = replace(inputs, loads=pd.concat([inputs.loads, at_rates], ignore_index=True))
    drawing = FIGURES["latency_against_throughput"]
    frame = drawing.data(both, settings).set_index(["model", "load"])["latency_ms"]
    assert frame["swift", "r4"] == frame["swift", "c4"] + 7, "from due"
    figure = _panel("latency_against_throughput", both, settings).figure
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words[2:] == ["points: 1, 4, 16 in flight", "points: 1, 4, 16 requests per second, from due"]


def test_a_few_wide_intervals_dont_squeeze_the_rest() -> None:
    inputs, settings = _inputs(2, 1), _settings(2, 1)
    before = _panel("latency_by_concurrency", inputs, settings).get_ylim()
    wide = inputs.cells.assign(ttft_ms_p50_low=1e-3, ttft_ms_p50_high=1e9)
    low, high = _panel("latency_by_concurrency", replace(inputs, cells=wide), settings).get_ylim()
    assert before[0] / 2 < low and high < 2 * before[1]


def test_a_model_that_was_not_evaluated_is_in_the_key() -> None:
    inputs, settings = _inputs(3), _settings(3)
    del inputs.decision["pareto"]["points"][1]
    key = _panel("pareto", inputs, settings).figure.axes[1]
    words = [text.get_text() for text in key.texts]
    assert words[words.index("steady") + 1] == "not evaluated"
    assert "Of steady, not all of them are known." in alternative_text("pareto", inputs, settings)


def test_the_distribution_is_over_all_requests_at_the_load_of_the_decision() -> None:
    inputs, settings = _inputs(3), _settings(3)
    frame = FIGURES["latency_distribution"].data(inputs, settings)
    assert set(frame["load"]) == {"c16"} and set(frame["metric"]) == {"ttft_ms", "e2e_ms"}
    panel = _panel("latency_distribution", inputs, settings)
    lines = {tuple(line.get_color()): line for line in panel.get_lines()}
    frugal = lines[tuple(style.colour(settings.models, "frugal"))]
    assert max(frugal.get_ydata()) == 0.94, "a line ends where nothing more was answered"
    gone = replace(inputs, distribution=inputs.distribution[inputs.distribution["model"] != "steady"])
    assert "No latency counts of steady." in alternative_text("latency_distribution", gone, settings)
    for failed, told in (
        (
            ["frugal"],
            "answered within 1,510 ms by swift, and never by frugal; 95 % within 3,470 ms and never.",
        ),
        (["swift", "steady", "frugal"], "latency. No model answered half of its requests. Never answered"),
    ):
        never = inputs.distribution["latency_ms"].mask(
            inputs.distribution["model"].isin(failed), float("inf")
        )
        late = replace(inputs, distribution=inputs.distribution.assign(latency_ms=never))
        assert told in alternative_text("latency_distribution", late, settings)
    limited = _settings(3, limits={"tpot_ms_p95": {"max": 60}})
    assert "tpot_ms" in set(FIGURES["latency_distribution"].data(inputs, limited)["metric"])


def test_of_many_buckets_one_latency_is_drawn_and_every_bucket() -> None:
    inputs, settings = _inputs(2, 8), _settings(2, 8)
    figure = _panel("latency_by_concurrency", inputs, settings).figure
    titles = [panel.get_title(loc="left") for panel in figure.axes]
    assert titles == [f"{1000 * place}-{1000 * (place + 1)}" for place in range(8)]
    assert figure.get_supylabel() == "TTFT, ms (log scale)"
    assert figure.get_size_inches()[1] <= style.MOST_HEIGHT
    few = _panel("latency_by_concurrency", _inputs(2, 4), _settings(2, 4)).figure
    assert len([panel for panel in few.axes if "end to end" in panel.get_title(loc="left")]) == 4


def test_the_csv_holds_the_figures_that_are_drawn(tmp_path: Path) -> None:
    _draw("throughput_by_concurrency", _inputs(2, 2), _settings(2, 2), tmp_path)
    frame = pd.read_csv(tmp_path / "throughput_by_concurrency.csv")
    assert len(frame) == 2 * 2 * 3
    cells = finished_run.cells(2, 2)
    assert frame["transactions_per_minute"].sum() == pytest.approx(cells["transactions_per_minute"].sum())


def test_a_table_without_its_columns_is_named(tmp_path: Path) -> None:
    paths = finished_run.write(tmp_path)
    pd.DataFrame({"other": [1]}).to_parquet(paths["models"])
    with pytest.raises(Exception, match=r"models\.parquet: column model is missing"):
        read(*(paths[name] for name in ("cells", "models", "accuracy", "decision", "periods", "ramps")))
    paths = finished_run.write(tmp_path)
    pd.DataFrame({"other": [1]}).to_parquet(paths["loads"])
    with pytest.raises(Exception, match=r"loads\.parquet: column model is missing"):
        read(
            *(paths[name] for name in ("cells", "models", "accuracy", "decision", "periods", "ramps")),
            loads=paths["loads"],
        )


def test_prompt_size_is_told_by_the_trend_within_tasks_where_one_is_shown() -> None:
    drawing, settings = FIGURES["accuracy_by_prompt_size"], _settings()
    inputs = _inputs()
    pooled = inputs.trends["scope"] == "pooled"
    trends = inputs.trends.assign(trend="none shown")
    quiet = replace(inputs, trends=trends)
    assert "no model's accuracy is shown to change with prompt size" in drawing.finding(
        drawing.data(quiet, settings), settings
    )
    last = pooled & (trends["model"] == "frugal")
    trends.loc[last, ["trend", "points_per_doubling"]] = ["falls", -4.25]
    trends.loc[last, ["points_per_doubling_low", "points_per_doubling_high"]] = [-6.0, -2.5]
    frame = drawing.data(replace(inputs, trends=trends), settings)
    assert "accuracy of frugal changes by -4.2 percentage points" in drawing.finding(frame, settings)
    assert "(95 % interval -6.0 to -2.5)" in drawing.finding(frame, settings)
    without = replace(inputs, trends=pd.DataFrame())
    assert "From bucket 0-1000" in drawing.finding(drawing.data(without, settings), settings)


def test_every_cell_of_the_map_by_task_says_its_figure() -> None:
    drawing, settings = FIGURES["accuracy_by_task"], _settings()
    frame = drawing.data(_inputs(), settings)
    assert len(frame) == 9
    with style.styled():
        figure = drawing.draw(frame, settings)
    said = sorted(text.get_text() for text in figure.axes[0].texts)
    assert said == sorted(f"{100 * value:.0f}" for value in frame["accuracy"])
    finding = drawing.finding(frame, settings)
    assert finding.startswith("Of 3 sets, the models lie farthest apart in ")


def test_a_model_without_answers_in_a_set_has_a_dash_there() -> None:
    drawing, settings = FIGURES["accuracy_by_task"], _settings()
    inputs = _inputs()
    lost = inputs.tasks["model"].eq("swift") & inputs.tasks["name"].eq("join")
    frame = drawing.data(
        replace(inputs, tasks=inputs.tasks.assign(accuracy=inputs.tasks["accuracy"].mask(lost))), settings
    )
    figure = drawing.draw(frame, settings)
    assert [text.get_text() for text in figure.axes[0].texts].count("—") == 1
