"""The page of mistakes to look at: sampled answers with what was said of them, by model, kind and bucket.

The template holds the words; this module hands it the values. Answers, questions and what judges wrote are text from outside:
shortened, escaped, in their own direction. Which answers are shown is drawn in `examples`, and rendering is left to `render`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.document.examples import Case, Drawn, Group, MistakesSettings, Opinion, draw, read_cases
from assay.document.template import fill, header
from assay.labels.labels import Said
from assay.tables import numbers
from assay.tables.markdown import Column, Markdown, escape, page_link, place, table
from assay.tables.passages import quoted, said
from assay.whole import write_text

MOST_CHARACTERS = 120_000
"""Of all texts on the page together, escaped: about 150 answers of usual length."""
_MOST_REFERENCES = 4
_MOST = {"question": 400, "reference": 160, "answer": 700, "explanation": 300, "raw": 300}
"""Characters of each text; what is left out is said."""

_VERDICTS = {
    "correct": ("correct", "yes"),
    "incorrect": ("incorrect", "no"),
    "abstained": ("is unsure", "undecided"),
    "refused": ("refused to judge", "undecided"),
    "unparseable": ("could not be read", "undecided"),
    "failed": ("gave no reply", "undecided"),
    "not_asked": ("was not asked", "undecided"),
}
"""Of each verdict, the words and the state that colours them."""


def write(
    settings: MistakesSettings,
    answers: Sequence[Path],
    verdicts: Sequence[Path],
    labels: Path | None,
    template: Path,
    qmd: Path,
) -> None:
    """Write the page to `qmd`. `labels` is None where nobody labelled answers. InputError for a file that can't be used."""
    cases = read_cases(settings, answers, verdicts, labels)
    drawn = draw(settings, cases, people=labels is not None, size=size, most=MOST_CHARACTERS)
    write_text(qmd, fill(template, context(settings, drawn)))


def context(settings: MistakesSettings, drawn: Drawn) -> dict[str, Any]:
    """Everything that the template puts in place."""
    kinds = list(dict.fromkeys(kind for _, kind in drawn.groups))
    return {
        "header": header(f"Mistakes to look at: {settings.title}", simulated=settings.simulated),
        "simulated": settings.simulated,
        "judges": list(settings.judges),
        "scale": settings.verdict == "scale",
        "examples": settings.examples,
        "left_out": drawn.left_out,
        "models": [
            {
                "label": model,
                "answers": drawn.answers[model],
                "groups": [_group(drawn, drawn.groups[model, kind]) for kind in kinds],
            }
            for model in settings.models
        ],
        "kinds": kinds,
        "place": place,
        "link": page_link,
        "to": _to,
        "counts": lambda words: _counts(settings.models, kinds, words, drawn),
    }


def _to(text: str, anchor: str) -> Markdown:
    """A link to a place on this page."""
    return Markdown(f"[{escape(text)}](#{anchor})")


def size(case: Case) -> int:
    """Characters of a case's texts on the page, escaped."""
    view = _view(case)
    texts = [view["question"], view["answer"], *view["references"]]
    texts += [judge[name] for judge in view["judges"] for name in ("explanation", "raw")]
    return sum(len(text) for text in texts if text)


def _group(drawn: Drawn, group: Group) -> dict[str, Any]:
    """A model's answers of one kind: how many, by bucket too, and those that are shown."""
    shown = [case.bucket for case in group.drawn]
    return {
        "kind": group.kind,
        "anchor": f"{group.kind}-{group.model}",
        "n": group.n,
        "shown": len(shown),
        "buckets": [
            {"name": bucket, "n": n, "shown": shown.count(bucket)} for bucket, n in group.found.items()
        ],
        "here": [_view(case) for case in _at(drawn, group, here=True)],
        "elsewhere": [
            {"anchor": _anchor(case), "bucket": case.bucket, "kind": drawn.homes[case.model, case.answer_id]}
            for case in _at(drawn, group, here=False)
        ],
    }


def _at(drawn: Drawn, group: Group, *, here: bool) -> list[Case]:
    """The cases of a group that are shown in full in it, or elsewhere on the page."""
    return [case for case in group.drawn if (drawn.homes[case.model, case.answer_id] == group.kind) is here]


