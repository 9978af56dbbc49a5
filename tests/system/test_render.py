"""The real renderer on the real template: nothing injected, nothing fetched, every reference resolved, same bytes."""

import base64
import hashlib
import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import finished_run
import pytest
import yaml
from made_document import PARTS, make_document, render_beside, rendered_document, without_quarto
from read_pdf import Pdf, read_pdf

from assay.document.render import Parts, render
from assay.document.template import SIMULATED, header
from assay.errors import InputError
from assay.figures import style
from assay.figures.catalogue import FIGURES
from assay.tables.markdown import attribute, escape, shown

HOSTILE = (
    "<script>alert(1)</script>",
    "</div></body><img src=x onerror=alert(1)>",
    "a | b | c",
    "`code` ``` ~~~",
    "$$x^2$$ $y$ \\(z\\) \\alpha",
    "{{< include /etc/passwd >}} {{ 7*7 }} {% raw %}",
    "@fig-errors [@fig-nothing]",
    "[link](http://evil.example) ![image](http://evil.example/x.png) http://evil.example",
    "# heading",
    "::: {.callout-note}",
    "--- ... -- 'quoted' \"twice\"",
    "&lt;b&gt; &amp; &#60;i&#62;",
    "*a* _b_ **c** ~~d~~ ^e^ [f]{.g}",
    "``` {=html}\n<script>alert(2)</script>\n```",
    "<!-- comment --> <?php ?> <![CDATA[x]]>",
    "1. item\n- item\n> quote",
    "right\u202eto left\u0000\u0007",
    '#import "@preview/x:1.0.0": * #read("/etc/passwd") #panic()',
    "] [ <label> $ sum $ /* comment */ // comment",
    "-? ~ 1... \\u{41} \\",
)


