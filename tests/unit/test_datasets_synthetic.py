"""Synthetic rows: they fit their bucket, their answers hold, and other buckets don't move them."""

import hashlib
import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from assay.datasets.example import Example
from assay.datasets.settings import SyntheticTask
from assay.datasets.synthetic.rows import synthetic_examples
from assay.errors import InputError
from assay.prompts.settings import Bucket, Tekken
from assay.prompts.template import Template, read_template
from assay.prompts.tokenizer import TokenCounter, open_tokenizer

TEMPLATE = Path(__file__).parents[2] / "config/prompts/question_answering.txt"
TASKS: tuple[SyntheticTask, ...] = ("find", "join", "count", "classify", "summarise")
SMALL = Bucket(name="small", min=1, max=500, n=40)
MEDIUM = Bucket(name="medium", min=1000, max=2000, n=40)


@pytest.fixture(scope="module")
def counter() -> TokenCounter:
    return open_tokenizer(Tekken(kind="tekken"))


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template(TEMPLATE)


@pytest.fixture(scope="module")
def rows(template: Template, counter: TokenCounter) -> list[Example]:
    return list(synthetic_examples(TASKS, [SMALL, MEDIUM], template, counter, 7))


def made(
    buckets: list[Bucket], template: Template, counter: TokenCounter, seed: int = 7, tasks=TASKS
) -> list[Example]:
    return list(synthetic_examples(tasks, buckets, template, counter, seed))


def of(rows: list[Example], task: str) -> list[Example]:
    chosen = [row for row in rows if row.dataset == f"synthetic_{task}"]
    assert chosen
    return chosen


def paragraphs(row: Example) -> list[str]:
    return row.context.split("\n\n")


def test_every_row_fits_the_bucket_it_was_made_for(
    rows: list[Example], template: Template, counter: TokenCounter
) -> None:
    assert len(rows) == SMALL.n + MEDIUM.n
    for row in rows:
        assert row.place is not None
        tokens = counter.count([template.render(row.context, row.input)])[0]
        assert row.place.min <= tokens < row.place.max


def test_a_system_prompt_counts_towards_the_bucket(template: Template, counter: TokenCounter) -> None:
    system = "Answer like a clerk. " * 50
    with_system = Template(template.text, template.sha256, system, "")
    narrow = Bucket(name="narrow", min=700, max=710, n=5)
    for row in made([narrow], with_system, counter):
        tokens = sum(counter.count([template.render(row.context, row.input), system]))
        assert 700 <= tokens < 710


@pytest.mark.parametrize("limits", [(600, 601), (1500, 1502), (30_000, 30_010)])
def test_even_a_bucket_of_one_length_is_hit(
    limits: tuple[int, int], template: Template, counter: TokenCounter
) -> None:
    bucket = Bucket(name="exact", min=limits[0], max=limits[1], n=5)
    for row in made([bucket], template, counter):
        assert limits[0] <= counter.count([template.render(row.context, row.input)])[0] < limits[1]


def test_lengths_spread_over_the_whole_bucket(template: Template, counter: TokenCounter) -> None:
    bucket = Bucket(name="wide", min=1000, max=5000, n=60)
    tokens = counter.count(
        [template.render(row.context, row.input) for row in made([bucket], template, counter)]
    )
    assert min(tokens) < 1500
    assert max(tokens) > 4500


def test_a_bucket_below_the_shortest_prompt_is_an_error_that_says_how_short_it_can_be(
    template: Template, counter: TokenCounter
) -> None:
    with pytest.raises(InputError, match=r"bucket tiny \[1, 60\).*shortest prompt.*about \d+ tokens"):
        made([Bucket(name="tiny", min=1, max=60, n=1)], template, counter)


def test_adding_a_bucket_or_raising_n_leaves_the_other_rows_as_they_were(
    rows: list[Example], template: Template, counter: TokenCounter
) -> None:
    more = [
        Bucket(name="new", min=300, max=800, n=5),
        Bucket(name="renamed", min=1000, max=2000, n=50),
        Bucket(name="small", min=1, max=500, n=60),
    ]
    after = {row.id: row for row in made(more, template, counter)}
    assert len(after) == 115
    assert all(after[row.id] == row for row in rows)


def test_the_seed_decides_the_rows(template: Template, counter: TokenCounter) -> None:
    bucket = [Bucket(name="a", min=1, max=500, n=5)]
    assert made(bucket, template, counter, seed=1) == made(bucket, template, counter, seed=1)
    assert made(bucket, template, counter, seed=1) != made(bucket, template, counter, seed=2)


