"""Templates: values go in as they are, and a mistake in the file is told."""

from pathlib import Path

import pytest

from assay.errors import InputError
from assay.prompts.template import read_template

DEFAULT = Path(__file__).parents[2] / "config/prompts/question_answering.txt"


def written(folder: Path, text: str | bytes, name: str = "template.txt") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_braces_in_a_document_are_text(tmp_path: Path) -> None:
    template = read_template(written(tmp_path, "A {context} B {input} C {context}"))
    assert (
        template.render("{input} \\1 {x}", "{context}") == "A {input} \\1 {x} B {context} C {input} \\1 {x}"
    )


def test_braces_around_what_is_no_name_are_text(tmp_path: Path) -> None:
    template = read_template(written(tmp_path, 'Answer as {"answer": ...} or {}. {input}'))
    assert template.render("", "Who?") == 'Answer as {"answer": ...} or {}. Who?'


def test_the_last_line_end_is_the_editors_and_others_are_the_prompts(tmp_path: Path) -> None:
    assert read_template(written(tmp_path, "\n{input}\n\n")).render("", "Q") == "\nQ\n"
    assert (
        read_template(written(tmp_path, b"\xef\xbb\xbf{input}\r\nAnswer:\r\n")).render("", "Q")
        == "Q\nAnswer:"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{context}\n{question}",
            r"template\.txt, line 2: found the placeholder \{question\}, expected \{context\} or",
        ),
        ("Tell me.", r"template\.txt: found neither \{context\} nor \{input\}"),
        (b"{input}\n\xff", r"template\.txt, line 2: the prompt template is not UTF-8"),
    ],
)
def test_a_mistake_names_file_and_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_template(written(tmp_path, text))


def test_a_missing_file_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt: the prompt template can't be read .*`prompt`"):
        read_template(tmp_path / "none.txt")
    with pytest.raises(InputError, match=r"none\.txt: the system prompt can't be read"):
        read_template(DEFAULT, tmp_path / "none.txt")


def test_an_empty_system_prompt_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the system prompt is empty"):
        read_template(DEFAULT, written(tmp_path, "\n", "system.txt"))


def test_the_default_template_asks_with_document_and_question() -> None:
    text = read_template(DEFAULT).render("The document.", "The question?")
    assert text.index("The document.") < text.index("The question?")
    assert text.endswith("Answer:")