class Page(HTMLParser):
    """What a page is made of, and the text it shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(autouse=True)
def _no_quarto(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed: these tests are about the bundled pandoc, unless they put a Quarto of their own in the path."""
    without_quarto(monkeypatch)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A document rendered once, by the bundled pandoc."""
    qmd = rendered_document(tmp_path_factory)
    return qmd, qmd.with_suffix(".html").read_text("utf-8"), qmd.with_suffix(".md").read_text("utf-8")


@pytest.fixture(scope="module")
def figures(rendered: tuple[Path, str, str]) -> Path:
    return rendered[0].parent.parent / "figures"


def pages_of(qmd: Path) -> tuple[str, str]:
    """Render `qmd`; its HTML and its Markdown."""
    render_beside(qmd)
    return qmd.with_suffix(".html").read_text("utf-8"), qmd.with_suffix(".md").read_text("utf-8")


def test_the_page_asks_nothing_of_the_network(rendered: tuple[Path, str, str]) -> None:
    page = Page(rendered[1])
    for tag, attributes in page.tags:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            value = attributes.get(name) or ""
            beside = tag == "a" and value.startswith("mistakes.html")
            assert not value or beside or value.startswith(("#", "data:")), (tag, name, value[:80])
    assert not page.all("link") and not page.all("iframe") and page.all("script") == [{}]
    assert not re.search(r"@import|url\((?!data:|#)", rendered[1])


def test_the_page_may_run_the_one_script_that_it_has_and_ask_for_nothing(
    rendered: tuple[Path, str, str],
) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", rendered[1], re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = Page(rendered[1])
    names = [name for name, attributes in page.tags if name in ("meta", "style", "title", "script", "svg")]
    assert names[:2] == ["meta", "meta"], "before anything that could do something"
    (policy,) = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'" and rules["script-src"] == f"'sha256-{digest}'"
    assert rules["img-src"] == "data:" and rules["base-uri"] == rules["form-action"] == "'none'"


def test_every_reference_leads_somewhere(rendered: tuple[Path, str, str]) -> None:
    page = Page(rendered[1])
    identifiers = [str(attributes["id"]) for _, attributes in page.tags if attributes.get("id")]
    assert len(identifiers) == len(set(identifiers))
    targets = {str(link["href"])[1:] for link in page.all("a") if str(link.get("href")).startswith("#")}
    assert targets <= set(identifiers)
    assert {f"fig-{name.replace('_', '-')}" for name in FIGURES} <= targets
    assert "@fig" not in page.text and "@tbl" not in page.text
    assert {int(number) for number in re.findall(r"Figure\s(\d+)", page.text)} == set(
        range(1, len(FIGURES) + 1)
    )


def test_the_report_leads_to_the_mistakes_of_each_model_in_its_own_format(
    rendered: tuple[Path, str, str],
) -> None:
    _, html, markdown = rendered
    links = [str(link.get("href")) for link in Page(html).all("a")]
    for model in finished_run.MODELS[:3]:
        assert f"mistakes.html#wrong-{model}" in links
        assert f"](mistakes.md#wrong-{model})" in markdown
    assert "wrong answers of swift, steady and frugal, and those that judges disagree on" in Page(html).text
    assert "mistakes.md" not in html and "mistakes.html" not in markdown


def test_every_figure_is_part_of_the_page_with_a_text_that_states_the_finding(
    rendered: tuple[Path, str, str],
) -> None:
    page = Page(rendered[1])
    images = [drawing for drawing in page.all("svg") if drawing.get("role") == "img"]
    assert len(images) == len(FIGURES) and not page.all("img")
    texts = [str(image.get("aria-label")) for image in images]
    assert any("swift completes most" in text for text in texts)
    assert all(len(text) > 40 for text in texts)


def test_markdown_shows_figures_that_are_there(rendered: tuple[Path, str, str]) -> None:
    qmd, _, markdown = rendered
    links = re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", markdown)
    assert len(links) == len(FIGURES)
    for link in links:
        assert link.endswith(".png") and (qmd.parent / link).is_file()
    assert markdown.startswith("# An example")
    assert "> [!WARNING]" in markdown and "> [!IMPORTANT]" in markdown
    assert ":::" not in markdown and "{#" not in markdown


def test_tables_scroll_in_boxes_of_their_own(rendered: tuple[Path, str, str]) -> None:
    page = Page(rendered[1])
    boxes = [box for box in page.all("div") if "wide" in (box.get("class") or "").split()]
    assert len(boxes) == len(page.all("table")) > 8
    assert all(box.get("tabindex") == "0" for box in boxes)
    identifiers = {attributes.get("id") for _, attributes in page.tags}
    names = [box.get("aria-labelledby") for box in boxes]
    assert len(set(names)) == len(names) and set(names) <= identifiers
    assert "<col " not in rendered[1]


def test_the_same_document_gives_the_same_bytes(
    rendered: tuple[Path, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, html, markdown = rendered
    pdf = made.with_suffix(".pdf").read_bytes()
    shutil.copytree(made.parent.parent / "figures", tmp_path / "figures")
    qmd = Path(shutil.copytree(made.parent, tmp_path / "report"), made.name)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert pages_of(qmd) == (html, markdown)
    assert qmd.with_suffix(".pdf").read_bytes() == pdf
    assert sorted(path.name for path in qmd.parent.iterdir()) == [
        f"report.{end}" for end in ("html", "md", "pdf", "qmd")
    ]


def test_the_pdf_has_the_pages_text_its_figures_and_the_badge_on_every_sheet(
    rendered: tuple[Path, str, str],
) -> None:
    qmd, html, _ = rendered
    pdf = read_pdf(qmd.with_suffix(".pdf"))
    page = Page(html)
    badge = "".join(SIMULATED.split())
    assert len(pdf.sheets) > 5 and all(sheet.startswith(badge) for sheet in pdf.sheets)
    assert pdf.sheets[0].index("Verdict") < pdf.sheets[0].index("Useswift")
    texts = [str(drawing["aria-label"]) for drawing in page.all("svg") if drawing.get("role") == "img"]
    assert sorted(pdf.alternatives) == sorted(texts)
    assert {"H1", "H2", "Table", "TH", "Figure", "Link"} <= pdf.kinds
    assert set(pdf.links) == {"mistakes.pdf"}
    for caption in re.findall(r"Table\s\d+\.|Figure\s\d+\.", page.text):
        assert "".join(caption.split()) in pdf.text


def test_figures_of_the_pdf_stand_before_the_next_section_begins(rendered: tuple[Path, str, str]) -> None:
    qmd, _, _ = rendered
    sheets = read_pdf(qmd.with_suffix(".pdf")).sheets
    waiting: list[int] = []
    section = drawn = 0
    for line in qmd.read_text("utf-8").split("\n"):
        if line.startswith("# "):
            section += 1
            heading = f"{section}{''.join(line[2:].split())}".replace("’", "'").replace("\\", "")
            begins = max(place for place, text in enumerate(sheets) if heading in text)
            assert all(place <= begins for place in waiting), line
            waiting.clear()
        elif "{#fig-" in line:
            drawn += 1
            waiting.append(next(place for place, text in enumerate(sheets) if f"Figure{drawn}." in text))
    assert drawn > 10 and section > 10


@pytest.mark.parametrize("simulated", [True, False])
def test_only_a_simulated_run_has_a_badge(simulated: bool, tmp_path: Path) -> None:
    qmd = tmp_path / "report" / "report.qmd"
    qmd.parent.mkdir()
    qmd.write_text(f"---\n{header('T', simulated=simulated)}\nlang: en\n---\n\n# Head\n\ntext\n", "utf-8")
    html, markdown = pages_of(qmd)
    badges = [aside for aside in Page(html).all("aside") if aside.get("class") == "badge"]
    assert len(badges) == simulated == (SIMULATED in Page(html.split("<body>")[1]).text)
    assert markdown.startswith(f"# T\n\n**{SIMULATED}**\n" if simulated else "# T\n\n## Head\n")
    assert ("".join(SIMULATED.split()) in read_pdf(qmd.with_suffix(".pdf")).text) == simulated
    printed = re.search(r'@page simulated.*?content: "(.*?)"', html, re.DOTALL)
    assert printed is not None and printed[1] == SIMULATED, "the words in the margin of a printed page"


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path, figures: Path) -> None:
    benchmark = finished_run.benchmark()
    benchmark["report"] = {"title": " ".join(HOSTILE), "author": HOSTILE[0]}
    source = finished_run.documents()["source"]
    changes = {
        "decision": {"sentence": " ".join(HOSTILE), "reasons": list(HOSTILE)},
        "source": {**source, "description": " ".join(HOSTILE), "warnings": list(HOSTILE)},
        "buckets": {"warnings": list(HOSTILE), "tokenizer": {"name": HOSTILE[1], "sha256": HOSTILE[3]}},
        "prices": {"prices": {text: {"source": text, "dated": text} for text in HOSTILE}},
        "status": {"host": {"cpu": " ".join(HOSTILE)}},
    }
    qmd = make_document(tmp_path, figures, benchmark, changes)
    written = qmd.read_text(encoding="utf-8")
    blocks = re.findall(r"^(`{3,}) \{(.*?)\}\n.*?^\1$", written, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2 and all('shortcodes="false"' in attributes for _, attributes in blocks)
    assert "{{<" not in re.sub(r"^(`{3,}) .*?^\1$", "", written, flags=re.DOTALL | re.MULTILINE)
    html, markdown = pages_of(qmd)
    page = Page(html)
    assert len(page.all("script")) == 1 and not page.all("img")
    assert len([drawing for drawing in page.all("svg") if drawing.get("role") == "img"]) == len(FIGURES)
    assert not [link for link in page.all("a") if str(link.get("href", "")).startswith("http")]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not page.all("math") and not page.all("i") and not page.all("b")
    for text in HOSTILE:
        assert " ".join(shown(text).split()) in page.text, text
    assert "\u202e" not in html and "\u0000" not in html
    pdf = read_pdf(qmd.with_suffix(".pdf"))
    for text in HOSTILE:
        assert "".join(shown(text).split()) in pdf.text, text
    assert set(pdf.links) == {"mistakes.pdf"}
    # Markdown: nothing but our own empty anchors begins a tag, and our own gaps a comment.
    without_code = re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    tags = re.findall(r"(?<!\\)<(?!!\\)[a-zA-Z/!?][^>]*>", without_code)
    assert all(re.fullmatch(r'<a id="(fig|tbl)-[a-z-]+">|</a>|<!-- -->', tag) for tag in tags), tags
    assert not re.search(r"(?<!\\)\]\(http|https?://", without_code)


def test_a_missing_figure_is_an_error_and_leaves_no_page(tmp_path: Path, figures: Path) -> None:
    qmd = make_document(tmp_path, figures)
    (tmp_path / "figures" / "errors.svg").unlink()
    with pytest.raises(InputError, match=r"errors\.svg"):
        render_beside(qmd)
    assert sorted(path.name for path in qmd.parent.iterdir()) == ["report.qmd"]


@pytest.mark.parametrize(
    "text", ["See @fig-nothing.", "See @doe2000.", "::: {#tbl-x}\n| a |\n|---|\n| 1 |\n:::"]
)
def test_a_broken_reference_is_an_error(text: str, tmp_path: Path) -> None:
    qmd = tmp_path / "report.qmd"
    qmd.write_text(f"---\ntitle: x\nlang: en\n---\n\n{text}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"report\.qmd: pandoc failed"):
        render_beside(qmd)


def test_a_renderer_that_never_ends_is_stopped(tmp_path: Path) -> None:
    qmd = tmp_path / "report.qmd"
    qmd.write_text("---\ntitle: x\n---\n\ntext\n", encoding="utf-8")
    endless = tmp_path / "endless.lua"
    endless.write_text("function Pandoc(document)\n  while true do end\nend\n", encoding="utf-8")
    with pytest.raises(InputError, match="took over 1 s"):
        render(
            qmd,
            replace(Parts.of(PARTS.iterdir()), filter=endless),
            qmd.with_suffix(".md"),
            qmd.with_suffix(".html"),
            qmd.with_suffix(".pdf"),
            time_limit_s=1,
        )


def test_words_in_figures_stay_words_where_figures_become_part_of_the_page(tmp_path: Path) -> None:
    said = "</title></desc></svg><script>alert(1)</script><img src=x onerror=alert(2)> ]]> &lt;i&gt; \"'"
    with style.styled():
        figure, ((panel,),) = style.panels(1, 1, 2)
        style.series(panel, [1.0, 2.0], [1.0, 2.0], ["a"], "a", [said, "plain"])
        panel.set_title(said)
        style.save(figure, tmp_path / "x.svg", tmp_path / "x.png", "x", "A title", said)
    qmd = tmp_path / "report" / "report.qmd"
    qmd.parent.mkdir()
    image = f'![{escape(said)}](../x){{#fig-x fig-alt="{attribute(said)}"}}'
    qmd.write_text(f"---\n{header('T')}\nlang: en\n---\n\n{image}\n", "utf-8")
    html, _ = pages_of(qmd)
    page = Page(html)
    assert len(page.all("script")) == 1 and not page.all("img") and not page.all("i")
    assert [drawing["aria-label"] for drawing in page.all("svg") if "role" in drawing] == [said]
    assert page.text.count(said) >= 3, "under the pointer, as description, and in the caption"
    assert read_pdf(qmd.with_suffix(".pdf")).alternatives == (said,)


STARTS = (
    "= Heading",
    "1. item",
    "- item",
    "+ item",
    "/ Term: words",
    "# Heading",
    "> quote",
    "=",
    "-5",
    "`raw`",
    "| a",
    ": x",
)


def test_text_that_begins_as_a_block_does_begins_none(tmp_path: Path) -> None:
    """At the start of a paragraph, a cell, a list's point and a callout, where typst, too, looks for lists and headings."""

    def of(texts: Sequence[str]) -> tuple[Page, Pdf]:
        qmd = tmp_path / "report" / "report.qmd"
        qmd.parent.mkdir(exist_ok=True)
        lines = [escape(text) for text in texts]
        cells = "".join(f"| {line} | [{line}]{{.interval}} |\n" for line in lines)
        parts = [
            f"---\n{header('T')}\nlang: en\n---\n",
            *(f"{line}\n" for line in lines),
            f"::: {{#tbl-x}}\n| a | b |\n|:--|--:|\n{cells}\nCaption\n:::\n",
            *(f"- {line}\n" for line in lines),
            *(f'::: {{.callout-note title="x"}}\n{line}\n:::\n' for line in lines),
        ]
        qmd.write_text("\n".join(parts), "utf-8")
        html, _ = pages_of(qmd)
        return Page(html), read_pdf(qmd.with_suffix(".pdf"))

    (harmless, harmless_pdf), (page, pdf) = of(["words"] * len(STARTS)), of(STARTS)
    assert [name for name, _ in page.tags] == [name for name, _ in harmless.tags]
    assert pdf.kinds == harmless_pdf.kinds
    for text in STARTS:
        assert page.text.count(text) >= 5 and pdf.text.count("".join(text.split())) >= 5, text


