"""How LongBench's sets are asked: a prompt and limits for each, the published files in their place, and what is said of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from assay.config.files import problems
from assay.datasets.example import Example
from assay.datasets.examples_file import Source, write_examples
from assay.datasets.settings import JsonLines, LongBench, LongBenchV2, Synthetic, as_fetched
from assay.errors import InputError
from assay.metrics.longbench import METRIC_OF_SET, SETS_OF_LONGBENCH_E
from assay.prompts.choice import template_files
from assay.prompts.longbench import (
    OUTPUT_LIMITS,
    WITHOUT_CHAT,
    own_prompts,
    published_limits,
    published_prompts,
)
from assay.prompts.select import Selection, select
from assay.prompts.settings import Bucket, PromptTemplate
from assay.prompts.template import Template, read_template
from assay.prompts.tokenizer import TokenCounter
from assay.prompts.wording import Wording, read_by_set

ROOT = Path(__file__).parents[2]
WORDS = TokenCounter("words", None, "0", lambda texts: [len(text.split()) for text in texts], lambda *_: [])
BUCKET = [Bucket(name="all", min=1, max=10_000, n=100)]
CHINESE = ("multifieldqa_zh", "dureader", "vcsum", "lsht", "passage_retrieval_zh")
WITHOUT_QUESTION = ("gov_report", "multi_news", "vcsum", "passage_count", "lcc")


def own(name: str) -> Template:
    return read_template(ROOT / f"config/prompts/longbench/{name}.txt")


def example(dataset: str, **changes: Any) -> Example:
    values: dict[str, Any] = {
        "id": dataset,
        "dataset": dataset,
        "language": "en",
        "input": f"Question of {dataset}?",
        "context": f"The document of {dataset}.",
        "answers": ("yes",),
        "all_classes": None,
        "source": dataset,
        "metric": "qa_f1",
        "length": 4,
    }
    return Example(**{**values, **changes})


def selected(folder: Path, rows: list[Example], wording: Wording) -> Selection:
    path = folder / "examples.jsonl"
    write_examples(rows, Source("longbench", "", None, None, {}), path, folder / "source.json")
    return select(path, wording, WORDS, BUCKET, 1)


@pytest.mark.parametrize("name", METRIC_OF_SET)
def test_every_set_has_a_prompt_of_its_own_with_the_document_once_and_the_question_where_it_has_one(
    name: str,
) -> None:
    template = own(name)
    assert template.placeholders() == (["context"] if name in WITHOUT_QUESTION else ["context", "input"])
    assert bool(re.search("[\u4e00-\u9fff]", template.text)) == (name in CHINESE)


@pytest.mark.parametrize("name", sorted(WITHOUT_CHAT))
def test_a_prompt_that_is_continued_ends_where_the_continuation_begins(name: str) -> None:
    end = "Next line:\n" if name in ("lcc", "repobench-p") else "{input}"
    assert own(name).text.endswith(end)


@pytest.mark.parametrize(
    ("name", "form"),
    [("passage_retrieval_en", "Paragraph 12"), ("passage_retrieval_zh", "段落12"), ("passage_count", "in digits"),
     ("qasper", "unanswerable")],
)  # fmt: skip
def test_a_prompt_asks_for_the_form_that_its_metric_reads(name: str, form: str) -> None:
    assert form in own(name).text


def test_code_is_continued_without_a_gap() -> None:
    assert "x = 1\ny = 2\nNext line:\n" in own("repobench-p").render("x = 1\n", "y = 2\n")
    assert own("lcc").render("x = 1\n", "").endswith("\n\nx = 1\nNext line:\n")


def test_every_set_has_a_limit_and_its_e_variant_shares_prompt_limit_and_chat_rule() -> None:
    assert set(OUTPUT_LIMITS) == set(METRIC_OF_SET)
    assert set(METRIC_OF_SET) >= WITHOUT_CHAT
    wording = Wording(None, {"trec": Template("{context}", "0")}, OUTPUT_LIMITS, WITHOUT_CHAT)
    assert wording.of("trec_e") is wording.of("trec")
    assert (wording.output_limit("trec_e"), wording.chat("trec_e")) == (64, False)
    assert (wording.output_limit("mine"), wording.chat("mine")) == (None, True)
    names = [f"{name}_e" for name in SETS_OF_LONGBENCH_E]
    assert own_prompts(names) == own_prompts(SETS_OF_LONGBENCH_E)


def test_the_dataset_decides_on_the_template_unless_the_benchmark_names_one() -> None:
    longbench = LongBench(kind="longbench", sets=("trec", "trec_e", "lcc"))
    assert [path.stem for path in template_files(longbench, None).by_set] == ["trec", "lcc"]
    assert len(template_files(LongBench(kind="longbench"), None).by_set) == 21
    published = LongBench(kind="longbench", prompts=Path("dataset2prompt.json"))
    assert template_files(published, None).published == Path("dataset2prompt.json")
    one = template_files(LongBenchV2(kind="longbench-v2"), None).one
    assert one is not None and one.name == "longbench_v2.txt"
    rows = JsonLines(kind="jsonl", path=Path("rows.jsonl"))
    one = template_files(rows, None).one
    assert one is not None and one.name == "question_answering.txt"
    for dataset in (longbench, published, rows, Synthetic(kind="synthetic")):
        files = template_files(dataset, Path("mine.txt"))
        assert (files.one, files.by_set, files.published) == (Path("mine.txt"), (), None)
        assert files.described == "mine.txt"


def test_rows_are_asked_as_their_sets_are(tmp_path: Path) -> None:
    templates = {"trec": Template("Classify. {context} {input}", "1", "Be kind.", "9")}
    templates["gov_report"] = Template("Sum up: {context}", "2", "Be kind.", "9")
    wording = Wording(None, templates, OUTPUT_LIMITS, WITHOUT_CHAT)
    rows = [example("trec"), example("trec_e"), example("gov_report", input="", length=9)]
    found = selected(tmp_path, rows, wording)
    prompts = {prompt.dataset: prompt for prompt in found.prompts}
    trec, report = prompts["trec"], prompts["gov_report"]
    assert prompts["trec_e"].text == "Classify. The document of trec_e. Question of trec_e?"
    assert (trec.max_tokens, trec.chat, trec.length) == (64, False, 4)
    assert (report.max_tokens, report.chat, report.length) == (512, True, 9)
    assert trec.tokens == len(trec.text.split()), "no system prompt goes with it, so none is counted"
    assert report.tokens == len(report.text.split()) + 2
    for prompt in found.prompts:
        assert prompt.context_at is not None and prompt.context_chars is not None
        document = prompt.text[prompt.context_at :][: prompt.context_chars]
        assert document == f"The document of {prompt.dataset}."
    assert found.warnings[1:] == [
        "2 of 3 prompts (trec, trec_e) go without the system prompt, since LongBench asks these sets without a chat wrapper"
    ]


def test_limits_can_be_left_out_and_then_no_prompt_has_one(tmp_path: Path) -> None:
    found = selected(tmp_path, [example("trec")], Wording(Template("{context} {input}", "0")))
    assert [(prompt.max_tokens, prompt.chat) for prompt in found.prompts] == [(None, True)]


def test_where_the_document_stands_is_null_where_it_stands_twice_or_not_at_all() -> None:
    assert Template("{context} {input}", "0").laid_out("doc", "q").context_at == 0
    twice = Template("{context} {input} {context}", "0").laid_out("doc", "q")
    assert (twice.text, twice.context_at, twice.context_chars) == ("doc q doc", None, None)
    assert Template("{input}", "0").laid_out("doc", "q").context_at is None
    assert Template("A: {context} {input}", "0").laid_out("", "q").context_at is None


def test_a_set_without_a_prompt_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    wording = Wording(None, {"trec": Template("{context}", "0")})
    with pytest.raises(InputError, match=r"set 'lcc' has no prompt of its own; there are prompts for trec"):
        selected(tmp_path, [example("lcc")], wording)


def test_published_prompts_are_read_in_their_own_syntax(tmp_path: Path) -> None:
    path = tmp_path / "dataset2prompt.json"
    path.write_text(
        json.dumps({"trec": 'Reply as {{"type": "..."}}: {context}\n{input}', "lcc": "{context}Next: "}),
        encoding="utf-8",
    )
    found = published_prompts(path)
    assert found["trec"].render("A {b} {{c}}", "Q") == 'Reply as {"type": "..."}: A {b} {{c}}\nQ'
    assert found["lcc"].text == "{context}Next: ", "to the last space"
    assert found["trec"].sha256 == found["lcc"].sha256
    system = tmp_path / "system.txt"
    system.write_text("Be kind.\n", encoding="utf-8")
    wording = Wording(None, read_by_set((), path, system))
    assert wording.system == "Be kind."
    assert wording.template_sha256 == found["trec"].sha256


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ["dataset2prompt.json: expected LongBench's prompts", "JSON object"]),
        ("[]", ["found []", "by set"]),
        ("{}", ["found {}", "by set"]),
        ('{"trec": 3}', ["key 'trec': found 3, expected a prompt"]),
        ('{"trec": "{context} {answer}"}', ["key 'trec': found the placeholder {answer}"]),
        ('{"trec": "Hello."}', ["key 'trec': found a prompt with neither {context} nor {input}"]),
    ],
)
def test_what_is_no_file_of_prompts_is_told_by_its_key(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "dataset2prompt.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        published_prompts(path)
    for word in words:
        assert word in str(error.value)


def test_what_is_no_file_of_limits_is_told_by_its_key(tmp_path: Path) -> None:
    path = tmp_path / "dataset2maxlen.json"
    path.write_text('{"trec": 64, "lcc": 12}', encoding="utf-8")
    assert published_limits(path) == {"trec": 64, "lcc": 12}
    path.write_text('{"trec": 0}', encoding="utf-8")
    with pytest.raises(InputError, match="key 'trec': found 0, expected a whole number of tokens"):
        published_limits(path)
    with pytest.raises(InputError, match=r"none\.json: can't be read"):
        published_limits(tmp_path / "none.json")


def test_a_published_file_that_lacks_a_set_is_told_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"trec": "{context} {input}"}', encoding="utf-8")
    (tmp_path / "m.json").write_text('{"trec": 64}', encoding="utf-8")

    def found(*sets: str, **keys: Any) -> list[str]:
        dataset = LongBench.model_validate({"kind": "longbench", "sets": sets, **keys})
        sections = {"dataset": dataset, "prompt": PromptTemplate()}
        return [f"{problem.path[-1]}: {problem.text}" for problem in problems(sections, [tmp_path, ROOT])]

    assert found("trec", "trec_e", prompts="p.json", maxlen="m.json") == []
    told = found("trec", "lcc", prompts="p.json", maxlen="m.json")
    assert [line.partition(";")[0] for line in told] == [
        "prompts: found 'p.json' without lcc",
        "maxlen: found 'm.json' without lcc",
    ]
    assert found("trec", prompts="none.json")[0].startswith(
        "prompts: found 'none.json', where there is no file"
    )


def test_limits_are_named_or_left_out_but_not_both() -> None:
    with pytest.raises(ValueError, match="expected either `output_limits: false` or `maxlen`, not both"):
        LongBench.model_validate({"kind": "longbench", "output_limits": False, "maxlen": "m.json"})


def test_how_sets_are_asked_reads_no_row_again() -> None:
    changed = LongBench(kind="longbench", prompts=Path("p.json"), maxlen=Path("m.json"))
    assert as_fetched(changed) == as_fetched(LongBench(kind="longbench", output_limits=False))
    assert as_fetched(changed) == LongBench(kind="longbench")
