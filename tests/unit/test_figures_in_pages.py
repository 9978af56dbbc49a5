"""A figure's SVG stands in a page beside others: names of its own, dark screens, words under the pointer, nothing of the page's."""

import re
from pathlib import Path
from xml.etree import ElementTree

import finished_run
import pytest
from matplotlib.figure import Figure

from assay.figures import style, svg
from assay.figures.catalogue import FIGURES, alternative_text, write
from assay.figures.settings import FigureSettings
from assay.tables.inputs import OF_SOME_FIGURES, Inputs, read

SVG = "{http://www.w3.org/2000/svg}"
BASE = ("cells", "models", "accuracy", "decision", "periods", "ramps")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Inputs, FigureSettings]:
    """What the figures are drawn from."""
    folder = tmp_path_factory.mktemp("run")
    paths = finished_run.write(folder, 3, 2)
    inputs = read(*(paths[name] for name in BASE), **{name: paths.get(name) for name in OF_SOME_FIGURES})
    return inputs, FigureSettings.model_validate(finished_run.figure_settings(3, 2))


@pytest.fixture(scope="module")
def drawn(
    made: tuple[Inputs, FigureSettings], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ElementTree.Element]:
    """Every figure's SVG, read."""
    folder = tmp_path_factory.mktemp("figures")
    found = {}
    for name in FIGURES:
        write(name, *made, *(folder / f"{name}.{end}" for end in ("svg", "png", "csv")))
        found[name] = ElementTree.parse(folder / f"{name}.svg").getroot()
    return found


def test_no_two_figures_share_a_name(drawn: dict[str, ElementTree.Element]) -> None:
    every = [element.get("id") for root in drawn.values() for element in root.iter() if element.get("id")]
    assert len(every) == len(set(every))


def test_references_lead_to_places_of_the_same_figure(drawn: dict[str, ElementTree.Element]) -> None:
    for root in drawn.values():
        names = {element.get("id") for element in root.iter()}
        for element in root.iter():
            for key, value in element.attrib.items():
                led = re.findall(r"url\(#([^)]+)\)", value) + ([value[1:]] if key.endswith("href") else [])
                assert set(led) <= names


def test_rules_are_about_their_own_figure_and_dark_screens_only(
    drawn: dict[str, ElementTree.Element],
) -> None:
    for name, root in drawn.items():
        (rules,) = root.iter(f"{SVG}style")
        inside = re.fullmatch(r"@media screen and \(prefers-color-scheme:dark\)\{(.*)\}", rules.text or "")
        assert inside
        for rule in re.findall(r"([^{}]+)\{[^{}]*\}", inside[1]):
            assert re.fullmatch(rf'#figure-{name} \[(fill|stroke)="#[0-9a-f]{{6}}"\]', rule)


def test_colours_are_attributes_that_hold_without_rules(drawn: dict[str, ElementTree.Element]) -> None:
    for root in drawn.values():
        assert not any("style" in element.attrib for element in root.iter())
        paper = next(element for element in root.iter(f"{SVG}path") if element.get("fill"))
        assert paper.get("fill") == style.PAPER


def test_every_ink_has_a_counterpart_on_dark_screens(drawn: dict[str, ElementTree.Element]) -> None:
    heat_map = {"accuracy_by_task"}
    for name, root in drawn.items():
        used = {element.get(kind, "none").lower() for element in root.iter() for kind in ("fill", "stroke")}
        used = {shade for shade in used if shade.startswith("#")}
        if name not in heat_map:
            assert used <= set(style.DARK)