STAND_IN = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path
arguments = sys.argv[1:]
made = Path(arguments[arguments.index("--output") + 1])
found = Path(arguments[1]).is_file() and Path("../figures/errors.svg").is_file()
beside = [name for name in ("page.lua", "text.lua", "style.css", "head.html", "script.html") if Path(name).is_file()]
with open(os.environ["STAND_IN_LOG"], "a") as log:
    log.write(json.dumps({{"arguments": arguments, "beside": beside, "found": found, "text": Path(arguments[1]).read_text(),
           "policy": Path("head.html").read_text(), "epoch": os.environ["SOURCE_DATE_EPOCH"]}}) + "\\n")
if os.environ.get("STAND_IN_FAILS"):
    sys.exit("ERROR: the stand-in fails")
made.write_text("made by " + arguments[3])
"""


@pytest.fixture
def quarto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called quarto, first in the path, that writes down how it was called; its log."""
    program = tmp_path / "bin" / "quarto"
    program.parent.mkdir()
    program.write_text(STAND_IN, encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    log = tmp_path / "calls.jsonl"
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN_LOG", str(log))
    return log


def test_quarto_renders_where_it_is_installed(tmp_path: Path, figures: Path, quarto: Path) -> None:
    qmd = make_document(tmp_path / "run", figures)
    assert pages_of(qmd) == ("made by html", "made by gfm")
    assert qmd.with_suffix(".pdf").read_text("utf-8") == "made by typst"
    calls = [json.loads(line) for line in quarto.read_text(encoding="utf-8").splitlines()]
    assert [call["arguments"][3] for call in calls] == ["html", "gfm", "typst"], "one after the other"
    assert all(call["arguments"][0] == "render" and call["found"] for call in calls)
    assert all(len(call["beside"]) == 5 and call["epoch"] == "0" for call in calls)
    assert "default-src 'none'" in calls[0]["policy"], "Quarto's own scripts ask nothing of anybody either"
    found = [yaml.safe_load(call["text"].split("---\n")[1]) for call in calls]
    assert all(metadata["filters"] == ["page.lua", "text.lua"] for metadata in found)
    page = {"css": "style.css", "include-in-header": ["head.html"], "include-after-body": ["script.html"]}
    assert page.items() <= found[0].items() and not page.keys() & (found[1] | found[2]).keys()
    assert found[2]["papersize"] == "a4"
    assert sorted(path.name for path in qmd.parent.iterdir()) == [
        f"report.{end}" for end in ("html", "md", "pdf", "qmd")
    ]
    assert not list((tmp_path / "run").glob(".render-*"))


def test_what_quarto_says_when_it_fails_is_passed_on(
    tmp_path: Path, figures: Path, quarto: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    qmd = make_document(tmp_path / "run", figures)
    with pytest.raises(InputError, match="quarto failed, saying: ERROR: the stand-in fails"):
        render_beside(qmd)
