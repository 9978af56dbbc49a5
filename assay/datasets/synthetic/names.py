"""Names of invented towns, people, companies, ships and expeditions, and other small values.

Every function takes the random generator of its row and nothing else, so that a row depends on its own seed only.
The places are invented, so that no answer can be known without reading the document.
"""

from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


_TOWN_STARTS = _words(
    "Alder Ash Barrow Beck Birch Black Bramble Brant Bright Brook Caster Cinder Clay Cold Crane Dale Dun Elm Fair "
    "Fallow Fern Flint Frost Garn Glen Gorse Grey Hale Hart Hazel Heron High Holm Iron Kestrel King Lark Leather "
    "Linden Long Marl Mead Mill Moss Nether Oak Otter Pebble Quarry Raven Rook Rush Salt Sedge Shale Silver Stone "
    "Swan Tarn Thorn Tin Wether Whin White Willow Winter Wren Yarrow"
)
_TOWN_ENDS = _words(
    "bank beck borough bourne bridge brook burn bury by cliff combe cote croft dale den fell field ford gate grove "
    "ham haven holt hurst keld ley marsh mere minster moor mouth pool port ridge shaw stead thorpe ton wade wall "
    "well wick wold worth"
)
_TOWN_MODIFIERS = _words("Upper Lower Great Little New Old North South East West Market Temple")

_SURNAME_STARTS = _words(
    "Abel Ander Arn Bax Bell Berg Blom Bran Cald Carl Cor Dahl Dren Edel Eld Fal Fen Garr Gil Hal Hamm Har Hed Hol "
    "Iver Jar Kell Kers Lam Lind Lor Mad Mar Mel Nor Ny Ock Ost Pell Pern Quill Ram Roth Sand Sel Sten Tal Thor "
    "Ull Var Ves Wal Wend West Wilk Win Yar Zell"
)
_SURNAME_ENDS = _words(
    "aker and ardt berg by combe dahl den der dorf elius ell en enius er feld ford gaard gard gren hart holm in "
    "ing ius ker lund man mark mond more ner ney quist rick sen son stad strand strom ton vall vik well wick worth"
)
_MONTHS = _words("January February March April May June July August September October November December")
_GIVEN = _words(
    "Ada Agnes Albert Alma Anders Anna Anton Arthur Astrid August Beatrice Bernard Bruno Cecilia Clara Conrad "
    "Daniel David Dora Edith Edmund Edwin Elias Elsa Emil Emma Ernest Esther Eva Felix Florence Francis Frieda "
    "George Gerda Gideon Grace Greta Gustav Hannah Harold Hedda Helena Henry Hugo Ida Ingrid Isak Ivar Jacob Johan "
    "Josef Judith Julia Karin Karl Lars Laura Leo Lillian Louis Lydia Magnus Margaret Maria Martin Mathilda Max "
    "Miriam Nils Nora Olaf Oscar Otto Paul Peter Philip Rachel Robert Rosa Rudolf Ruth Samuel Sara Sigrid Simon "
    "Sofia Stefan Thea Theodor Thomas Ursula Victor Walter Wilhelm Winifred"
)

_TRADES = _phrases(
    "Bell Foundry, Brickworks, Bridge Works, Cannery, Clockworks, Cordage, Distillery, Dyeworks, Engineering, "
    "Foundry, Glassworks, Instruments, Ironworks, Lamp Works, Locks, Mill, Optical Works, Paper Mill, Pianos, "
    "Porcelain, Press, Pumps, Ropeworks, Salt Company, Saw Mill, Tannery, Timber, Tools, Waggon Works, Wire"
)
_SHIP_ADJECTIVES = _words(
    "Ancient Blue Bold Brave Bright Calm Constant Distant Eager Early Faithful Far Gallant Gentle Golden Grey Hardy "
    "Hopeful Humble Lasting Lonely Loyal Merry Noble Northern Patient Proud Quiet Restless Royal Silent Silver "
    "Southern Steady Swift True Vigilant Wandering Western Young"
)
_SHIP_NOUNS = _words(
    "Albatross Anchor Beacon Comet Compass Cormorant Crown Curlew Dawn Dolphin Dove Eagle Endeavour Falcon Fortune "
    "Friend Gannet Grace Gull Harbour Harvest Herald Hope Horizon Kestrel Lantern Lark Maiden Meridian Messenger "
    "Morning Osprey Petrel Pilgrim Promise Raven Sceptre Shepherd Sparrow Spirit Star Stranger Swallow Tern "
    "Traveller Venture Voyager Wanderer Watchman Wind"
)
_SHIP_OF = _words("Bell City Daughter Glory Heart Hope Lady Light Pride Queen Spirit Star")
_EXPEDITION_AIMS = _phrases(
    "Botanical, Cable, Eclipse, Fishery, Geological, Glacier, Ice, Ivory, Lake, Magnetic, Meteor, Mountain, Overland, "
    "Pearl, Polar, Railway, Reef, Relief, River, Salt, Spice, Survey, Telegraph, Tidal, Transit, Trigonometric, Whaling"
)
_STREETS = _words(
    "Abbey Anchor Barley Bishop Bridge Candle Canal Castle Chapel Cooper Corn Customs Dock Ferry Forge Garden Granary "
    "Harbour Hospital Lantern Malt Market Mint Orchard Pepper Quay River Rope School Sheep Spring Station Tanner "
    "Tower Weaver Well Windmill"
)


def town(rng: Random) -> str:
    """One of 45,000 towns."""
    name = rng.choice(_TOWN_STARTS) + rng.choice(_TOWN_ENDS)
    return f"{rng.choice(_TOWN_MODIFIERS)} {name}" if rng.random() < 0.5 else name


def surname(rng: Random) -> str:
    """One of 2,900 family names."""
    return rng.choice(_SURNAME_STARTS) + rng.choice(_SURNAME_ENDS)


def person(rng: Random) -> str:
    """Given name and family name."""
    return f"{rng.choice(_GIVEN)} {surname(rng)}"


def company(rng: Random) -> str:
    """Such as Lindholm & Sandberg Glassworks."""
    return f"{surname(rng)} & {surname(rng)} {rng.choice(_TRADES)}"


def ship(rng: Random) -> str:
    """Such as Patient Curlew, or Star of Fernwick."""
    if rng.random() < 0.6:
        return f"{rng.choice(_SHIP_ADJECTIVES)} {rng.choice(_SHIP_NOUNS)}"
    return f"{rng.choice(_SHIP_OF)} of {town(rng)}"


def expedition(rng: Random) -> str:
    """Such as Fernwick Magnetic Expedition."""
    return f"{town(rng)} {rng.choice(_EXPEDITION_AIMS)} Expedition"


def river(rng: Random) -> str:
    """A river's name, without the word river."""
    return rng.choice(_SURNAME_STARTS) + rng.choice(
        ("a", "e", "en", "er", "ing", "le", "low", "on", "ow", "y")
    )


def street(rng: Random) -> str:
    """A street and a number."""
    return f"{rng.randint(1, 180)} {rng.choice(_STREETS)} Street"


def year(rng: Random) -> str:
    """A year of the eighteenth or nineteenth century."""
    return str(rng.randint(1710, 1909))


def date(rng: Random) -> str:
    """A day and month."""
    return f"{rng.randint(1, 28)} {rng.choice(_MONTHS)}"


def quantity(rng: Random, least: int, most: int) -> str:
    """A whole number in words' company, with a comma at the thousands."""
    return f"{rng.randint(least, most):,}"
