"""What models, data and judges wrote is text on the page of mistakes, whatever it holds: in HTML, PDF, and GitHub's Markdown."""

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypandoc
import pytest
from made_document import render_beside, without_quarto
from made_mistakes import all_say, answer, settings, write
from read_pdf import read_pdf

from assay.document import mistakes
from assay.document.examples import MistakesSettings
from assay.tables.markdown import shown

PROJECT = Path(__file__).resolve().parents[2]
PARTS = PROJECT / "report"

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)></div></blockquote></body>",
    "[link](http://evil.example) ![image](http://evil.example/x.png) <https://evil.example> [a]: http://evil.example",
    "http://evil.example https://EVIL.example/a?b=c ftp://evil.example www.evil.example me@evil.example mailto:me@evil.example",
    "1. item\n2) item\n- item\n+ item\n* item\n- [ ] task\n(@) example\n(a) part\ni. roman\n#. item",
    "# heading {#fig-x}\n#heading\nunder\n===\nunder\n---\n***\n___\n> quote\n[!WARNING]\nalert",
    "a | b | c\n|---|---|---|\n| 1 | 2 | 3 |\n\n+---+\n| 1 |\n+---+",
    "``` {=html}\n<script>alert(2)</script>\n```\n~~~\nfence\n~~~\n`code` ``code`` `<b>`{=html}",
    "<!-- comment --> --> <?php ?> <![CDATA[x]]> <!DOCTYPE x> <br/>",
    "{{< include /etc/passwd >}}\n{{< env HOME >}}\n{{{< x >}}} {{ 7*7 }} {% raw %} {# x #}",
    "::: {.callout-note}\ninside\n:::\n:::: {#tbl-x}\n::::",
    "$$x^2$$ $y$ \\(z\\) \\[w\\] \\alpha \\begin{equation} \\textbf{x} 5$ and $6",
    "@fig-errors [@tbl-mistakes] @doe2000 -@x [see @y, p. 3] #12 @user",
    "&lt;b&gt; &amp; &#60;i&#62; &#x3c; &copy; &nonsense;",
    "*a* _b_ **c** __d__ ***e*** ~~f~~ ^g^ ~h~ [i]{.j} [k]{#l} a_b_c :smile: <kbd>x</kbd>",
    '---\ntitle: "mine"\n---\n--- ... -- \'quoted\' "twice"\n%title',
    "[^1]: note [^1] ^[inline note]\n\nterm\n:   definition\n\n| line block\n| again\n    code\n\ttabbed",
    "right\u202eto\u2066left\u200b zero\ufeffwidth\u2060 soft\u00adhyphen\u0000\u0007\u001b[31m \U000e0041tag",
    "zalgo e" + "\u0301" * 200 + " done",
    "long" + "word" * 150,
    "back\\slash\\\nend\\",
    "שלום (עולם) <b> 123 - مرحبا، می‌خواهم 👨‍👩‍👧 **x**",
    "问题：这座桥是什么时候建成的？<b>答案</b>在第三段。",
)
"""Each is text. None is shortened: that would change it."""


