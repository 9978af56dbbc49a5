"""What synthetic documents are about: towns, companies, ships, expeditions and the finds of a museum.

A subject has facts (each with several wordings, and the questions that it answers) and details that only add
length and life. Sentences use {name} for the thing itself, {value} for the fact's value, and small values of their
own, listed in `prose`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from assay.datasets.synthetic import names


@dataclass(frozen=True)
class Fact:
    """One attribute: how its values are made, said and asked for. `counted` asks how many things share a value."""

    value: Callable[[Random], str]
    sentences: tuple[str, ...]
    questions: tuple[str, ...]
    counted: str | None = None


@dataclass(frozen=True)
class Subject:
    """A kind of thing that a document lists, one paragraph each."""

    titles: tuple[str, ...]
    name: Callable[[Random], str]
    openings: tuple[str, ...]
    facts: Mapping[str, Fact]
    details: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """Two facts that a question joins: the value of `fact` of `subject` names a thing of subject `to`."""

    subject: str
    fact: Fact
    to: str
    to_fact: str
    question: str


def _one_of(*values: str) -> Callable[[Random], str]:
    return lambda rng: rng.choice(values)


_WEEKDAY = _one_of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

TOWN = Subject(
    titles=(
        "A gazetteer of the province of {town}, compiled by {person} in {edition}",
        "Towns of the {river} valley: a guide for the travelling merchant, edition of {edition}",
        "Notes on the boroughs between {town} and {town}, by {person}",
    ),
    name=names.town,
    openings=(
        "{name}. A town of {number} souls on the {river}.",
        "{name}. It stands where the road from {town} meets the {river}.",
        "{name}. A walled borough on the eastern bank of the {river}.",
        "{name}. The town is reached from {town} in half a day.",
        "{name}. A market town under the hills, {few} leagues from {town}.",
        "{name}. The oldest houses stand round a square that slopes to the {river}.",
        "{name}. A quiet place since the canal was cut by way of {town}.",
    ),
    facts={
        "charter": Fact(
            names.year,
            (
                "Its charter was granted in {value}.",
                "The town received its charter in {value}.",
                "The crown gave it a charter in the year {value}.",
            ),
            ("In which year was {name} granted its charter?", "When did {name} receive its charter?"),
        ),
        "market": Fact(
            _WEEKDAY,
            (
                "The market is held every {value}.",
                "Market day is {value}.",
                "Every {value} there is a market.",
            ),
            ("On which day of the week is the market of {name} held?", "Which day is market day in {name}?"),
            counted="How many of the towns in the text hold their market on a {value}?",
        ),
        "architect": Fact(
            names.person,
            (
                "The town hall was designed by {value}.",
                "{value} drew the plans of the town hall.",
                "Its town hall is the work of {value}.",
            ),
            ("Who designed the town hall of {name}?", "Who was the architect of the town hall in {name}?"),
        ),
        "bell": Fact(
            lambda rng: f"{names.quantity(rng, 400, 9800)} kg",
            ("The great bell weighs {value}.", "In the tower hangs a bell of {value}."),
            ("How heavy is the great bell of {name}?", "What does the great bell of {name} weigh?"),
        ),
        "craft": Fact(
            _one_of(
                "candles",
                "clocks",
                "gloves",
                "lace",
                "paper",
                "pottery",
                "rope",
                "saddles",
                "cutlery",
                "organs",
            ),
            (
                "It is known for its {value}.",
                "Most workshops make {value}.",
                "The guild of the town makes {value}, and has done so since {year}.",
            ),
            ("What is the town of {name} known for making?",),
            counted="How many of the towns in the text are known for making {value}?",
        ),
    },
    details=(
        "The bridge has {few} arches and was repaired in {year}.",
        "After the fire of {year} the streets near the church were laid out anew, wider than before.",
        "Travellers praise the inn, which {person} has kept for many years.",
        "The {river} floods in spring, and the lower streets are then crossed by boat.",
        "A weekly coach leaves for {town} in the early morning.",
        "The grammar school teaches Latin, arithmetic and surveying to some {number} pupils.",
        "On {date} the guilds walk in procession to the old well.",
        "Two mills stand below the weir, one for flour and one for cloth.",
        "The hospital was paid for by the will of {person}, a merchant's widow.",
        "Stone for the quay came by barge from {town}.",
        "A dispute over grazing with the people of {town} was settled in {year}.",
        "The library holds the letters of {person}, who was born here.",
    ),
)

COMPANY = Subject(
    titles=(
        "Register of trading houses admitted to the exchange of {town}, {edition}",
        "A directory of manufacturers, with notes by {person}",
        "The industries of {town} and its neighbours: a survey made in {edition}",
    ),
    name=names.company,
    openings=(
        "{name}. A firm of {number} workers near {town}.",
        "{name}. The works lie on the {river}, below {town}.",
        "{name}. A family business, now in its {ordinal} generation.",
        "{name}. Admitted to the register on {date}.",
        "{name}. A partnership of {few} brothers and cousins from {town}.",
        "{name}. The chimneys can be seen from the road to {town}.",
        "{name}. A small house with a good name.",
    ),
    facts={
        "founder": Fact(
            names.person,
            ("The firm was founded by {value}.", "{value} founded the house.", "Its founder was {value}."),
            ("Who founded {name}?", "Who was the founder of {name}?"),
        ),
        "year": Fact(
            names.year,
            ("Business began in {value}.", "The first workshop opened in {value}."),
            ("In which year did {name} begin business?", "In which year did {name} open its first workshop?"),
        ),
        "office": Fact(
            names.street,
            ("The head office is at {value}.", "Letters are to be sent to {value}, the head office."),
            ("What is the address of the head office of {name}?", "Where is the head office of {name}?"),
        ),
        "export": Fact(
            _one_of(
                "Brazil", "Canada", "Chile", "Egypt", "India", "Japan", "Mexico", "Morocco", "Peru", "Siam"
            ),
            (
                "Most of what it makes is sold to {value}.",
                "Its chief export market is {value}.",
                "More than half of the output goes to {value}.",
            ),
            (
                "To which country does {name} sell most of its goods?",
                "What is the chief export market of {name}?",
            ),
            counted="How many of the firms in the text have {value} as their chief export market?",
        ),
        "capital": Fact(
            lambda rng: f"{names.quantity(rng, 12, 990)},000 crowns",
            ("Its paid-up capital is {value}.", "The partners have put in {value} of capital."),
            ("How large is the paid-up capital of {name}?",),
        ),
    },
    details=(
        "A steam engine of {small} horsepower was installed in {year}.",
        "The accounts are kept by {person} and are examined every {weekday}.",
        "In {year} a strike over hours lasted {few} weeks and ended with a compromise.",
        "The firm won a silver medal at the exhibition in {town}.",
        "Coal arrives by barge, and the finished goods leave by the branch line to {town}.",
        "A school for the workers' children was opened on {date}.",
        "After the flood of {year} the storehouse was rebuilt in brick.",
        "Its catalogue lists {number} articles, from the plainest to the most costly.",
        "The partners quarrelled in {year}, and one of them, {person}, left for {town}.",
        "Apprentices serve {few} years and are lodged beside the yard.",
        "The trade mark shows a heron above three waves.",
        "Its agents travel as far as {town} with sample cases.",
    ),
)

SHIP = Subject(
    titles=(
        "Harbour book of {town}, kept by {person}, harbour master",
        "List of vessels entered at the port of {town} from {edition}",
        "Ships of the {river} estuary: a register with remarks",
    ),
    name=names.ship,
    openings=(
        "{name}. A three-masted barque of {number} tons.",
        "{name}. A schooner, copper-fastened, entered on {date}.",
        "{name}. A ketch of {small} tons, built for the coasting trade.",
        "{name}. A full-rigged ship, painted black with a white strake.",
        "{name}. An old collier, twice lengthened.",
        "{name}. A brig, often seen at {town}.",
        "{name}. A steamer with two decks and a tall funnel.",
    ),
    facts={
        "launched": Fact(
            names.year,
            ("The ship was launched in {value}.", "She left the slipway in {value}."),
            ("In which year was the ship {name} launched?", "When was the {name} launched?"),
        ),
        "builder": Fact(
            names.person,
            ("Her builder was {value}.", "She was built in the yard of {value}.", "{value} built her."),
            ("Who built the ship {name}?", "In whose yard was the {name} built?"),
        ),
        "master": Fact(
            names.person,
            ("Her master is Captain {value}.", "Captain {value} commands her."),
            ("Who is the captain of the {name}?", "Which captain commands the {name}?"),
        ),
        "cargo": Fact(
            _one_of("barley", "coal", "coffee", "cork", "flax", "granite", "salt", "tea", "timber", "wool"),
            (
                "She carries {value}.",
                "Her usual cargo is {value}.",
                "On this voyage she is loaded with {value}.",
            ),
            ("What does the ship {name} carry?", "What is the usual cargo of the {name}?"),
            counted="How many of the ships in the text carry {value}?",
        ),
        "home": Fact(
            names.town,
            ("Her home port is {value}.", "She belongs to the port of {value}."),
            ("What is the home port of the {name}?", "To which port does the ship {name} belong?"),
        ),
    },
    details=(
        "A crew of {small} sleeps forward, and the mate has a cabin to himself.",
        "In the gale of {year} she lost her foremast and came in under tow.",
        "The figurehead was carved by {person} and has been painted twice since.",
        "She was held in quarantine for {small} days after a fever on board.",
        "Dues were paid in full on {date}.",
        "The pilot, {person}, brought her past the bar at high water.",
        "Her boats were replaced in {year}, and the pumps overhauled.",
        "She has made {small} voyages without the loss of a man.",
        "Complaint was made of the bread, which had been stored wet at {town}.",
        "The hull was cleaned at {town}, where a dry dock has been built.",
        "A stowaway was put ashore and sent home to {town}.",
        "The insurers at {town} asked for a survey, which found her sound.",
    ),
)

EXPEDITION = Subject(
    titles=(
        "Annals of the geographical society of {town}, volume for {edition}",
        "Voyages and surveys supported by the academy of {town}",
        "A short history of exploration from {town}, by {person}",
    ),
    name=names.expedition,
    openings=(
        "{name}. It set out on {date} with {small} men.",
        "{name}. The plan was put to the society by {person}.",
        "{name}. Money was raised by subscription in {town}.",
        "{name}. It was away for {small} months.",
        "{name}. Few letters from it have been kept, but the accounts are whole.",
        "{name}. Its start was put off twice, the second time on {date}.",
        "{name}. {person} wrote its story for young readers.",
    ),
    facts={
        "leader": Fact(
            names.person,
            ("The expedition was led by {value}.", "Its leader was {value}.", "{value} led the party."),
            ("Who led the {name}?", "Who was the leader of the {name}?"),
        ),
        "year": Fact(
            names.year,
            ("The party left in {value}.", "It departed in the year {value}."),
            ("In which year did the {name} leave?", "When did the {name} depart?"),
        ),
        "surgeon": Fact(
            names.person,
            ("The surgeon was {value}.", "{value} went along as surgeon.", "As its surgeon it took {value}."),
            ("Who was the surgeon of the {name}?",),
        ),
        "cost": Fact(
            lambda rng: f"{names.quantity(rng, 1200, 9900)} crowns",
            ("It cost {value} in all.", "The accounts show an outlay of {value}."),
            ("How much did the {name} cost?", "What was the cost of the {name}?"),
        ),
        "return": Fact(
            _one_of(
                "scurvy",
                "storms",
                "a mutiny",
                "thick ice",
                "want of water",
                "a broken rudder",
                "fever",
                "fog",
            ),
            ("It turned back because of {value}.", "The reason for its return was {value}."),
            ("Why did the {name} turn back?", "What made the {name} turn back?"),
            counted="How many of the expeditions in the text turned back because of {value}?",
        ),
    },
    details=(
        "The instruments were lent by the observatory and came back with few losses.",
        "A depot was laid near the mouth of the {river} and found again by a cairn.",
        "The diary of {person} describes {small} days of rain and little to eat.",
        "Sketches of the coast were engraved at {town} in {year}.",
        "Guides were hired in {town} and paid in cloth and knives.",
        "The collection of plants, {number} sheets, is kept by the academy.",
        "In camp they read aloud from the few books that had stayed dry.",
        "One boat was crushed and another left behind in good order.",
        "Soundings were taken every hour, the deepest at {number} fathoms.",
        "The map that resulted was in use until {year}.",
        "A medal was struck for the men, and the widow of {person} was given a pension.",
        "Letters sent home by way of {town} arrived after the party itself.",
    ),
)

_FIND_STUFF = _one_of(
    "Amber", "Bone", "Bronze", "Cedar", "Copper", "Glass", "Gold", "Horn", "Iron", "Jet", "Silver"
)
_FIND_THING = _one_of(
    "Astrolabe", "Bowl", "Brooch", "Casket", "Comb", "Cup", "Dagger", "Flute", "Key", "Lamp", "Mask", "Mirror"
)

FIND = Subject(
    titles=(
        "Catalogue of the cabinet of curiosities at {town}, revised in {edition}",
        "The museum of {town}: a hand list of objects, by {person}",
        "Inventory of the collection left to the town of {town} by {person}",
    ),
    name=lambda rng: f"{_FIND_STUFF(rng)} {_FIND_THING(rng)} of {names.town(rng)}",
    openings=(
        "{name}. It came to the museum in a box lined with moss.",
        "{name}. Shown in the long gallery since {year}.",
        "{name}. Bought at the sale of the estate of {person}.",
        "{name}. Entered in the old inventory as number {number}.",
        "{name}. Its label is in the hand of {person}.",
        "{name}. Among the first objects that the museum owned.",
        "{name}. Mislaid for years and seen again at {town}, to general relief.",
    ),
    facts={
        "donor": Fact(
            names.person,
            ("It was given by {value}.", "The donor was {value}.", "The museum owes it to {value}."),
            ("Who gave the {name} to the museum?", "Who was the donor of the {name}?"),
        ),
        "found": Fact(
            names.year,
            ("It was found in {value}.", "Diggers came upon it in {value}."),
            ("In which year was the {name} found?", "When was the {name} found?"),
        ),
        "weight": Fact(
            lambda rng: f"{names.quantity(rng, 35, 2900)} grams",
            ("It weighs {value}.", "Its weight is {value}."),
            ("How much does the {name} weigh?", "What is the weight of the {name}?"),
        ),
        "room": Fact(
            _one_of(
                "Blue", "Clock", "Coin", "East", "Founders'", "Map", "North", "Oval", "Tapestry", "Tower"
            ),
            ("It is kept in the {value} Room.", "Visitors find it in the {value} Room."),
            ("In which room is the {name} kept?", "In which room do visitors find the {name}?"),
            counted="How many of the objects in the text are kept in the {value} Room?",
        ),
        "restorer": Fact(
            names.person,
            ("It was restored by {value}.", "{value} restored it with great care."),
            ("Who restored the {name}?",),
        ),
    },
    details=(
        "The clasp is missing, and the back shows the marks of a file.",
        "A drawing of it appears in the travel book of {person}.",
        "Scholars from {town} have disputed its age since {year}.",
        "It was lent to the exhibition at {town} and came back on {date}.",
        "An inscription of {small} letters runs round the rim and has not been read.",
        "A copy in plaster stands in the school of drawing.",
        "The case was broken open in {year}, but nothing was taken.",
        "Traces of red paint can be seen in a strong light.",
        "It lay for years in an attic at {town} under a heap of maps.",
        "The keeper, {person}, believed it to be part of a pair.",
        "Nothing like it is known from this side of the {river}.",
        "It was first described in a letter of {date}, {year}.",
    ),
)

SUBJECTS: dict[str, Subject] = {
    "town": TOWN,
    "company": COMPANY,
    "ship": SHIP,
    "expedition": EXPEDITION,
    "find": FIND,
}

JOIN_TITLES: tuple[str, ...] = (
    "Miscellany of the historical society of {town}, volume for {edition}",
    "The {river} almanac for {edition}: people, places, trades and voyages",
    "From the commonplace book of {person}, copied at {town} in {edition}",
)

LINKS: tuple[Link, ...] = (
    Link(
        "town",
        Fact(
            names.company,
            ("The waterworks were built by {value}.", "{value} built the waterworks."),
            ("Who built the waterworks of {name}?",),
        ),
        "company",
        "founder",
        "Who founded the firm that built the waterworks of {name}?",
    ),
    Link(
        "town",
        Fact(
            names.company,
            ("Its street lamps were supplied by {value}.", "{value} supplied the street lamps."),
            ("Who supplied the street lamps of {name}?",),
        ),
        "company",
        "office",
        "What is the address of the head office of the firm that supplied the street lamps of {name}?",
    ),
    Link(
        "expedition",
        Fact(
            names.ship,
            ("It sailed in the {value}.", "The ship that carried it was the {value}."),
            ("In which ship did the {name} sail?",),
        ),
        "ship",
        "builder",
        "Who built the ship that carried the {name}?",
    ),
    Link(
        "expedition",
        Fact(
            names.ship,
            ("It sailed in the {value}.", "The ship that carried it was the {value}."),
            ("In which ship did the {name} sail?",),
        ),
        "ship",
        "launched",
        "In which year was the ship launched that carried the {name}?",
    ),
    Link(
        "find",
        Fact(
            names.expedition,
            ("It was brought home by the {value}.", "The {value} brought it home."),
            ("Which expedition brought the {name} home?",),
        ),
        "expedition",
        "leader",
        "Who led the expedition that brought home the {name}?",
    ),
    Link(
        "ship",
        Fact(
            names.company,
            ("Her owners are {value}.", "She is owned by {value}."),
            ("Who owns the {name}?",),
        ),
        "company",
        "export",
        "What is the chief export market of the firm that owns the ship {name}?",
    ),
)

REMARKS: tuple[str, ...] = (
    "So it stands.",
    "Nothing more is known.",
    "Here the page is torn.",
    "The rest has been left blank.",
    "See also the entries that follow.",
    "A later hand has underlined this twice.",
    "The clerk signed below, and so did two witnesses.",
    "What follows was copied from an older list, now lost.",
    "Spellings differ from page to page and have been left as they are.",
    "The ink has faded here, and a few words were read with the help of a glass.",
    "Dates before the reform of the calendar are given in the old style, as was then the custom.",
    "Anyone who can correct these particulars is asked to write to the compiler, whose address stands on the title "
    "page.",
    "Two leaves are bound in the wrong order, but the numbering, which was added afterwards, does not take notice "
    "of it.",
    "Compared on {date} by {person}.",
    "Corrected in {year}.",
    "Copied out at {town}.",
    "A note in the margin names {person}.",
    "The map of {town} that belongs here is missing.",
    "Reprinted without change at {town}.",
    "This page was once in the keeping of {person}, of {street}.",
    "The binder, {person}, was paid on {date}.",
    "The paper bears the mark of a mill at {town}, which closed in {year}.",
)
