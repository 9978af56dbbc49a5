"""The document as one self-contained HTML page, as Markdown and as PDF: by Quarto where there is one, else by the bundled pandoc.

All read the same file; what Quarto adds to pandoc, the Lua filter adds here. Same input, same bytes (pandoc and typst).
"""

import base64
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.document import typeset
from assay.errors import InputError
from assay.whole import whole

TIME_LIMIT_S = 300
"""Of each call of a renderer: a filter can loop for ever."""

_READER = "markdown-raw_html-raw_tex-raw_attribute"
"""Pandoc's Markdown without the ways to write HTML or TeX in it: a second fence behind the escaping."""

_HEADER = "---\n"
"""What the document begins with, and what ends its metadata."""


@dataclass(frozen=True)
class Parts:
    """The files of `report/` that documents are rendered with."""

    page: Path
    """Lua filter for every renderer: badge, figures, links."""
    filter: Path
    """Lua filter that stands in for Quarto."""
    text: Path
    """Lua filter that keeps text text in Markdown and PDF, whoever renders."""
    style: Path
    script: Path
    template: Path
    """Of the HTML page that pandoc writes."""
    pdf: Path
    """Template of the PDF that pandoc and typst write."""

    @classmethod
    def of(cls, files: Iterable[Path]) -> "Parts":
        """The parts among `files`, by their names. Raises InputError where one is missing."""
        named = {path.name: path for path in files}
        names = {
            "page": "page.lua",
            "filter": "filter.lua",
            "text": "text.lua",
            "style": "style.css",
            "script": "page.js",
            "template": "page.html",
            "pdf": "document.typ",
        }
        if missing := [name for name in names.values() if name not in named]:
            raise InputError(f"parts: {', '.join(missing)} missing among {', '.join(named)}. Name them all.")
        return cls(**{part: named[name] for part, name in names.items()})


def render(
    qmd: Path, parts: Parts, markdown: Path, html: Path, pdf: Path, time_limit_s: float = TIME_LIMIT_S
) -> None:
    """Render `qmd` to `markdown`, `html` and `pdf`, each written whole or not at all.

    Figures are found relative to the folder of `qmd`, below the folder above it; `markdown` keeps referring to them so, and
    has to lie in the folder of `qmd`. Raises InputError where a renderer fails, warns (a missing figure is a warning) or
    takes too long.
    """
    quarto = shutil.which("quarto")
    with tempfile.TemporaryDirectory(prefix=".render-", dir=qmd.resolve().parent.parent) as folder:
        # Beside the document's own folder, so that the same relative paths reach the figures.
        work = Path(folder)
        script = parts.script.read_text(encoding="utf-8")
        (work / "script.html").write_text(f"<script>{script}</script>\n", encoding="utf-8")
        (work / "head.html").write_text(_policy(None if quarto else script), encoding="utf-8")
        if quarto is not None:
            logging.info("rendering with Quarto")
            _with_quarto(
                quarto, qmd, parts, work, {"html": html, "gfm": markdown, "typst": pdf}, time_limit_s
            )
        else:
            logging.info("rendering with the bundled pandoc, since Quarto is not installed")
            _with_pandoc(qmd, parts, work, markdown, html, pdf, time_limit_s)


