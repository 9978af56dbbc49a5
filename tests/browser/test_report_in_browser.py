"""The report in a real browser: on a phone and a desk, light and dark, it fits, asks for nothing, can be read by everybody,
and its tables sort and filter; without scripts it is whole all the same."""

from pathlib import Path

import pytest
from made_document import render_beside, rendered_document, without_quarto
from opened_pages import DESKTOP, PHONE, Pages, contrasts, screenshot, serious, wider_than_the_window
from playwright.sync_api import Browser, Page, expect

from assay.document.template import SIMULATED, header
from assay.figures.catalogue import FIGURES
from assay.tables.markdown import escape


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered report, far from the files that it was made of."""
    alone = tmp_path_factory.mktemp("alone") / "report.html"
    alone.write_bytes(rendered_document(tmp_path_factory).with_suffix(".html").read_bytes())
    return alone


def opened(pages: Pages, report: Path, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Page:
    page = pages.open("about:blank", size, scheme)
    page.on("dialog", lambda dialog: pages.errors.append(f"a script ran: {dialog.message}"))
    pages.asked.clear()
    page.goto(report.as_uri())
    pages.opened.add("file://")
    return page


def column(page: Page, table: str, place: int) -> list[str]:
    """What the visible rows of a table say in a column, counted from 0."""
    rows = page.locator(f"#{table} tbody tr:not([hidden])")
    found: list[str] = rows.evaluate_all("(rows, at) => rows.map((row) => row.cells[at].innerText)", place)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_fits_asks_for_nothing_and_everybody_can_read_it(
    pages: Pages, report: Path, size: tuple[int, int], scheme: str
) -> None:
    page = opened(pages, report, size, scheme)
    assert wider_than_the_window(page) == []
    assert min(contrasts(page).values()) >= 4.5
    figures = page.locator("figure > svg[role=img]")
    assert figures.count() == len(FIGURES) and page.locator("img").count() == 0
    for width, height in figures.evaluate_all("all => all.map((f) => [f.clientWidth, f.clientHeight])"):
        assert width >= min(320, size[0] - 60) and height > 100
    assert serious(page) == []
    assert pages.asked == [report.as_uri()]
    expect(page.locator(".badge")).to_have_text(SIMULATED)
    page.locator("figure").last.scroll_into_view_if_needed()
    expect(page.locator(".badge")).to_be_in_viewport()
    screenshot(page, f"report-{size[0]}-{scheme}")


def test_its_figures_follow_the_dark_and_print_on_white(pages: Pages, report: Path) -> None:
    page = opened(pages, report, DESKTOP, "dark")
    ink = "() => getComputedStyle(document.querySelector('figure svg [fill=\"#222222\"]')).fill"
    dark = page.evaluate(ink)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(ink) == "rgb(34, 34, 34)" != dark
    assert min(contrasts(page).values()) >= 4.5
    expect(page.locator("#TOC")).to_be_hidden()


def test_marks_of_figures_say_their_figures_under_the_pointer(pages: Pages, report: Path) -> None:
    page = opened(pages, report)
    said = page.locator("figure svg title").all_text_contents()
    assert any("swift" in words and "ms" in words for words in said)


def test_a_table_sorts_by_a_column_down_up_and_back(pages: Pages, report: Path) -> None:
    page = opened(pages, report)
    models = column(page, "tbl-cells", 0)
    head = page.locator("#tbl-cells thead th").first
    button = head.get_by_role("button")
    for order, expected in (
        ("ascending", sorted(models)),
        ("descending", sorted(models, reverse=True)),
        (None, models),
    ):
        button.click()
        assert head.get_attribute("aria-sort") == order
        assert column(page, "tbl-cells", 0) == expected
    heads = page.locator("#tbl-cells thead th").all_inner_texts()
    place = next(at for at, words in enumerate(heads) if "end to end p50" in words)
    page.locator("#tbl-cells thead th").nth(place).get_by_role("button").press("Enter")
    figures = [float(words.split()[0].replace(",", "")) for words in column(page, "tbl-cells", place)]
    assert figures == sorted(figures) and len(set(figures)) > 5, "by figures, not by letters"


def test_a_table_filters_its_rows_and_says_how_many_are_left(pages: Pages, report: Path) -> None:
    page = opened(pages, report)
    box = page.locator("#tbl-cells")
    field = box.get_by_role("searchbox")
    assert "Table" in str(field.get_attribute("aria-label"))
    count = len(column(page, "tbl-cells", 0))
    field.fill("Steady 0-1000")
    left = column(page, "tbl-cells", 0)
    assert 0 < len(left) < count and set(left) == {"steady"}
    expect(box.get_by_role("status")).to_have_text(f"{len(left)} of {count} rows")
    field.fill("<b>")
    expect(box.get_by_role("status")).to_have_text(f"0 of {count} rows")
    field.fill("")
    assert len(column(page, "tbl-cells", 0)) == count
    expect(box.get_by_role("status")).to_have_text("")


def test_a_page_without_scripts_has_everything_and_no_dead_controls(
    chromium: Browser, pages: Pages, report: Path
) -> None:
    with_scripts = opened(pages, report)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.get_by_role("button").count() == page.get_by_role("searchbox").count() == 0
    everything = with_scripts.locator("main").text_content()
    assert everything is not None and len(everything) > 10_000
    assert page.locator("main").text_content() == everything
    expect(page.locator("#tbl-cells")).to_be_visible()


def test_a_script_that_got_into_the_page_would_not_run(pages: Pages, report: Path, tmp_path: Path) -> None:
    pages.expected = ("Content Security Policy",)
    html = report.read_text(encoding="utf-8")
    evil = "<script>document.title = 'taken over'</script><img src=http://127.0.0.1:9/x.png onerror=alert(1)>"
    tampered = tmp_path / "tampered.html"
    tampered.write_text(html.replace("<main>", f"<main>{evil}", 1), encoding="utf-8")
    refused: list[str | None] = []
    page = pages.open("about:blank")
    page.on("dialog", lambda dialog: pages.errors.append(f"a script ran: {dialog.message}"))
    page.on("requestfailed", lambda request: refused.append(request.failure))
    pages.opened |= {"file://", "http://127.0.0.1:9"}
    page.goto(tampered.as_uri())
    assert page.title() == "An example"
    assert page.locator("#tbl-cells thead").get_by_role("button").count() > 3, "its own script runs"
    assert refused == ["csp"], "by the page's own policy, before anything was sent"


def test_figures_sort_by_what_they_mean_and_unknown_ones_come_last(pages: Pages, tmp_path: Path) -> None:
    qmd = tmp_path / "report" / "report.qmd"
    qmd.parent.mkdir()
    ordered = [
        "-$5.00",
        "−3 ms",
        "0.5 %",
        "under 1",
        "1",
        "+2",
        "about 10 (9 to 11)",
        "1,234.5",
        "infinitely late",
        "—",
        "unknown",
    ]
    mixed = [ordered[place] for place in (9, 7, 1, 8, 4, 3, 0, 10, 6, 2, 5)]
    rows = "".join(f"| {escape(figure)} |\n" for figure in mixed)
    table = f"::: {{#tbl-x}}\n::: {{.wide}}\n| n |\n|--:|\n{rows}:::\n\nFigures.\n:::\n"
    qmd.write_text(f"---\n{header('T')}\nlang: en\n---\n\n# Head\n\n{table}", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        without_quarto(patch)
        render_beside(qmd)
    page = opened(pages, qmd.with_suffix(".html"))
    button = page.locator("#tbl-x thead").get_by_role("button")
    button.click()
    assert column(page, "tbl-x", 0) == ordered
    button.click()
    assert column(page, "tbl-x", 0) == [*reversed(ordered[:9]), *ordered[9:]]
