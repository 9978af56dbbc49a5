"""Fills a page's template with values: what is put in place is escaped, unless it is Markdown already."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import yaml

from assay.errors import InputError
from assay.tables import numbers
from assay.tables.markdown import Markdown, escape


def fill(template: Path, values: dict[str, Any]) -> str:
    """The template with `values` in their places. Raises InputError where it asks for what there is not."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        undefined=jinja2.StrictUndefined,
        finalize=escape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        comment_start_string="{##",  # a single # begins an identifier in Quarto
        comment_end_string="##}",
    )
    # `markdown` is for what a macro returns, which was escaped inside it.
    environment.filters.update(
        number=numbers.number,
        percent=numbers.percent,
        dollars=numbers.dollars,
        count=numbers.count,
        written=numbers.as_written,
        joined=joined,
        markdown=Markdown,
    )
    try:
        return environment.get_template(template.name).render(values)
    except jinja2.TemplateError as error:
        raise InputError(f"{template}: {type(error).__name__}: {error}. Mend the template.") from error


def joined(values: Iterable[Any], last: str = "and") -> str:
    """`a, b and c`."""
    words = [str(value) for value in values]
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


SIMULATED = "Simulated: not measured on Amazon Bedrock"
"""What every page of a simulated run says at its top, and every sheet of it in its head."""


def header(title: str, author: str | None = None, *, simulated: bool = False) -> Markdown:
    """A document's own metadata as YAML, titles escaped, since pandoc reads them as Markdown.

    Of a run of the simulator it names a badge, which `report/page.lua` puts on every page, in every format.
    """
    values = {"title": str(escape(title))}
    values |= {"author": str(escape(author))} if author else {}
    values |= {"badge": str(escape(SIMULATED))} if simulated else {}
    return Markdown(yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=10_000).rstrip("\n"))
