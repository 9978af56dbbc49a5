"""`snakemake --report` shows everything that was made, with captions, and works where there is no network."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from installed_browser import CHROMIUM, MISSING, SWITCHES
from playwright.sync_api import Page, sync_playwright
from runs import Workflow

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
"""In the benchmark file, which is shown as it is."""
NO_NETWORK = {f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https", "HTTP", "HTTPS", "ALL")}


def made(workflow: Workflow, name: str) -> Path:
    """The page of the workflow's report, made without a network; of a zip, the one inside."""
    workflow.environment = NO_NETWORK
    workflow.snakemake("--report", name)
    written = workflow.folder / name
    if name.endswith("zip"):
        shutil.unpack_archive(written, workflow.folder / "unpacked")
        written = min((workflow.folder / "unpacked").rglob("report.html"), key=lambda path: len(path.parts))
    return written


def data(page: str, name: str) -> Any:
    """What the page holds under a name."""
    found = re.search(rf"^\s*var {name} = ({{.*}});$", page, re.MULTILINE)
    assert found is not None, name
    return json.loads(found[1])


def walked(page: Page) -> None:
    """Begin on the first page, follow its link to the reports, and open one."""
    assert page.locator("h1.title").inner_text() == "Benchmark tiny"
    assert "Simulated" in page.locator("body").inner_text()
    page.get_by_role("link", name="Report", exact=True).last.click()
    row = page.locator("table tr", has=page.get_by_text("report", exact=True))
    row.locator("a").first.click()
    inside = page.frame_locator("iframe").locator("h1").first
    inside.wait_for(state="visible")
    assert "tiny" in inside.inner_text()


@pytest.mark.parametrize("name", ["report.html", "report.zip"])
def test_everything_is_in_it_with_a_caption_and_a_browser_without_a_network_shows_it(
    finished: Workflow, name: str
) -> None:
    finished.changed()["report"] = {"title": HOSTILE}
    path = made(finished, name)
    text = path.read_text("utf-8")
    results = {Path(each): about for each, about in data(text, "results").items()}
    folder = Path("results", "tiny")
    expected = [
        *(finished.results / "figures").glob("*.svg"),
        *(finished.results / "tables").glob("*.csv"),
        *(finished.results / "report" / "packed").glob("*.html"),
        *(finished.results / "report").glob("*.pdf"),
        finished.results / "decision" / "decision.json",
    ]
    assert set(results) == {folder / each.relative_to(finished.results) for each in expected}
    assert all(about["caption"] and about["labels"] for about in results.values())
    labels = [(each.parent.name, tuple(about["labels"].items())) for each, about in results.items()]
    assert len(set(labels)) == len(labels), "each is told from the others"
    assert set(data(text, "categories")) == {"Decision", "Figures", "Report", "Tables"}
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', text)

    if CHROMIUM is None:
        pytest.skip(MISSING)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        context = browser.new_context(offline=True)
        page = context.new_page()
        page.set_default_timeout(20_000)
        errors, asked = [], []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        walked(page)
        assert page.title() == "Snakemake Report"
        browser.close()
    assert errors == []
    assert {url.split(":", 1)[0] for url in asked} <= {"file", "data", "blob"}
