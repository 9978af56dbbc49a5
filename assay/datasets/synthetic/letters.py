"""The task that asks for a class: a registry's letters, each filed under a heading, and one that isn't yet."""

from random import Random

from assay.datasets.synthetic import names
from assay.datasets.synthetic.plan import Plan
from assay.datasets.synthetic.prose import sentence

# No heading contains another: the metric looks for them in the answer by name.
HEADINGS: dict[str, tuple[str, ...]] = {
    "Waterworks": (
        "The pump by number {street} has given brown water since {date}.",
        "A pipe has burst at {street}, and the cellar is filling.",
        "We on the hill get no water at all after {few} in the evening, and pay the same rate as others.",
        "The reservoir smells, and {person} found a dead pike in it.",
        "May our yard at {street} be joined to the new main?",
    ),
    "Roads": (
        "The paving before {street} has sunk, and a cart lost a wheel there on {date}.",
        "Dust from the way to {town} is past bearing; could it not be rolled and gravelled?",
        "There is a hole at the corner big enough for a calf, and no lamp beside it.",
        "Since the thaw the lane to {town} cannot be driven with a loaded waggon.",
        "The milestone towards {town} has been knocked down and lies in the ditch.",
    ),
    "Schools": (
        "Our teacher, {person}, has {small} pupils and one stove, and it smokes.",
        "I ask leave to keep my daughter from her lessons until {date}, as I am ill.",
        "The slates ordered on {date} have still not come, and the children write on boards.",
        "Could the lessons in drawing be held in the evening, for apprentices?",
        "The master at {town} beats the small ones, and {person} will bear me out.",
    ),
    "Markets": (
        "My stall was given to {person}, though I have paid for it for {few} years.",
        "The weights used by the butcher from {town} are false, and everybody knows it.",
        "Will eggs be sold on {weekday} again, as was done before?",
        "Fish is laid out in the sun from morning, next to the cheese.",
        "Hawkers from {town} undersell us without paying the fee for a place.",
    ),
    "Harbour": (
        "The crane on the second quay has stood still since {date}, and three barges wait.",
        "A wreck lies off the mole and should be marked with a light.",
        "The dues asked of the {ship} were those of a vessel twice her size.",
        "Mooring rings on the old pier are rusted through; {person} nearly lost a boat there.",
        "Ballast is being thrown into the channel at night by crews from {town}.",
    ),
    "Parks": (
        "Boys have broken the benches under the limes, and the fountain is full of leaves.",
        "Might the band play on {weekday} instead, when the shops are shut?",
        "The elm by the bowling green leans over the path and will fall in the next storm.",
        "Geese from {street} have eaten the tulips that {person} gave to the town.",
        "I offer {number} young beeches for the promenade, free of charge.",
    ),
    "Poor Relief": (
        "{person}, of {street}, has {few} children and no coal.",
        "My husband has not come back from sea, and I cannot pay the rent due on {date}.",
        "I have been turned away from the soup kitchen because I was born in {town}.",
        "{person} is too old to work now and is ashamed to ask, so I write instead.",
        "Blankets were promised to the lodging house and have not been seen.",
    ),
    "Fire Brigade": (
        "The hose kept at {street} is perished and would not reach the roof.",
        "Sparks from the forge of {person} fall on my thatch, and no bucket is near.",
        "The alarm bell could not be heard in our quarter on {date}.",
        "I wish to be struck off the list of volunteers, as I am moving to {town}.",
        "A chimney burned at {street}, and the engine came after an hour, without its ladder.",
    ),
}

_TITLES = (
    "Register of letters received by the council of {town}, {edition}",
    "From the letter book of the town clerk of {town}",
    "Letters to the magistrates of {town}, with the headings that the registry gave them",
)
_HEADS = (
    "Letter from {person}, {date}.",
    "Letter received on {date} from {person} of {street}.",
    "Letter without date. The writer is {person}, lately of {town}.",
    "Letter from {person}, carried here by the coach from {town}.",
    "Letter of {date}, signed by {person} and {few} others.",
)
_ASIDES = (
    "I have written twice before and had no answer.",
    "My neighbour {person} says the same.",
    "It was never so in the days of the old clerk.",
    "I would come myself, but the road from {town} is long.",
    "A reply may be left at {street}.",
    "I do not complain for my own sake alone.",
    "It has been like this for {few} years.",
    "I can be found at home on any {weekday}.",
)


def classify(rng: Random, size: int) -> Plan:
    """Which heading a new letter belongs under, as the letters filed before it show."""
    headings = sorted(rng.sample(sorted(HEADINGS), 2 + 2 * size))
    right = rng.choice(headings)

    def letter(heading: str, patterns: tuple[str, ...], asides: int) -> str:
        said = [_say(rng, rng.choice(patterns))]
        said += [_say(rng, pattern) for pattern in rng.sample(_ASIDES, asides)]
        head = sentence(rng, rng.choice(_HEADS))
        return f"{head} “{' '.join(said)}” Filed under: {heading}."

    # The letter in question says what no letter of the document says in the same words.
    asked, *others = rng.sample(HEADINGS[right], len(HEADINGS[right]))
    shown = {heading: HEADINGS[heading] for heading in headings} | {right: tuple(others)}
    first = [right, *rng.sample([heading for heading in headings if heading != right], size - 1)]
    rng.shuffle(first)
    required = tuple(letter(heading, shown[heading], size - 1) for heading in first)

    def filler() -> str:
        heading = rng.choice(headings)
        return letter(heading, shown[heading], rng.randint(0, 4))

    return Plan(
        title=sentence(rng, rng.choice(_TITLES)),
        required=required,
        filler=filler,
        question=(
            f"A new letter reads: “{_say(rng, asked)}” Under which heading does the registry file it? "
            f"Headings: {', '.join(headings)}."
        ),
        answers=(right,),
        all_classes=tuple(headings),
        wrong=tuple(heading for heading in rng.sample(headings, len(headings)) if heading != right)[:4],
    )


def _say(rng: Random, pattern: str) -> str:
    return sentence(rng, pattern, ship=names.ship(rng))
