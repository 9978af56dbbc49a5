"""What the labelling page is told, by which address, and how exact labels are said to be."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from labelled_run import MODELS, Sample, question

from assay.errors import InputError
from assay.labels import page
from assay.labels.address import Address, remember, remembered
from assay.labels.exactness import Exactness, in_words
from assay.labels.labels import Label
from assay.labels.progress import Progress
from assay.labels.settings import PageSettings


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return Sample(tmp_path).write()


def read(sample: Sample, n: int) -> page.Sample:
    return page.read(sample.folder / "labels" / "sample.parquet", sample.folder / "prompts.parquet", n)


def test_the_first_answers_of_the_order_are_labelled_with_all_of_the_last_ones_prompt(sample: Sample) -> None:
    found = read(sample, 3)
    assert list(found.items) == found.order[:4]
    assert len(found.order) == 12
    questions = [item.question for item in found.items.values()]
    assert questions == [question(0)["question"]] * 2 + [question(1)["question"]] * 2


def test_nothing_but_question_references_answer_and_document_is_known(sample: Sample) -> None:
    found = read(sample, 12)
    told = json.dumps([asdict(item) for item in found.items.values()])
    assert not [word for word in (*MODELS, "qa_f1", "judge") if word in told]
    first = next(iter(found.items.values()))
    assert first.document == question(0)["document"]
    assert first.references == question(0)["references"]
    assert not first.document_is_prompt


def test_without_a_known_place_of_the_document_the_prompt_stands_for_it(tmp_path: Path) -> None:
    sample = Sample(tmp_path, [{**question(0), "document": ""}], 2).write()
    first = next(iter(read(sample, 2).items.values()))
    assert first.document_is_prompt
    assert first.document.endswith(question(0)["question"])


def test_a_sample_of_another_run_is_named(sample: Sample, tmp_path: Path) -> None:
    other = Sample(tmp_path / "other", [question(77)]).write()
    with pytest.raises(InputError, match=r"sample\.parquet: a-[0-9a-f]{16} answers a prompt that"):
        page.read(sample.folder / "labels" / "sample.parquet", other.folder / "prompts.parquet", 3)
    with pytest.raises(
        InputError, match=r"expected the columns of the label_sample stage, and there is no item"
    ):
        page.read(sample.folder / "prompts.parquet", sample.folder / "prompts.parquet", 3)
    with pytest.raises(InputError, match=r"nothing\.parquet: expected what the bucket stage wrote"):
        page.read(sample.folder / "labels" / "sample.parquet", tmp_path / "nothing.parquet", 3)


def test_the_page_has_no_files_but_its_own() -> None:
    assert {path for path in page.FILES if page.file(path)} == {"/", "/label.css", "/label.js", "/icon.svg"}
    for path in ("/label.html", "/../page.py", "//etc/passwd", "/static/label.js", ""):
        assert page.file(path) is None


def test_nothing_in_the_pages_files_comes_from_elsewhere() -> None:
    for path in page.FILES:
        found = page.file(path)
        assert found is not None
        assert b"://" not in found[0].replace(b"http://www.w3.org/2000/svg", b"")
        assert b"innerHTML" not in found[0] and b" style=" not in found[0] and b" onclick" not in found[0]


def test_the_address_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    first = remembered(labels)
    assert first.port == 0 and len(first.token) >= 32
    assert remembered(labels).token != first.token
    remember(labels, Address(4567, first.token))
    assert remembered(labels) == Address(4567, first.token)
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.chmod(0o644)
    assert remembered(labels).token != first.token
    remember(labels, Address(4568, first.token))
    assert remembered(labels).port == 4568


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"port": 1}', '{"port": "a", "token": "b"}', '{"port": 80, "token": ""}']
)
def test_an_address_that_isnt_one_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / ".labels.csv.address").write_text(text)
    (tmp_path / ".labels.csv.address").chmod(0o600)
    assert len(remembered(tmp_path / "labels.csv").token) >= 32


def test_how_exact_it_is_said_of_the_model_that_is_known_least_and_of_no_other() -> None:
    wide, narrow = Progress("swift", 40, 0.0731, 90), Progress("steady", 40, 0.021, 40)
    said = in_words([wide, narrow], needed=170, labelled=80, n=300, wanted=0.05)
    assert said == (
        "So far these labels make every model's corrected accuracy known to ±7.3 points or better."
        " About 90 more give the wanted ±5 points."
    )
    assert "2.1" not in said


def test_what_is_missing_is_said_whatever_the_case() -> None:
    unknown, wide, narrow = (
        Progress("a", 3, None, 90),
        Progress("b", 9, 0.2, None),
        Progress("c", 90, 0.04, 90),
    )
    assert in_words([], None, 0, 300, 0.05) == ""
    assert in_words([unknown, narrow], 170, 20, 300, 0.05) == (
        "Too few labels yet to say how exact they make accuracy. About 150 more give the wanted ±5 points."
    )
    assert "that takes more prompts" in in_words([wide], None, 20, 300, 0.05)
    assert "set `labels.n` to about 420" in in_words([unknown], 420, 20, 300, 0.05)
    assert in_words([narrow], 90, 90, 300, 0.05).startswith("Exact enough: ")


def test_how_exact_it_is_comes_from_labels_and_verdicts_and_names_no_model(tmp_path: Path) -> None:
    sample = Sample(tmp_path, [question(n) for n in range(40)], 80).write()
    settings = PageSettings.model_validate(sample.settings)
    order = read(sample, 80).order
    files = [[tmp_path / f"{part}_{model}.parquet" for model in MODELS] for part in ("answers", "verdicts")]
    exactness = Exactness(settings, *files, order)
    said = [exactness([Label(item, 1.0, "", 2) for item in order[:count]]) for count in (0, 10, 40, 80)]
    assert said[0].startswith("Too few labels yet")
    assert said[3].startswith("Exact enough")
    assert not [words for words in said for model in MODELS if model in words]
