"""The document as one self-contained HTML page and as Markdown: by Quarto where there is one, else by the bundled pandoc.

Both read the same file; what Quarto adds to pandoc, the Lua filter adds here. Same input, same bytes (pandoc).
"""

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assay.errors import InputError
from assay.whole import whole

TIME_LIMIT_S = 300
"""Of each call of a renderer: a filter can loop for ever."""

_READER = "markdown-raw_html-raw_tex-raw_attribute"
"""Pandoc's Markdown without the ways to write HTML or TeX in it: a second fence behind the escaping."""


_HEADER = "---\n"
"""What the document begins with, and what ends its metadata."""


def render(
    qmd: Path,
    lua_filter: Path,
    text_filter: Path,
    style: Path,
    markdown: Path,
    html: Path,
    time_limit_s: float = TIME_LIMIT_S,
) -> None:
    """Render `qmd` to `markdown` and `html`, each written whole or not at all.

    `lua_filter` stands in for Quarto; `text_filter` keeps text text in Markdown, whoever renders. Figures are found relative to the folder of `qmd`; `markdown` keeps referring to them so, and has to lie in that
    folder. Raises InputError where the renderer fails, warns (a missing figure is a warning) or takes too long.
    """
    quarto = shutil.which("quarto")
    if quarto is not None:
        logging.info("rendering with Quarto")
        _with_quarto(quarto, qmd, text_filter, style, markdown, html, time_limit_s)
    else:
        logging.info("rendering with the bundled pandoc, since Quarto is not installed")
        _with_pandoc(qmd, (lua_filter, text_filter), style, markdown, html, time_limit_s)


def _with_pandoc(
    qmd: Path, filters: Sequence[Path], style: Path, markdown: Path, html: Path, time_limit_s: float
) -> None:
    import pypandoc  # finds the program; needed only where Quarto is not installed

    shared = ["--from", _READER, "--fail-if-warnings"]
    shared += [part for path in filters for part in ("--lua-filter", str(path.resolve()))]
    page = ["--to=html5", "--standalone", "--embed-resources", "--toc", "--toc-depth=2", "--number-sections"]
    page += ["--mathml", "--section-divs", "--default-image-extension=svg", "--css", str(style.resolve())]
    page += ["--metadata=document-css=false", "--metadata=toc-title=Contents", "--syntax-highlighting=none"]
    text = ["--to=gfm", "--wrap=none", "--default-image-extension=png"]
    for options, target in ((page, html), (text, markdown)):
        with whole(target) as temporary:
            output = ["--output", str(temporary.resolve())]
            _run([pypandoc.get_pandoc_path(), qmd.name, *shared, *options, *output], qmd, time_limit_s)


def _with_quarto(
    quarto: str, qmd: Path, text_filter: Path, style: Path, markdown: Path, html: Path, time_limit_s: float
) -> None:
    """Render in a folder beside the document's own, where the same relative paths reach the figures."""
    with tempfile.TemporaryDirectory(prefix=".render-", dir=qmd.resolve().parent.parent) as folder:
        copy = Path(folder, qmd.name)
        copy.write_text(_with_filter(qmd, text_filter.name), encoding="utf-8")
        shutil.copyfile(text_filter, Path(folder, text_filter.name))
        shutil.copyfile(style, Path(folder, "style.css"))
        # One after the other: two renderings of one document get in each other's way.
        for kind, ending, target in (("html", ".html", html), ("gfm", ".md", markdown)):
            made = copy.with_suffix(ending).name
            command = [quarto, "render", copy.name, "--to", kind, "--output", made]
            command += ["--metadata", "css:style.css"] if kind == "html" else []
            _run(command, copy, time_limit_s)
            if not Path(folder, made).is_file():
                raise InputError(
                    f"{qmd}: Quarto ended well and wrote no {made}. Is the version 1.4 or later?"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(folder, made).replace(target)


def _with_filter(qmd: Path, name: str) -> str:
    """The document, its metadata naming a filter beside it: Quarto takes filters from there."""
    text = qmd.read_text(encoding="utf-8")
    start = text.find(_HEADER)
    end = text.find(f"\n{_HEADER}", start + len(_HEADER))
    if start < 0 or text[:start].strip() or end < 0:
        raise InputError(
            f"{qmd}: found no metadata between two lines --- at its beginning. Mend the template."
        )
    return f"{text[: end + 1]}filters: [{name}]\n{text[end + 1 :]}"


def _run(command: Sequence[str], document: Path, time_limit_s: float) -> None:
    try:
        subprocess.run(
            command,
            cwd=document.resolve().parent,
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=time_limit_s,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{document}: rendering took over {time_limit_s:g} s and was stopped") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split()) or "nothing"
        raise InputError(f"{document}: {Path(command[0]).name} failed, saying: {said}") from error