def _policy(script: str | None) -> str:
    """What the page may do, as its own head says it: ask nothing of anybody, and run `script` only.

    None where the renderer has scripts of its own: they run then, and ask nothing of anybody either.
    """
    if script is None:
        allowed = "'unsafe-inline' data:"
    else:
        allowed = f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
    rules = (
        "default-src 'none'",
        f"script-src {allowed}",
        f"style-src 'unsafe-inline'{'' if script else ' data:'}",
        "img-src data:",
        *(() if script else ("font-src data:",)),
        "base-uri 'none'",
        "form-action 'none'",
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">\n'


def _with_pandoc(
    qmd: Path, parts: Parts, work: Path, markdown: Path, html: Path, pdf: Path, time_limit_s: float
) -> None:
    import pypandoc  # finds the program; needed only where Quarto is not installed

    filters = [str(path.resolve()) for path in (parts.page, parts.filter, parts.text)]
    shared = [pypandoc.get_pandoc_path(), qmd.name, "--from", _READER, "--fail-if-warnings"]
    shared += [part for path in filters for part in ("--lua-filter", path)]
    page = ["--to=html5", "--standalone", "--embed-resources", "--toc", "--toc-depth=2", "--number-sections"]
    page += [
        "--mathml",
        "--section-divs",
        "--default-image-extension=svg",
        "--css",
        str(parts.style.resolve()),
    ]
    page += ["--template", str(parts.template.resolve())]
    page += ["--metadata=toc-title=Contents", "--syntax-highlighting=none"]
    page += [
        "--include-in-header",
        str(work / "head.html"),
        "--include-after-body",
        str(work / "script.html"),
    ]
    text = ["--to=gfm", "--wrap=none", "--default-image-extension=png"]
    sheets = ["--to=typst", "--standalone", "--template", str(parts.pdf.resolve()), "--wrap=none"]
    sheets += ["--default-image-extension=svg", "--syntax-highlighting=none"]
    source = work / qmd.with_suffix(".typ").name
    folder = qmd.resolve().parent
    _run([*shared, *sheets, "--output", str(source)], qmd, folder, time_limit_s)
    with whole(pdf) as made:
        command = [sys.executable, typeset.__file__, source.name, str(made.resolve()), str(folder.parent)]
        _run(command, qmd, work, time_limit_s, "typst")
    for options, target in ((page, html), (text, markdown)):
        with whole(target) as made:
            _run([*shared, *options, "--output", str(made.resolve())], qmd, folder, time_limit_s)


def _with_quarto(
    quarto: str, qmd: Path, parts: Parts, work: Path, targets: dict[str, Path], time_limit_s: float
) -> None:
    """Render `qmd` to each of `targets`, by the name that Quarto has for its format."""
    copy = work / qmd.name
    for path, name in ((parts.page, ""), (parts.text, ""), (parts.style, "style.css")):
        shutil.copyfile(path, work / (name or path.name))
    more = {
        "html": "css: style.css\ninclude-in-header: [head.html]\ninclude-after-body: [script.html]\n",
        "typst": "papersize: a4\ndefault-image-extension: svg\n",
    }
    # One after the other: two renderings of one document get in each other's way.
    for kind, target in targets.items():
        metadata = f"filters: [{parts.page.name}, {parts.text.name}]\n{more.get(kind, '')}"
        copy.write_text(_with_metadata(qmd, metadata), encoding="utf-8")
        made = work / f"made{target.suffix}"
        _run([quarto, "render", copy.name, "--to", kind, "--output", made.name], qmd, work, time_limit_s)
        if not made.is_file():
            raise InputError(
                f"{qmd}: Quarto ended well and wrote no {target.suffix[1:]} file. Is the version 1.4 or later?"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        made.replace(target)


def _with_metadata(qmd: Path, lines: str) -> str:
    """The document with more metadata: Quarto takes filters from there."""
    text = qmd.read_text(encoding="utf-8")
    start = text.find(_HEADER)
    end = text.find(f"\n{_HEADER}", start + len(_HEADER))
    if start < 0 or text[:start].strip() or end < 0:
        raise InputError(
            f"{qmd}: found no metadata between two lines --- at its beginning. Mend the template."
        )
    return f"{text[: end + 1]}{lines}{text[end + 1 :]}"


def _run(
    command: Sequence[str], document: Path, folder: Path, time_limit_s: float, name: str | None = None
) -> None:
    """Run a renderer in `folder`; `name` is what an error calls it, where that is not the program's own name."""
    try:
        subprocess.run(
            command,
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=time_limit_s,
            env={"SOURCE_DATE_EPOCH": "0", **os.environ},  # a PDF by Quarto would have the time of its making
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{document}: rendering took over {time_limit_s:g} s and was stopped") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split()) or "nothing"
        raise InputError(f"{document}: {name or Path(command[0]).name} failed, saying: {said}") from error
