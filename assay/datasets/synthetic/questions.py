"""The tasks that ask for a fact, for two joined facts, and for a count, over a list of things."""

from random import Random

from assay.datasets.synthetic.plan import Plan, distinct_wrong
from assay.datasets.synthetic.prose import fresh, paragraph, sentence
from assay.datasets.synthetic.subjects import JOIN_TITLES, LINKS, SUBJECTS, Fact, Subject

_MOST_COUNTED = 9


def find(rng: Random, size: int) -> Plan:
    """One fact of one thing, among other things with facts of the same kind."""
    subject = rng.choice(list(SUBJECTS.values()))
    asked = rng.choice(list(subject.facts.values()))
    taken: set[str] = set()
    name = fresh(rng, subject.name, taken)
    right = asked.value(rng)
    others = [(fact, fact.value(rng)) for fact in _others(rng, subject, asked, size - 1)]
    required = paragraph(rng, subject, name, [(asked, right), *others], details=size - 1)

    def filler() -> str:
        return _distractor(rng, subject, asked, taken)

    return Plan(
        title=sentence(rng, rng.choice(subject.titles)),
        required=(required,),
        filler=filler,
        question=sentence(rng, rng.choice(asked.questions), name=name),
        answers=(right,),
        all_classes=None,
        wrong=distinct_wrong(right, [asked.value(rng) for _ in range(12)]),
    )


def join(rng: Random, size: int) -> Plan:
    """Two facts in two places: the first names a thing, the second is asked of that thing."""
    link = rng.choice(LINKS)
    first, second = SUBJECTS[link.subject], SUBJECTS[link.to]
    asked = second.facts[link.to_fact]
    taken: set[str] = set()
    name, between = fresh(rng, first.name, taken), fresh(rng, second.name, taken)
    right = asked.value(rng)
    required = [
        paragraph(rng, first, name, [(link.fact, between)], details=size - 1),
        paragraph(rng, second, between, [(asked, right)], details=size - 1),
    ]
    rng.shuffle(required)
    # A thing that was named by one distractor is described by a later one, so that the other chains are whole too.
    open_ends: list[str] = []

    def filler() -> str:
        if open_ends and rng.random() < 0.5:
            described = open_ends.pop(rng.randrange(len(open_ends)))
            return paragraph(rng, second, described, [(asked, asked.value(rng))], details=rng.randint(1, 4))
        named = fresh(rng, second.name, taken)
        open_ends.append(named)
        facts = [(link.fact, named), *((fact, fact.value(rng)) for fact in _others(rng, first, link.fact, 1))]
        return paragraph(rng, first, fresh(rng, first.name, taken), facts, details=rng.randint(1, 4))

    return Plan(
        title=sentence(rng, rng.choice(JOIN_TITLES)),
        required=tuple(required),
        filler=filler,
        question=sentence(rng, link.question, name=name),
        answers=(right,),
        all_classes=None,
        wrong=distinct_wrong(right, [asked.value(rng) for _ in range(12)]),
    )


def count(rng: Random, size: int) -> Plan:
    """How many things share a value. Every thing states the fact, so that the count has no doubt."""
    subject = rng.choice(list(SUBJECTS.values()))
    asked = next(fact for fact in subject.facts.values() if fact.counted is not None)
    shared = asked.value(rng)
    number = 1 if size == 1 else rng.randint(2, min(_MOST_COUNTED, 3 * size))
    taken: set[str] = set()
    required = tuple(
        paragraph(
            rng, subject, fresh(rng, subject.name, taken), [(asked, shared)], details=rng.randint(0, size - 1)
        )
        for _ in range(number)
    )

    def filler() -> str:
        value = shared
        while value == shared:
            value = asked.value(rng)
        others = [(fact, fact.value(rng)) for fact in _others(rng, subject, asked, 1)]
        return paragraph(
            rng,
            subject,
            fresh(rng, subject.name, taken),
            [(asked, value), *others],
            details=rng.randint(1, 4),
        )

    wrong = [str(other) for other in range(max(1, number - 2), number + 3) if other != number]
    return Plan(
        title=sentence(rng, rng.choice(subject.titles)),
        required=required,
        filler=filler,
        question=f"{sentence(rng, asked.counted or '', value=shared)} Answer with a number.",
        answers=(str(number),),
        all_classes=None,
        wrong=tuple(wrong),
    )


def _others(rng: Random, subject: Subject, asked: Fact, most: int) -> list[Fact]:
    others = [fact for fact in subject.facts.values() if fact is not asked]
    return rng.sample(others, rng.randint(0, min(most, len(others))))


def _distractor(rng: Random, subject: Subject, asked: Fact, taken: set[str]) -> str:
    """Another thing of the same kind, which mostly has the fact that is asked for."""
    facts = _others(rng, subject, asked, 3)
    if rng.random() < 0.8:
        facts.append(asked)
    said = [(fact, fact.value(rng)) for fact in facts]
    return paragraph(rng, subject, fresh(rng, subject.name, taken), said, details=rng.randint(0, 4))
