"""The page of mistakes in a real browser: hostile answers do nothing and widen nothing, on a phone, in the dark, on paper."""

import os
from pathlib import Path

import pytest
from made_mistakes import all_say, answer, settings, write
from opened_pages import DESKTOP, PHONE, Pages, contrasts, screenshot, serious, wider_than_the_window
from playwright.sync_api import Page, expect

from assay.document import mistakes
from assay.document.examples import MistakesSettings
from assay.document.render import Parts, render
from assay.document.template import SIMULATED

PARTS = Path(__file__).resolve().parents[2] / "report"
ARABIC = "مرحباً بالعالم. هذا جوابٌ طويل يحتوي على أرقام مثل 1874 وكلمات English داخل الجملة. "
NASTY = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><style>body{display:none}</style>",
    "</div></blockquote></section></body><h1>taken over</h1>",
    "[press](javascript:alert(3)) ![x](http://evil.example/x.png) http://evil.example",
    "word" * 160,
    "e" + "\u0301" * 300,
    "right\u202eto\u2066left" + "\n" * 60 + "after many lines",
    "def f(x):\n" + "    return x  # " + "-" * 200,
    ARABIC * 8,
    "这座桥是什么时候建成的？" * 60,
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page whose every text is one of the nasty ones."""
    folder = tmp_path_factory.mktemp("run")
    rows = []
    for number, text in enumerate(NASTY):
        said = {
            "ada": {"verdict": "incorrect", "explanation": text},
            "bea": {"verdict": "unparseable", "raw": text, "explanation": None},
            "cy": {"verdict": "incorrect", "explanation": text},
        }
        rows.append(answer(f"p{number}", text, question=text, answers=[text] * 6, said=said))
    rows.append(answer("plain", said=all_say("incorrect"), model="another-model-with-a-long-label"))
    paths = write(folder, rows)
    qmd = folder / "report" / "mistakes.qmd"
    models = ["swift", "another-model-with-a-long-label"]
    chosen = MistakesSettings.model_validate(
        settings(title=NASTY[3], models=models, examples=20, simulated=True)
    )
    mistakes.write(chosen, paths["answers"], paths["verdicts"], None, PARTS / "mistakes.qmd.j2", qmd)
    html = qmd.with_suffix(".html")
    patch = pytest.MonkeyPatch()
    kept = [part for part in os.environ["PATH"].split(os.pathsep) if not Path(part, "quarto").exists()]
    patch.setenv("PATH", os.pathsep.join(kept))
    render(qmd, Parts.of(PARTS.iterdir()), qmd.with_suffix(".md"), html, qmd.with_suffix(".pdf"))
    patch.undo()
    return html.as_uri()


def opened(pages: Pages, url: str, size: tuple[int, int], scheme: str) -> Page:
    page = pages.open("about:blank", size, scheme)
    page.on("dialog", lambda dialog: pages.errors.append(f"a script ran: {dialog.message}"))
    pages.asked.clear()
    page.goto(url)
    pages.opened.add("file://")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_reads_well_whatever_it_quotes(pages: Pages, url: str, size: tuple[int, int], scheme: str) -> None:
    page = opened(pages, url, size, scheme)
    assert wider_than_the_window(page) == []
    assert min(contrasts(page).values()) >= 4.5
    assert page.locator(".example").count() == len(NASTY) + 1
    assert page.locator("h1", has_text="taken over").count() == 0
    assert serious(page) == []
    assert len(pages.asked) == 1  # the page itself
    expect(page.locator(".badge")).to_have_text(SIMULATED)
    page.locator(".example").first.scroll_into_view_if_needed()
    screenshot(page, f"mistakes-{size[0]}-{scheme}")


def test_it_prints_without_cutting_anything_off(pages: Pages, url: str) -> None:
    page = opened(pages, url, (794, 1123), "light")
    page.emulate_media(media="print")
    assert wider_than_the_window(page) == []


def test_right_to_left_text_reads_from_the_right(pages: Pages, url: str) -> None:
    page = opened(pages, url, PHONE, "light")
    quoted = page.locator(".said blockquote p")
    directions = quoted.evaluate_all(
        "all => all.map(p => [getComputedStyle(p.closest('.said')).direction, p.textContent.slice(0, 6)])"
    )
    assert {direction for direction, text in directions if text == ARABIC[:6]} == {"rtl"}
    assert {direction for direction, text in directions if text != ARABIC[:6]} == {"ltr"}


def test_a_link_of_the_table_leads_to_the_models_answers(pages: Pages, url: str) -> None:
    page = opened(pages, url, PHONE, "light")
    page.locator('a[href="#wrong-another-model-with-a-long-label"]').click()
    example = page.locator(".example", has_text="plain")
    assert example.evaluate("e => e.getBoundingClientRect().top < innerHeight")