class Page(HTMLParser):
    """What a page is made of, and what it quotes."""

    def __init__(self, text: str, quote: str) -> None:
        super().__init__()
        self.quote = quote
        """Class, or name, of the elements that quote."""
        self.tags: list[tuple[str, str]] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.quotes: list[str] = []
        self.words: list[str] = []
        self._open: list[bool] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert not any(name.startswith("on") for name in given), tag
        if tag == "br":
            self.words.append("\n")
            if self.quotes and any(self._open):
                self.quotes[-1] += "\n"
            return
        self.tags.append((tag, given.get("class") or ""))
        if given.get("id"):
            self.ids.add(str(given["id"]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag in ("meta", "img", "hr", "link", "input", "col"):
            return
        quotes = self.quote in ((given.get("class") or "").split() or [tag])
        self._open.append(quotes)
        if quotes:
            self.quotes.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.quotes and any(self._open):
            self.quotes[-1] += data


def plain(text: str) -> str:
    """Text without what line ends and widths of spaces make of it."""
    return unicodedata.normalize("NFC", " ".join(text.replace("\xa0", " ").split()))


def hostile(text: str, number: int) -> dict[str, Any]:
    said = {
        "ada": {"verdict": "incorrect", "explanation": text},
        "bea": {"verdict": "unparseable", "raw": text, "explanation": None},
        "cy": {"verdict": "incorrect", "explanation": text},
    }
    return answer(f"p{number}", text, question=text, answers=[text, text], said=said)


def made(
    folder: Path, answers: Sequence[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, **given: Any
) -> tuple[str, str]:
    """The page with these answers, as HTML and as Markdown."""
    for part in mistakes._MOST:
        monkeypatch.setitem(mistakes._MOST, part, 10_000)
    paths = write(folder, answers)
    qmd = folder / "report" / "mistakes.qmd"
    chosen = MistakesSettings.model_validate(settings(examples=len(answers), **given))
    mistakes.write(chosen, paths["answers"], paths["verdicts"], None, PARTS / "mistakes.qmd.j2", qmd)
    return rendered(qmd)


def rendered(qmd: Path) -> tuple[str, str]:
    render_beside(qmd)
    return qmd.with_suffix(".html").read_text("utf-8"), qmd.with_suffix(".md").read_text("utf-8")


def as_github_reads(markdown: str) -> str:
    """Markdown as HTML, by a reader of GitHub's dialect."""
    program = pypandoc.get_pandoc_path()
    command = [program, "--from=gfm", "--to=html", "--wrap=none"]
    return subprocess.run(
        command, input=markdown, capture_output=True, text=True, check=True, timeout=120
    ).stdout


@pytest.fixture(autouse=True)
def _no_quarto(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed: these tests are about the bundled pandoc."""
    without_quarto(monkeypatch)


def test_hostile_texts_are_shown_to_the_letter_and_make_no_element(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [hostile(text, number) for number, text in enumerate(HOSTILE)]
    harmless = [hostile(f"words{number}", number) for number in range(len(HOSTILE))]
    html, markdown = made(tmp_path / "a", texts, monkeypatch)
    quiet_html, quiet_markdown = made(tmp_path / "b", harmless, monkeypatch)
    wanted = sorted(plain(shown(text)) for text in HOSTILE for _ in range(7))  # what an example quotes
    for name, read, quiet, quotes in (
        ("HTML", html, quiet_html, Page(html, "said").quotes),
        ("Markdown", as_github_reads(markdown), as_github_reads(quiet_markdown), None),
    ):
        page, without = Page(read, "said"), Page(quiet, "said")
        assert page.tags == without.tags, name
        assert {i for i in page.ids if "answer-" not in i} == {i for i in without.ids if "answer-" not in i}
        assert sorted(link.split("#")[0] for link in page.links) == sorted(
            link.split("#")[0] for link in without.links
        ), name
        if quotes is not None:
            assert sorted(map(plain, quotes)) == wanted
        words = plain("".join(page.words))
        for text in HOSTILE:
            assert words.count(plain(shown(text))) >= 7, (name, text)
        for hidden in ("\u202e", "\u200b", "\u0000", "\ufeff", "\u0007", "\U000e0041"):
            assert hidden not in read, name

    pdf, quiet_pdf = (read_pdf(tmp_path / name / "report" / "mistakes.pdf") for name in "ab")
    assert pdf.kinds == quiet_pdf.kinds and set(pdf.links) == {"report.pdf"}
    for text in HOSTILE:
        # Sheets break texts, and what reads from the right stands the other way round.
        lines = ["".join(line.split()) for line in shown(text).splitlines() if line.isascii()]
        for line in filter(None, lines):
            assert pdf.text.count(line) >= 6, line


def test_the_document_itself_holds_nothing_that_quarto_would_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quarto looks for shortcodes and code in the text, before any Markdown is read."""
    made(tmp_path, [hostile(text, number) for number, text in enumerate(HOSTILE)], monkeypatch)
    text = (tmp_path / "report" / "mistakes.qmd").read_text(encoding="utf-8")
    assert "{{<" not in text and "```" not in text and "~~~" not in text
    assert set(re.findall(r"(?<!\\)`(.*?)`", text)) == {"report.examples"}
    assert len(re.findall(r"^---$", text, flags=re.MULTILINE)) == 2
    fences = set(re.findall(r"^:::.*", text, flags=re.MULTILINE))
    assert {fence for fence in fences if not re.match(r"::: \{(#tbl-mistakes|\.)", fence)} == {":::"}


def test_hostile_names_are_text_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, text in enumerate(HOSTILE[:4]):
        odd = answer(
            text, dataset=text, language=text, metric=text, reused_from=text, said=all_say("incorrect")
        )
        html, markdown = made(tmp_path / str(number), [odd], monkeypatch, title=text)
        for read in (html, as_github_reads(markdown)):
            page = Page(read, "said")
            assert not {"img", "em"} & {tag for tag, _ in page.tags}
            assert [tag for tag, _ in page.tags].count("script") == (read is html)
            assert all(link.startswith(("#", "report.")) for link in page.links)
            assert plain("".join(page.words)).count(plain(shown(text))) >= 4


def test_the_page_needs_nothing_and_every_link_leads_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = [answer(f"p{n}", said=all_say("incorrect"), stop_reason_max_tokens=1.0) for n in range(3)]
    html, markdown = made(tmp_path, several, monkeypatch)
    page = Page(html, "said")
    assert not {"link", "iframe", "img"} & {tag for tag, _ in page.tags}
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not re.search(r"@import|url\((?!data:)", html)
    assert {link for link in page.links if not link.startswith("#")} == {"report.html"}
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert {"wrong-swift", "cut-swift", "tbl-mistakes"} <= page.ids
    found = re.findall(r"\]\(([^)]+)\)", markdown)
    anchors = set(re.findall(r'<a id="([^"]+)"></a>', markdown))
    assert "report.md" in found and {link[1:] for link in found if link != "report.md"} <= anchors
    assert ":::" not in markdown and "{." not in markdown and "content-visible" not in html + markdown


def test_the_same_page_is_made_of_the_same_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [hostile(text, number) for number, text in enumerate(HOSTILE)]
    assert made(tmp_path / "a", texts, monkeypatch) == made(tmp_path / "b", texts[::-1], monkeypatch)


def test_texts_read_in_their_own_direction_and_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    html, _ = made(tmp_path, [answer("p", "שלום", language="he", said=all_say("incorrect"))], monkeypatch)
    assert re.search(
        r'<div class="said" (dir="auto" )?lang="he"( dir="auto")?>\s*<blockquote>\s*<p>שלום', html
    )


def test_the_script_makes_the_page_of_a_finished_run(tmp_path: Path) -> None:
    paths = write(tmp_path, [answer("p", said=all_say("incorrect"))])
    labels = tmp_path / "labels.csv"
    labels.write_text("item,label\n", encoding="utf-8")
    command = [sys.executable, PROJECT / "scripts" / "mistakes.py", "--settings", json.dumps(settings())]
    command += ["--answers", *paths["answers"], "--verdicts", *paths["verdicts"], "--labels", labels]
    command += ["--template", PARTS / "mistakes.qmd.j2", "--out", tmp_path / "report" / "mistakes.qmd"]
    subprocess.run(
        command, check=True, cwd=tmp_path, env=dict(os.environ, PYTHONPATH=str(PROJECT)), timeout=120
    )
    html, _ = rendered(tmp_path / "report" / "mistakes.qmd")
    assert "It is Paris." in html and "people and the panel disagree on" in html