def _view(case: Case) -> dict[str, Any]:
    """One answer as the page shows it; every text is escaped."""
    references = [said(text, _MOST["reference"]) for text in case.references[:_MOST_REFERENCES]]
    return {
        "anchor": _anchor(case),
        "prompt": case.prompt_id,
        "bucket": case.bucket,
        "dataset": case.dataset,
        "times": case.times,
        "reused_from": case.reused_from,
        "question": quoted(case.question, _MOST["question"], case.language)
        if case.question.strip()
        else None,
        "references": references,
        "more_references": len(case.references) - len(references),
        "answer": quoted(case.text, _MOST["answer"], case.language) if case.text.strip() else None,
        "notes": [
            words
            for holds, words in (
                (case.cut, "cut at the limit of output tokens"),
                (case.refusal_suspected, "looks like a refusal"),
                (case.injection_suspected, "seems to address the judges"),
            )
            if holds
        ],
        "metric": case.metric,
        "score": _short(case.score) if case.score is not None else None,
        "panel": _panel(case),
        "people": _people(case.people),
        "judges": [_opinion(opinion) for opinion in case.opinions],
    }


def _anchor(case: Case) -> str:
    return f"answer-{case.model}-{case.answer_id}"


def _panel(case: Case) -> str | None:
    """What the panel says, in words."""
    if case.rating is not None:
        return f"{_short(case.rating)} of 5 on average"
    words = {"tie": "a tie", "none": "no verdict, since half of the judges or fewer gave one"}
    return words.get(case.panel or "", case.panel)


def _people(people: Said | None) -> str | None:
    """What people say, in words; None where they say nothing."""
    if people is None or people.value is None:
        return None
    of = f"{people.n} {'person' if people.n == 1 else 'people'}"
    if people.tied:
        return f"undecided ({of})"
    if people.value in (0.0, 1.0):
        return f"{'correct' if people.value else 'incorrect'} ({of})"
    return f"{_short(1 + 4 * people.value)} of 5 on average ({of})"


def _opinion(opinion: Opinion) -> dict[str, Any]:
    """What one judge said; its reply as it was where no verdict could be taken from it."""
    unread = opinion.verdict in ("unparseable", "refused", "abstained") and opinion.raw is not None
    return {
        "judge": opinion.judge,
        "verdict": _verdict(opinion.verdict, opinion.rating),
        "again": _verdict(opinion.verdict_again, opinion.rating_again)
        if opinion.changed and opinion.verdict_again
        else None,
        "error": opinion.error if opinion.verdict == "failed" else None,
        "explanation": said(opinion.explanation, _MOST["explanation"])
        if opinion.explanation and not unread
        else None,
        "raw": said(opinion.raw or "", _MOST["raw"]) if unread else None,
    }


def _verdict(verdict: str, rating: float | None) -> Markdown:
    if verdict == "rated" and rating is not None:
        state = "no" if rating <= 2 else "yes" if rating >= 4 else "undecided"
        return Markdown(f"[{escape(_short(rating))} of 5]{{.state-{state}}}")
    words, state = _VERDICTS.get(verdict, (verdict, "undecided"))
    return Markdown(f"[{escape(words)}]{{.state-{state}}}")


def _short(value: float) -> str:
    """A score or rating with at most two decimals: 0.8, 3, 2.67."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _counts(
    models: Sequence[str], kinds: Sequence[str], words: Mapping[str, Mapping[str, str]], drawn: Drawn
) -> Markdown:
    """How many answers of each kind each model gave, and how many of them are shown: a row per kind."""

    def cell(kind: str, model: str) -> str:
        group = drawn.groups[model, kind]
        if not group.n:
            return escape("0")
        return Markdown(f"[{escape(numbers.count(group.n))}](#{kind}-{model}) \\({len(group.drawn)} shown\\)")

    def column(model: str) -> Column[str]:
        return Column(model, lambda kind: cell(kind, model))

    rows = [Column[str]("answers that", lambda kind: words[kind]["row"], "left")]
    return table([*rows, *map(column, models)], kinds)
