"""The whole of the bucket stage: from a file of examples to each bucket's prompts and the answer key."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.datasets.examples_file import read_examples
from assay.prompts.answer_key import KeyLine, wrong_answers
from assay.prompts.draw import Drawn, draw
from assay.prompts.histogram import Bin, histogram
from assay.prompts.measure import Measured, measure
from assay.prompts.prompt import Prompt
from assay.prompts.settings import Bucket
from assay.prompts.template import Template
from assay.prompts.tokenizer import TokenCounter
from assay.prompts.wording import Wording


@dataclass(frozen=True)
class Selection:
    """Prompts by bucket (in the order of the settings) and position; the answer key by hash; what was there."""

    prompts: list[Prompt]
    answer_key: list[KeyLine]
    drawn: list[Drawn]
    histogram: list[Bin]
    warnings: list[str]


def select(
    examples: Path, wording: Wording, counter: TokenCounter, buckets: Sequence[Bucket], seed: int
) -> Selection:
    """Measure all examples, draw each bucket's rows and put them into words.

    Raises InputError if a bucket stays empty.
    """
    rows = list(measure(read_examples(examples), wording, counter))
    drawn, warnings = draw(rows, buckets, seed)
    warnings += _warnings([row for each in drawn for row in each.rows], wording)

    places: dict[int, list[tuple[int, int]]] = {}
    for number, each in enumerate(drawn):
        for position, row in enumerate(each.rows):
            places.setdefault(row.index, []).append((number, position))
    answers_by_set = _answers_by_set(rows)
    prompts: dict[tuple[int, int], Prompt] = {}
    maimed = 0
    key: dict[str, KeyLine] = {}
    for index, example in enumerate(read_examples(examples)):
        if index not in places:
            continue
        row = rows[index]
        message = wording.of(example.dataset).laid_out(example.context, example.input)
        if row.cut is not None:
            maimed += row.cut.beyond_document(message)
            message = row.cut.laid_out(message)
        sha256 = row.sha256.hex()
        key[sha256] = KeyLine(sha256, row.tokens, example.answers, wrong_answers(example, answers_by_set))
        for number, position in places[index]:
            prompts[number, position] = Prompt(
                prompt_id=sha256[:16],
                bucket=drawn[number].bucket.name,
                position=position,
                example_id=example.id,
                dataset=example.dataset,
                language=example.language,
                source=example.source,
                metric=example.metric,
                tokens=row.tokens,
                text=message.text,
                question=example.input,
                answers=example.answers,
                all_classes=example.all_classes,
                length=example.length,
                max_tokens=wording.output_limit(example.dataset),
                chat=wording.chat(example.dataset),
                context_at=message.context_at,
                context_chars=message.context_chars,
                tokens_left_out=row.tokens_left_out,
            )
    if maimed:
        warnings.append(
            f"{maimed} of {len(prompts)} prompts lost words of their question or instructions, not of the document alone: "
            f"{wording.truncate_tokens} tokens (prompt.truncate_tokens) are too few"
        )
    return Selection(
        prompts=[prompts[place] for place in sorted(prompts)],
        answer_key=[key[sha256] for sha256 in sorted(key)],
        drawn=drawn,
        histogram=histogram(
            [row.tokens for row in rows], {edge for bucket in buckets for edge in (bucket.min, bucket.max)}
        ),
        warnings=warnings,
    )


def _answers_by_set(rows: Sequence[Measured]) -> dict[str, list[str]]:
    """The first answer of every row: further ones say the same in other words."""
    answers: dict[str, dict[str, None]] = {}
    for row in rows:
        answers.setdefault(row.dataset, {})[row.answers[0]] = None
    return {name: list(distinct) for name, distinct in answers.items()}


def _warnings(rows: Sequence[Measured], wording: Wording) -> list[str]:
    """What isn't asked just as the rows and the benchmark have it."""
    warnings = []
    sets: dict[Template, list[Measured]] = {}
    for row in rows:
        sets.setdefault(wording.of(row.dataset), []).append(row)
    for template, those in sets.items():
        warnings += _template_warnings(those, template)
    if cut := [row for row in rows if row.cut is not None]:
        warnings.append(
            f"{len(cut)} of {len(rows)} prompts were longer than {wording.truncate_tokens} tokens (prompt.truncate_tokens) and "
            f"lost their middle, of one prompt up to {max(row.tokens_left_out for row in cut)} tokens"
        )
    bare = [row for row in rows if not wording.chat(row.dataset)]
    if bare and wording.system is not None:
        names = ", ".join(sorted({row.dataset for row in bare}))
        warnings.append(
            f"{len(bare)} of {len(rows)} prompts ({names}) go without the system prompt, since LongBench asks these sets "
            "without a chat wrapper"
        )
    return warnings


def _template_warnings(rows: Sequence[Measured], template: Template) -> list[str]:
    """What the template leaves out, or leaves open: nearly always a mistake in the template."""
    warnings = []
    asking = sum(row.has_input for row in rows)
    if asking and not template.places("input"):
        warnings.append(
            f"{asking} of {len(rows)} prompts have a question that the template leaves out: no {{input}}"
        )
    if template.places("input") and asking < len(rows):
        warnings.append(
            f"{len(rows) - asking} of {len(rows)} prompts have no question of their own: "
            "the template has to say what to do with the text"
        )
    if (telling := sum(row.has_context for row in rows)) and not template.places("context"):
        warnings.append(
            f"{telling} of {len(rows)} prompts have a document that the template leaves out: no {{context}}"
        )
    return warnings
