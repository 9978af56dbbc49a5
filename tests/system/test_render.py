"""The real renderer on the real template: nothing injected, nothing fetched, every reference resolved, same bytes."""

import json
import os
import re
import stat
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import finished_run
import pytest

from assay.document import report
from assay.document.inputs import RunFiles, read
from assay.document.reported import Reported
from assay.document.render import Parts, render
from assay.document.settings import ReportSettings
from assay.errors import InputError
from assay.figures.catalogue import FIGURES, write
from assay.figures.settings import FigureSettings
from assay.tables import inputs
from assay.tables.markdown import shown

PARTS = Path(__file__).resolve().parents[2] / "report"

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


def make_document(
    folder: Path, benchmark: dict[str, Any] | None = None, changes: dict[str, Any] | None = None
) -> Path:
    """Write a run's tables, its figures and the filled document below `folder`; the document's path."""
    paths = finished_run.write(folder)
    for name, change in (changes or {}).items():
        found = json.loads(paths[name].read_text(encoding="utf-8"))
        paths[name].write_text(json.dumps(found | change), encoding="utf-8")
    read_inputs = inputs.read(
        *(paths[name] for name in ("cells", "models", "accuracy", "decision", "periods", "ramps")),
        **{name: paths[name] for name in inputs.OF_SOME_FIGURES},
    )
    settings = FigureSettings.model_validate(finished_run.figure_settings())
    for name in FIGURES:
        write(
            name,
            read_inputs,
            settings,
            *(folder / "figures" / f"{name}.{end}" for end in ("svg", "png", "csv")),
        )
    files = RunFiles(
        **{
            name: paths[name]
            for name in (
                "cells",
                "models",
                "accuracy",
                "periods",
                "ramps",
                "decision",
                "prices",
                "source",
                "buckets",
                "estimate",
            )
        },
        of_accuracy=tuple(paths[name] for name in finished_run.OF_ACCURACY),
        of_requests=tuple(paths[name] for name in finished_run.OF_REQUESTS),
        statuses=(paths["status"],),
        verdict_statuses=(paths["verdict_status"],),
        figures=tuple(folder / "figures" / f"{name}.svg" for name in FIGURES),
    )
    qmd = folder / "report" / "report.qmd"
    qmd.parent.mkdir(exist_ok=True)
    whole = ReportSettings.model_validate(
        {"benchmark": benchmark or finished_run.benchmark(), "commands": ["make report"]}
    )
    made = {"versions": {"assay": "0.1.0"}, "commit": None}
    values = report.context(Reported(whole, read(files), made), report.figure_links(files.figures, qmd))
    qmd.write_text(report.fill(PARTS / "report.qmd.j2", values), encoding="utf-8")
    return qmd