def _contrast(one: str, other: str) -> float:
    """WCAG 2's, from 1 to 21."""

    def luminance(shade: str) -> float:
        parts = [int(shade[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("light", [shade for shade in style.DARK if shade not in (style.PAPER, style.GRID)])
def test_every_colour_stands_out_on_light_and_on_dark_paper(light: str) -> None:
    words = (style.INK, style.MUTED, style.LIMIT)
    least = 4.5 if light in words else 3.0
    assert _contrast(light, style.PAPER) >= least
    assert _contrast(style.DARK[light], style.DARK[style.PAPER]) >= least


def test_every_mark_says_its_figure_under_the_pointer(drawn: dict[str, ElementTree.Element]) -> None:
    least = {
        "latency_against_throughput": 3 * 3,
        "pareto": 3 * 3,
        "latency_distribution": 3 * 2 * 6,
        "latency_by_bucket": 3 * 2 * 2 * 2,
        "latency_by_concurrency": 3 * 2 * 3 * 2 * 2,
        "throughput_by_concurrency": 3 * 2 * 3,
        "accuracy_by_model": 3,
        "accuracy_by_prompt_size": 3 * 2,
        "accuracy_by_task": 3 * 3,
        "errors": 2,
        "throttles_over_time": 3 * 6,
        "judges_agreement": 2 * 3,
        "cost_breakdown": 3 * 2 * 2,
    }
    for name, count in least.items():
        said = [title.text or "" for title in drawn[name].iter(f"{SVG}title")]
        assert len(said) >= count and all(len(words) > 10 for words in said), name
    said = [title.text for title in drawn["pareto"].iter(f"{SVG}title")]
    assert said[0] == (
        "swift: latency 1,360 ms (interval 1,270 ms to 1,490 ms), cost $4.20 (interval $3.95 to $4.45)"
    )


def test_a_figure_is_an_image_that_is_called_by_its_finding(
    drawn: dict[str, ElementTree.Element], made: tuple[Inputs, FigureSettings]
) -> None:
    for name, root in drawn.items():
        assert root.get("role") == "img" and root.get("viewBox")
        assert root.get("aria-label") == root.findtext(f"{SVG}desc") == alternative_text(name, *made)


def test_words_from_outside_are_text(tmp_path: Path) -> None:
    with style.styled():
        figure, ((panel,),) = style.panels(1, 1, 2)
        hostile = "</title><script>alert(1)</script>&\"'"
        style.series(panel, [1.0, 2.0], [1.0, 2.0], ["a"], "a", [hostile, "plain"])
        style.save(figure, tmp_path / "x.svg", tmp_path / "x.png", "x", "A title", hostile)
    root = ElementTree.parse(tmp_path / "x.svg").getroot()
    assert not list(root.iter(f"{SVG}script"))
    assert [title.text for title in root.iter(f"{SVG}title")] == [hostile, "plain"]
    assert [element.text for element in root.iter(f"{SVG}desc")] == [hostile]


def test_marks_that_were_not_drawn_take_no_words_from_others(tmp_path: Path) -> None:
    with style.styled():
        figure, ((panel,),) = style.panels(1, 1, 2)
        panel.set_yscale("log")
        points = [1.0, float("nan"), 0.0, float("inf"), 3.0]
        style.series(panel, range(5), points, ["a"], "a", ["first", "nan", "zero", "inf", "last"])
        style.save(figure, tmp_path / "x.svg", tmp_path / "x.png", "x", "A title", "words")
    root = ElementTree.parse(tmp_path / "x.svg").getroot()
    assert [title.text for title in root.iter(f"{SVG}title")] == ["first", "last"]


def test_more_words_than_marks_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    text = '<svg xmlns="http://www.w3.org/2000/svg"><g id="words:[&quot;a&quot;, &quot;b&quot;]"><use x="1"/></g></svg>'
    assert "title" not in svg.rewritten(text, "x", "words", {})
    assert "2 marks were given words, 1 were drawn" in caplog.text


def test_a_high_figure_keeps_to_a_page() -> None:
    figure: Figure = style.panels(12, 1, 2.15, 0.5)[0]
    assert figure.get_size_inches()[1] == pytest.approx(style.MOST_HEIGHT)
    assert style.panels(2, 1, 2.15, 0.5)[0].get_size_inches()[1] == pytest.approx(5.2)
