"""The page of a comparison in a real browser: on a phone and a desk, light and dark, as the report itself."""

from pathlib import Path

import pytest
from compared_runs import finished
from made_document import render_beside, without_quarto
from made_run import MadeModel
from opened_pages import DESKTOP, PHONE, Pages, contrasts, screenshot, wider_than_the_window
from playwright.sync_api import expect
from test_report_in_browser import opened, serious

from assay.comparison import document, figure
from assay.comparison.compare import compare
from assay.comparison.runs import both_sides
from assay.comparison.settings import Comparison
from assay.document.template import SIMULATED

TEMPLATE = Path(__file__).parents[2] / "report" / "compare.qmd.j2"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered comparison, far from the files that it was made of."""
    folder = tmp_path_factory.mktemp("compared")
    for seed, (name, late) in enumerate((("monday", 200.0), ("friday", 300.0))):
        models = {"swift": MadeModel(e2e_ms=late, spread=0.05), "steady": MadeModel()}
        finished(folder / name, models, seed=seed, blocks=3, requests=20, inference={"max_tokens": seed + 64})
    told = compare(Comparison(), *both_sides(["monday"], ["friday"], folder))
    drawn = folder / "figures" / "differences.svg"
    figure.write(told, drawn, drawn.with_suffix(".png"))
    qmd = folder / "report" / "compare.qmd"
    document.write(told, TEMPLATE, drawn, qmd, qmd.with_name("verdict.txt"))
    with pytest.MonkeyPatch.context() as patch:
        without_quarto(patch)
        render_beside(qmd)
    alone = tmp_path_factory.mktemp("alone") / "compare.html"
    alone.write_bytes(qmd.with_suffix(".html").read_bytes())
    return alone


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")], ids=["phone", "desktop"])
def test_it_fits_and_everybody_can_read_it(
    pages: Pages, compared: Path, size: tuple[int, int], scheme: str
) -> None:
    page = opened(pages, compared, size, scheme)
    assert wider_than_the_window(page) == []
    assert min(contrasts(page).values()) >= 4.5
    expect(page.locator("figure > svg[role=img]")).to_have_count(1)
    expect(page.locator(".badge")).to_have_text(SIMULATED)
    expect(page.locator(".verdict")).to_contain_text("swift got worse: ")
    assert serious(page) == []
    assert pages.asked == [compared.as_uri()]
    screenshot(page, f"compare-{size[0]}-{scheme}")