def render_beside(qmd: Path) -> tuple[str, str]:
    html, markdown = qmd.with_suffix(".html"), qmd.with_suffix(".md")
    render(qmd, Parts.of(PARTS.iterdir()), markdown, html, qmd.with_suffix(".pdf"))
    return html.read_text(encoding="utf-8"), markdown.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _no_quarto(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed: these tests are about the bundled pandoc, unless they put a Quarto of their own in the path."""
    kept = [part for part in os.environ["PATH"].split(os.pathsep) if not Path(part, "quarto").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(kept))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A document rendered once, by the bundled pandoc."""
    patch = pytest.MonkeyPatch()
    kept = [part for part in os.environ["PATH"].split(os.pathsep) if not Path(part, "quarto").exists()]
    patch.setenv("PATH", os.pathsep.join(kept))
    qmd = make_document(tmp_path_factory.mktemp("run"))
    html, markdown = render_beside(qmd)
    patch.undo()
    return qmd, html, markdown


def test_the_page_asks_nothing_of_the_network(rendered: tuple[Path, str, str]) -> None:
    page = Page(rendered[1])
    for tag, attributes in page.tags:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            value = attributes.get(name) or ""
            beside = tag == "a" and value.startswith("mistakes.html")
            assert not value or beside or value.startswith(("#", "data:")), (tag, name, value[:80])
    assert not page.all("script") and not page.all("link") and not page.all("iframe")
    assert not re.search(r"@import|url\((?!data:)", rendered[1])


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


def test_every_figure_has_an_alternative_text_that_states_the_finding(
    rendered: tuple[Path, str, str],
) -> None:
    images = Page(rendered[1]).all("img")
    assert len(images) == len(FIGURES)
    texts = [str(image.get("alt") or image.get("aria-label")) for image in images]
    assert any("frugal costs least" in text for text in texts)
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


def test_the_same_document_gives_the_same_bytes(rendered: tuple[Path, str, str]) -> None:
    qmd, html, markdown = rendered
    assert render_beside(qmd) == (html, markdown)


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
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
    qmd = make_document(tmp_path, benchmark, changes)
    written = qmd.read_text(encoding="utf-8")
    blocks = re.findall(r"^(`{3,}) \{(.*?)\}\n.*?^\1$", written, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2 and all('shortcodes="false"' in attributes for _, attributes in blocks)
    assert "{{<" not in re.sub(r"^(`{3,}) .*?^\1$", "", written, flags=re.DOTALL | re.MULTILINE)
    html, markdown = render_beside(qmd)
    page = Page(html)
    assert not page.all("script")
    assert all(str(image["src"]).startswith("data:") for image in page.all("img"))
    assert len(page.all("img")) == len(FIGURES)
    assert not [link for link in page.all("a") if str(link.get("href", "")).startswith("http")]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not page.all("math") and not page.all("i") and not page.all("b")
    for text in HOSTILE:
        assert " ".join(shown(text).split()) in page.text, text
    assert "\u202e" not in html and "\u0000" not in html
    # Markdown: nothing but our own empty anchors begins a tag, and our own gaps a comment.
    without_code = re.sub(r"^```.*?^```", "", markdown, flags=re.DOTALL | re.MULTILINE)
    tags = re.findall(r"(?<!\\)<(?!!\\)[a-zA-Z/!?][^>]*>", without_code)
    assert all(re.fullmatch(r'<a id="(fig|tbl)-[a-z-]+">|</a>|<!-- -->', tag) for tag in tags), tags
    assert not re.search(r"(?<!\\)\]\(http|https?://", without_code)


def test_a_missing_figure_is_an_error_and_leaves_no_page(tmp_path: Path) -> None:
    qmd = make_document(tmp_path)
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
            *(qmd.with_suffix(ending) for ending in (".md", ".html", ".pdf")),
            time_limit_s=1,
        )


STAND_IN = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path
arguments = sys.argv[1:]
made = Path(arguments[arguments.index("--output") + 1])
found = Path(arguments[1]).is_file() and Path("../figures/errors.svg").is_file()
with open(os.environ["STAND_IN_LOG"], "a") as log:
    log.write(json.dumps({{"arguments": arguments, "style": Path("style.css").is_file(), "found": found, "text": Path(arguments[1]).read_text(),
           "filter": Path("text.lua").is_file()}}) + "\\n")
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


def test_quarto_renders_where_it_is_installed(tmp_path: Path, quarto: Path) -> None:
    qmd = make_document(tmp_path / "run")
    html, markdown = render_beside(qmd)
    assert (html, markdown) == ("made by html", "made by gfm")
    calls = [json.loads(line) for line in quarto.read_text(encoding="utf-8").splitlines()]
    assert [call["arguments"][3] for call in calls] == ["html", "gfm"], "one after the other"
    assert all(call["arguments"][0] == "render" and call["style"] and call["found"] for call in calls)
    assert "css:style.css" in calls[0]["arguments"]
    assert all(call["filter"] and call["text"].count("\nfilters: [text.lua]\n---\n") == 1 for call in calls)
    assert sorted(path.name for path in qmd.parent.iterdir()) == ["report.html", "report.md", "report.qmd"]
    assert not list((tmp_path / "run").glob(".render-*"))


def test_what_quarto_says_when_it_fails_is_passed_on(
    tmp_path: Path, quarto: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    qmd = make_document(tmp_path / "run")
    with pytest.raises(InputError, match="quarto failed, saying: ERROR: the stand-in fails"):
        render_beside(qmd)
