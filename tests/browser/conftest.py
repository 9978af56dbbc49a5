"""A real browser for the tests of pages: an installed Chromium, driven by Playwright, without a network.

Tests take `pages`: it opens pages in windows of a size and colour scheme, and fails the test where one of them wrote an error
to its console, or asked anything of another origin.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from installed_browser import CHROMIUM, MISSING, SWITCHES
from opened_pages import Pages
from playwright.sync_api import Browser, sync_playwright


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser these tests are skipped, and say what to install."""
    if CHROMIUM is None:
        skip = pytest.mark.skip(reason=MISSING)
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(skip)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a file. It leaves with them: while Playwright runs, nothing else here can run an event loop."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield browser
        browser.close()


@pytest.fixture
def pages(chromium: Browser) -> Iterator[Pages]:
    """Pages of one test; closed after it, and found without errors."""
    opened = Pages(chromium)
    yield opened
    for context in chromium.contexts:
        context.close()
    assert opened.errors == []
    assert opened.origins() <= opened.opened
