"""Pages that a test has open in a real browser: what they complain of, ask for, and look like."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Browser, ConsoleMessage, Page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")

DESKTOP = (1280, 900)
PHONE = (390, 844)


@dataclass
class Pages:
    """Opens pages, and keeps what they complained of and asked for."""

    browser: Browser
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)
    """Origins that tests opened themselves."""
    expected: tuple[str, ...] = ()
    """Parts of console messages that a test provokes on purpose."""

    def open(
        self, url: str, size: tuple[int, int] = DESKTOP, scheme: str = "light", beside: Page | None = None
    ) -> Page:
        """The page at `url` in a window of its own; with `beside`, in another tab of that page's window."""
        context = (
            beside.context
            if beside is not None
            else self.browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        self.opened.add(_origin(url))
        page.goto(url)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        # A request that found no server is no fault of the page: servers may end before their pages do.
        passed_over = ("net::ERR_", *self.expected)
        if message.type in ("error", "warning") and not any(part in message.text for part in passed_over):
            self.errors.append(message.text)

    def origins(self) -> set[str]:
        """Where requests went."""
        return set(map(_origin, self.asked))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def wider_than_the_window(page: Page) -> list[str]:
    """Elements that reach over the window's right edge, outside of boxes that scroll by themselves."""
    found: list[str] = page.evaluate(
        """() => {
            const wide = [];
            const edge = document.documentElement.clientWidth + 0.5;
            for (const element of document.body.querySelectorAll("*:not(svg *)")) {
                const box = element.getBoundingClientRect();
                const clipped = element.parentElement.closest(".document, .text, .references li, .unseen, .wide");
                if (box.right > edge && box.width > 0 && !clipped) wide.push(element.tagName + "#" + element.id);
            }
            if (document.documentElement.scrollWidth > edge) wide.push("the page itself");
            return wide;
        }"""
    )
    return found


def contrasts(page: Page) -> dict[str, float]:
    """By visible text: its contrast to what lies behind it, as WCAG 2 defines it; 4.5 is asked of normal text."""
    found: dict[str, float] = page.evaluate(
        """() => {
            const parse = (color) => color.match(/[\\d.]+/g).map(Number);
            const light = ([r, g, b]) => [r, g, b]
                .map((part) => part / 255)
                .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
                .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
            const behind = (element) => {
                for (let each = element; each; each = each.parentElement) {
                    const color = parse(getComputedStyle(each).backgroundColor);
                    if (color.length < 4 || color[3] > 0) return color;
                }
                return [255, 255, 255];
            };
            const found = {};
            for (const element of document.body.querySelectorAll("*:not(svg *)")) {
                const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
                if (!own || !element.checkVisibility()) continue;
                const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
                found[element.textContent.trim().slice(0, 60)] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            }
            return found;
        }"""
    )
    return found


def serious(page: Page) -> list[str]:
    """What axe-core calls a serious or critical fault of the page's accessibility."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    # Left out for the time that they take: the thousand marks of figures, each of which is one image with one text; and
    # contrast, which `contrasts` computes of every text, those in tables too, where axe-core says that it can't.
    options = "{exclude: [['figure svg > *']]}, {resultTypes: ['violations'], rules: {'color-contrast': {enabled: false}}}"
    violations: list[dict[str, Any]] = page.evaluate(f"async () => (await axe.run({options})).violations")
    return [
        f"{found['id']}: {[node['html'][:200] for node in found['nodes'][:3]]}"
        for found in violations
        if found["impact"] in ("serious", "critical")
    ]


def screenshot(page: Page, name: str) -> None:
    """Keep a picture where ASSAY_SCREENSHOTS names a folder, to be looked at by a person."""
    if folder := os.environ.get("ASSAY_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")
