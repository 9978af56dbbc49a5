"""The task that asks for a summary: the minutes of a council, of which only the decisions count."""

from random import Random

from assay.datasets.synthetic.plan import Plan
from assay.datasets.synthetic.prose import sentence

_ACTS = (
    "build a stone bridge over the {river}",
    "pave {street_name} from the well to the gate",
    "hire {person} as town physician",
    "buy a second fire engine from a maker in {town}",
    "lower the market fee for growers from {town}",
    "open an evening school for apprentices",
    "light the quay with gas",
    "sell the old granary to {person}",
    "plant {small} lime trees along the promenade",
    "raise the wages of the night watch",
    "let the salt meadow to {person} for {few} years",
    "repair the weir below the mill",
    "send two members to the congress in {town}",
    "put up a memorial to {person}",
    "dredge the harbour before the winter",
    "move the cattle fair to {date}",
    "join the railway to {town} with a branch line",
    "close the burial ground by the river",
)
_REJECTED = (
    "The proposal to {act} found no majority.",
    "{person} moved to {act}; the motion was withdrawn.",
    "Whether to {act} was put off to a later meeting.",
    "It was asked whether the town should {act}. The treasurer advised against it, and so it was left.",
)
_DECIDED = (
    "The council decided to {act}.",
    "After a vote the council decided to {act}.",
    "On the motion of {person} the council decided to {act}.",
)
_TALK = (
    "{person} reported on the state of the accounts, which close with a balance of {number} crowns.",
    "A letter from the council of {town} was read and laid aside.",
    "{person} asked why the clock had stopped on {date}, and was told that it was being cleaned.",
    "Thanks were voted to {person} for a gift of books.",
    "The surveyor showed a plan of the lower town drawn in {year}.",
    "{person} spoke at length on the price of bread in {town}.",
    "The clerk read out the names of {small} new burgesses.",
    "A complaint about the dogs of {person} was heard, and both sides were asked to be patient.",
    "The treasurer explained that {number} crowns were still owed by the tenants of the fishery.",
    "There was a silence in memory of {person}, who had sat on the council for {small} years.",
    "{person} wished it to be set down that the guilds had not been asked.",
    "The committee on lamps has met {small} times and hopes to report on {date}.",
    "A sample of the new cobbles from {town} was passed round.",
    "The rain of the last weeks was discussed, and the level of the {river} was read out.",
)
_TITLES = (
    "Minutes of the council of {town}, {date} {edition}",
    "Proceedings of the town council of {town}, from the minute book of {edition}",
    "Council of {town}: record of the sitting of {date}, {edition}, kept by {person}",
)
_QUESTION = "What did the council decide? Sum up its decisions, and nothing else, in one sentence."


def summarise(rng: Random, size: int) -> Plan:
    """What was decided, among much that was only said. `size` is the number of decisions."""
    acts = [_act(rng, pattern) for pattern in rng.sample(_ACTS, len(_ACTS))]
    decided, rest = acts[:size], acts[size:]

    def talk(most: int) -> list[str]:
        return [sentence(rng, pattern) for pattern in rng.sample(_TALK, rng.randint(0, most))]

    required = tuple(
        " ".join([*talk(size - 1), sentence(rng, rng.choice(_DECIDED), act=act)]) for act in decided
    )

    def filler() -> str:
        said = [sentence(rng, pattern) for pattern in rng.sample(_TALK, rng.randint(1, 4))]
        if rng.random() < 0.4:
            act = _act(rng, rng.choice(_ACTS))
            if act not in decided:
                said.append(sentence(rng, rng.choice(_REJECTED), act=act))
        return " ".join(said)

    def summary(some: list[str]) -> str:
        return f"The council decided to {_listed(some)}."

    wrong = [summary(rest[start : start + size]) for start in range(0, 4 * size, size)]
    return Plan(
        title=sentence(rng, rng.choice(_TITLES)),
        required=required,
        filler=filler,
        question=_QUESTION,
        answers=(summary(decided),),
        all_classes=None,
        wrong=tuple(wrong),
    )


def _act(rng: Random, pattern: str) -> str:
    street = sentence(rng, "{street}").split(" ", 1)[1]
    text = sentence(rng, pattern, street_name=street)
    return text[0].lower() + text[1:]


def _listed(some: list[str]) -> str:
    if len(some) == 1:
        return some[0]
    return f"{', to '.join(some[:-1])} and to {some[-1]}"