def test_no_two_documents_are_alike(rows: list[Example]) -> None:
    assert len({row.context for row in rows}) == len(rows)
    entries = [entry for row in rows for entry in paragraphs(row)[1:-1]]
    assert len(set(entries)) > 0.99 * len(entries)
    names = [entry.split(". ")[0] for row in of(rows, "find") for entry in paragraphs(row)[1:-1]]
    assert len(set(names)) > 0.95 * len(names)


def test_the_answer_to_find_stands_in_the_entry_that_the_question_names(rows: list[Example]) -> None:
    for row in of(rows, "find"):
        entries = [entry for entry in paragraphs(row) if entry.split(". ")[0] in row.input]
        assert len(entries) == 1, row.input
        assert row.answers[0] in entries[0]


def test_the_two_facts_of_join_stand_in_two_entries_and_are_linked(rows: list[Example]) -> None:
    for row in of(rows, "join"):
        entries = [entry for entry in paragraphs(row) if ". " in entry]
        asked = [entry for entry in entries if entry.split(". ")[0] in row.input]
        assert len(asked) == 1, row.input
        linked = [entry for entry in entries if entry is not asked[0] and entry.split(". ")[0] in asked[0]]
        assert len(linked) == 1, asked[0]
        assert row.answers[0] in linked[0]


def test_the_answer_to_count_is_the_number_of_entries_that_say_it(rows: list[Example]) -> None:
    found = set()
    for row in of(rows, "count"):
        value = re.search(
            r".*(?:on a|making|have|carry|because of|in the) (.+?)(?: as their.*| Room)?\? Answer", row.input
        )
        assert value, row.input
        number = sum(
            bool(re.search(rf"(?<!\w){re.escape(value.group(1))}(?!\w)", entry.partition(". ")[2]))
            for entry in paragraphs(row)[1:]
        )
        assert row.answers == (str(number),), row.input
        found.add(number)
    assert len(found) > 3


def test_the_letter_to_classify_is_new_and_its_heading_is_one_of_the_classes(rows: list[Example]) -> None:
    for row in of(rows, "classify"):
        assert row.all_classes is not None
        assert row.answers[0] in row.all_classes
        letter = row.input.split("“")[1].split("”")[0]
        assert letter not in row.context
        assert f"Filed under: {row.answers[0]}." in row.context
        for name in row.all_classes:
            assert not any(name in other for other in row.all_classes if other != name)


def test_the_summary_names_each_decision_and_nothing_that_was_rejected(rows: list[Example]) -> None:
    for row in of(rows, "summarise"):
        decided = re.findall(r"council decided to (.+?)\.(?: |\n|$)", row.context, re.IGNORECASE)
        assert decided
        assert all(act in row.answers[0] for act in decided)
        assert row.answers[0].count("to ") >= len(decided)


def test_documents_hold_other_facts_of_the_kind_that_is_asked_for(rows: list[Example]) -> None:
    """Else a model could answer without reading the question."""
    for row in of(rows, "find"):
        if row.place is not None and row.place.min >= 1000:
            assert len(paragraphs(row)) > 5


def test_wrong_answers_are_there_and_are_wrong(rows: list[Example]) -> None:
    for row in rows:
        assert row.wrong
        for wrong in row.wrong:
            assert wrong not in row.answers[0]
            assert row.answers[0] not in wrong


def test_metrics_and_schema_are_those_of_the_task(rows: list[Example]) -> None:
    assert {(row.dataset, row.metric) for row in rows} == {
        ("synthetic_find", "qa_f1"),
        ("synthetic_join", "qa_f1"),
        ("synthetic_count", "count"),
        ("synthetic_classify", "classification"),
        ("synthetic_summarise", "rouge_l"),
    }
    assert len({row.source for row in rows}) == len({row.id for row in rows}) == len(rows)


def test_no_sentence_has_an_unfilled_slot(rows: list[Example]) -> None:
    for row in rows:
        assert not re.search(r"[{}]", row.context + row.input + "".join(row.answers + row.wrong))


def test_a_hundred_thousand_tokens_are_filled(template: Template, counter: TokenCounter) -> None:
    bucket = Bucket(name="long", min=100_000, max=101_000, n=5)
    for row in made([bucket], template, counter):
        assert 100_000 <= counter.count([template.render(row.context, row.input)])[0] < 101_000


def test_rows_are_the_same_on_every_machine_and_in_every_version(rows: list[Example]) -> None:
    """Other words are other prompts, and whoever runs a synthetic benchmark buys their answers again.

    Change the hash only where that is meant.
    """
    asked = [{name: value for name, value in asdict(row).items() if name != "length"} for row in rows]
    text = json.dumps(asked, ensure_ascii=False)
    assert (
        hashlib.sha256(text.encode()).hexdigest()
        == "e969287ca391ad857a48ff0b1bcf44933eba2456c1c2e9bfdf1129e203f7bf00"
    )
