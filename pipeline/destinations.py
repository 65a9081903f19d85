"""AIS destination text to a port. A wrong port is worse than none: what does not resolve stays unresolved.

The order of reading is that of IMO SN.1/Circ.244 and of what crews type (docs/destinations.md). Known words
stand beside this file: destinations_aliases.csv (by hand), destinations_unlocode.csv (made by
destinations_make.py) and destinations_countries.csv.
"""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).parent
ALIASES = HERE / "destinations_aliases.csv"
UNLOCODE = HERE / "destinations_unlocode.csv"
COUNTRIES = HERE / "destinations_countries.csv"

# A port's name may have one typing error from this many letters on; shorter ones are too near to others.
FUZZY_LETTERS = 7
# A name that stands alone needs this many letters; with its country, any number.
ALONE_LETTERS = 4
# Names that are alike but for spelling (AALESUND, ALESUND) are told apart below this many letters.
FOLD_LETTERS = 5

# The answer of a reading that is sure that no port is named: a strait, a canal, orders.
NOWHERE = ""

NOTHING = re.compile(r"[^A-Z0-9]*(0*|N ?A|NONE|NIL|UNKNOWN|TBA|TBN)[^A-Z0-9]*")
ROUTE = re.compile(r"[=\-~ ]*>+[= ]*| TO |^TO |→|»")
ORDERS = re.compile(r"\bORDE?RE?S?\b|\b(FOR|FR|F0R) O(R(D\w*)?)?$|\bF ?O$|\bAW\w* ORD\w*")
HEAD = re.compile(r"^(FROM|FOR|BOUND|PORT OF|OPL|ANCH\w*|PILOT|INNER|OUTER|ROADS) ")
TAIL = re.compile(
    r"\b((IN|OUT)(ER|SIDE) |[NSEW] |(NORTH|SOUTH|EAST|WEST)\w* )?"
    r"(ANCH\w*|PORT|HARBOU?R|OPL|RDS?|ROADS?|ROADSTEAD|REDE|PS|P S|EOSP|BUNKERS?|BUNKERING|STS|AREA"
    r"|(PILOTS?|VIA|ET[ADB]|BERTH|PIER|QUAY|TERMINAL|CH ?\d+)( .*)?)$"
)
BERTH = re.compile(r"( [A-Z]| [A-Z]?\d+[A-Z]?)+$")
CODE = re.compile(r"([A-Z]{2}) ?([A-Z0-9]{3})")
CODE_FIRST = re.compile(r"[A-Z]{2}[A-Z0-9]{3} .+")
NAME_CODE = re.compile(r"(.{4,}) ([A-Z]{2} ?[A-Z0-9]{3})")
LEGS = re.compile(r"[-/=]+")
DIGITS = str.maketrans("015", "OIS")
NOT_WORD = re.compile(r"[^A-Z0-9]+")
BRACKET = re.compile(r"\(.*?(\)|$)")
# Cyrillic capitals that look like Latin ones, in words that mix both; and all of them spelled out.
ALIKE = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0405\u0408",
    "ABEKMHOPCTYXISJ",
)
ALPHABET = "A B V G D E ZH Z I Y K L M N O P R S T U F KH TS CH SH SHCH - Y - E YU YA"
CYRILLIC = {chr(0x410 + i): latin.replace("-", "") for i, latin in enumerate(ALPHABET.split())} | {
    "\u0401": "E", "\u0404": "E", "\u0406": "I", "\u0407": "I", "\u0490": "G",
}  # fmt: skip
LETTERS = str.maketrans({"Ø": "O", "Æ": "AE", "Å": "A", "Ł": "L", "Đ": "D", "ẞ": "SS", "Œ": "OE"})
# Spellings of one sound, Nordic, German and of transliterated Russian; what doubles becomes single.
SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in [
        ("SHCH|SCH", "SH"), ("KH", "H"), ("TZ|TS", "C"), ("PH", "F"), ("W", "V"), ("[YJ]", "I"),
        ("^SAINT", "ST"), ("AA|AE", "A"), ("OE", "O"), ("UE", "U"), (r"(.)\1+", r"\1"),
    ]
]  # fmt: skip


Key = TypeVar("Key")
# Ports by country and name.
Names = dict[tuple[str, str], set[str]]
# The kinds of rows in the files of words (docs/destinations.md).
KINDS = ("code", "name", "second name", "short", "alone", "waypoint", "nothing", "unclear", "other")


class Destinations:
    """Resolves destination text against the ports of a gazetteer.

    `ports` maps port_id to name; a port_id begins with the country's two letters. Words whose port is not
    among them are left out, so a small gazetteer resolves little and nothing wrongly. `codes` maps each code
    that means a port, its own or a second one, to its port_id.
    """

    def __init__(self, ports: Mapping[str, str]) -> None:
        rows = [*_rows(UNLOCODE), *_rows(ALIASES)]
        rows = [row for row in rows if not row["port_id"] or row["port_id"] in ports]
        of_kind: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
        for row in rows:
            of_kind[row["kind"]][row["text"]] = row["port_id"]
        # No port: waters, canals, orders, and names that several places share.
        nowhere = {text: NOWHERE for kind in ("waypoint", "nothing", "unclear") for text in of_kind[kind]}
        # What people wrote down beats what lists of names leave open.
        self._fixed = of_kind["name"] | of_kind["short"] | nowhere
        self._short = of_kind["short"]
        # What a list or an authority means by a code: a strait's code too is that of its port.
        self.codes = {port: port for port in ports} | of_kind["code"]
        self._codes = {port: port for port in ports if len(port) == 5} | of_kind["code"] | of_kind["waypoint"]
        self._needs_country = of_kind["alone"]
        self._others = {text.replace(" ", "") for text in of_kind["other"]}

        names: Names = defaultdict(set)
        for port, name in ports.items():
            for spelling in _names(name):
                if self._codes.get(port) == NOWHERE:
                    self._fixed[spelling] = NOWHERE
                else:
                    names[port[:2], spelling].add(port)
        for text, port in of_kind["second name"].items():
            names[port[:2], text].add(port)
        for text, port in (of_kind["name"] | of_kind["short"]).items():
            names[port[:2], text] = {port}
        self._read_names(names)
        self._read_countries()

    def _read_names(self, names: Names) -> None:
        """Names by country, those that say enough alone, and how all of them sound and are mistyped."""
        sounds: Names = defaultdict(set)
        for (country, name), found in names.items():
            if len(name.replace(" ", "")) >= FOLD_LETTERS:
                sounds[country, fold(name)] |= found
        # Two entries of one country and sound are one place.
        names = {
            (country, name): {same} if (same := _one(sounds.get((country, fold(name)), found))) else found
            for (country, name), found in names.items()
        }
        self._in_country = _single(names)
        self._sounds_in_country = _single(sounds)
        self._alone = {
            name: port
            for name, port in _single(_anywhere(names)).items()
            if len(name) >= ALONE_LETTERS and name not in self._needs_country
        }
        self._sounds = _single(_anywhere(sounds)) | {
            fold(text): port for text, port in self._fixed.items() if len(text) >= FOLD_LETTERS
        }
        for name in self._needs_country:
            self._sounds.pop(fold(name), None)
        self._mistyped: dict[str, set[str]] = defaultdict(set)
        for (_, name), found in names.items():
            self._mistyped[name.replace(" ", "")] |= found
        self._mistyped |= {text.replace(" ", ""): {port} for text, port in self._fixed.items()}
        self._typos = Typos(name for name in self._mistyped if len(name) >= FUZZY_LETTERS)

    def _read_countries(self) -> None:
        """Names and codes of countries, and the beginnings that a full field leaves of long ones."""
        self._countries = {row["text"]: row["country"] for row in _rows(COUNTRIES)}
        self._country_starts: dict[str, set[str]] = defaultdict(set)
        for name, country in self._countries.items():
            for n in range(ALONE_LETTERS, len(name)):
                self._country_starts[name[:n]].add(country)
        self._country_typos = Typos(name for name in self._countries if len(name) > ALONE_LETTERS)

    def resolve(self, text: str | None) -> str | None:
        """The port_id that a destination text names last, or None."""
        legs = route(text)
        return self._leg(legs[-1], -1) if legs else None

    def origin(self, text: str | None) -> str | None:
        """The port_id that a text of a route (A>B, A TO B, A-B of two codes) names first, or None."""
        legs = route(text)
        if len(legs) > 1:
            return self._leg(legs[0], 0)
        if not legs or self._place(legs[0]) is not None:
            return None
        return self._end(legs[0], 0)

    def resolve_all(self, texts: Iterable[str]) -> dict[str, str]:
        """The texts that resolve, with their port_id."""
        found = ((text, self.resolve(text)) for text in texts)
        return {text: port for text, port in found if port}

    def _leg(self, said: str, end: int) -> str | None:
        place = self._place(said)
        return (self._end(said, end) if place is None else place) or None

    def _end(self, said: str, end: int) -> str | None:
        """The first or last of codes joined by `-`, `/` or `=`; names so joined are ferry lines."""
        pieces = [plain_name(_without_tail(plain_name(piece))) for piece in LEGS.split(said)]
        pieces = [piece for piece in pieces if piece]
        if len(pieces) < 2 or not all(self._is_code(piece) for piece in pieces):
            return None
        return self._code(pieces[end]) or None

    def _is_code(self, said: str) -> bool:
        """Whether a text has the shape of a code of a country, or is a port's known short form."""
        code = CODE.fullmatch(said)
        return said in self._short or bool(code and code.group(1) in self._countries)

    def _code(self, said: str) -> str | None:
        """The port of a code of the gazetteer, with or without a blank, or of a known short form."""
        code = CODE.fullmatch(said)
        if code and (port := self._codes.get(code.group(1) + code.group(2))) is not None:
            return port
        return self._short.get(said)

    def _place(self, said: str) -> str | None:
        """The port of one place as typed, NOWHERE where it is sure that none is meant, None if unknown."""
        full = plain_name(said)
        if (port := self._fixed.get(full)) is not None:
            return port
        if ORDERS.search(NOT_WORD.sub(" ", said)):
            return NOWHERE
        if (port := self._exact(full)) is not None:
            return port
        name = _without_tail(full)
        for text in dict.fromkeys([name, BERTH.sub("", name)]):
            for reading in (self._exact, self._with_country, self._with_code, self._alike):
                if (port := reading(text)) is not None:
                    return port
        return None

    def _exact(self, name: str) -> str | None:
        if not name:
            return NOWHERE
        for known in (self._fixed.get(name), self._code(name), self._alone.get(name)):
            if known is not None:
                return known
        return None

    def _with_country(self, name: str) -> str | None:
        """ALIAGA TURKEY, ISDEMIR TURKY, RU YAROSLAVL, GOT SE, RUPRIMORSK; the country must be the port's."""
        words = name.split()
        for n in range(1, min(len(words), 5)):
            country = self._country(" ".join(words[-n:]))
            if country and (port := self._named_in(country, " ".join(words[:-n]))) is not None:
                return port
        if len(words) > 1 and (country := self._country(words[0])):
            return self._named_in(country, " ".join(words[1:]))
        if len(words) == 1 and len(name) > FUZZY_LETTERS and name[:2] in self._countries:
            return self._in_country.get((name[:2], name[2:]))
        return None

    def _named_in(self, country: str, name: str) -> str | None:
        if self._fixed.get(name) == NOWHERE:
            return NOWHERE
        code = self._code(name) or self._codes.get(country + name)
        if code and code.startswith(country):
            return code
        # Russian sources write Russia for ports in occupied Ukraine.
        for land in (country, "UA") if country == "RU" else (country,):
            port = self._in_country.get((land, name)) or self._sounds_in_country.get((land, fold(name)))
            if port:
                return port
        return self._typing_error(name, country)

    def _country(self, text: str) -> str | None:
        """The country of a name or code; long names may be cut off or have one typing error."""
        if country := self._countries.get(text):
            return country
        if len(text) < ALONE_LETTERS:
            return None
        near = set(self._country_starts.get(text, ()))
        near |= {self._countries[name] for name in self._country_typos.near(text)}
        return near.pop() if len(near) == 1 else None

    def _with_code(self, name: str) -> str | None:
        """DEHAM BURCHARDKAI, JP YOK HM, KLAIPEDA LT KLJ: a code and more that contradicts nothing."""
        if CODE_FIRST.fullmatch(name) and name[:5] in self._codes:
            rest = self._exact(name[6:])
            return self._codes[name[:5]] if rest in (None, self._codes[name[:5]]) else None
        if both := NAME_CODE.fullmatch(name):
            port, named = self._code(both.group(2)), self._exact(both.group(1))
            if port is not None and port == named:
                return port
        if re.fullmatch(r"[A-Z]{2} [A-Z0-9]{3} [A-Z]{2}", name):
            return self._code(name[:6])
        return None

    def _alike(self, name: str) -> str | None:
        """The port of a name that is only spelled otherwise, has digits for letters, or one typing error."""
        if name in self._countries or self._is_code(name):
            return None
        letters = name.translate(DIGITS)
        if letters != name and (port := self._exact(letters)) is not None:
            return port
        if len(name) >= FOLD_LETTERS and (port := self._sounds.get(fold(name))) is not None:
            return port
        return self._typing_error(letters)

    def _typing_error(self, name: str, country: str | None = None) -> str | None:
        """The only port with a name of seven or more letters that is one edit away."""
        glued = name.replace(" ", "")
        if len(glued) < FUZZY_LETTERS or glued in self._others:
            return None
        near = {port for known in self._typos.near(glued) for port in self._mistyped[known]}
        if country:
            near = {port for port in near if port.startswith(country)}
        return _one(near)


class Typos:
    """Names one edit from a text (a letter more, less, other, or two swapped), the first letter kept.

    Every name is kept under itself and under itself less each letter, so that a look-up takes as many steps
    as the text has letters.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._near: dict[str, set[str]] = defaultdict(set)
        for name in names:
            glued = name.replace(" ", "")
            for part in _less_one(glued):
                self._near[part].add(glued)

    def near(self, text: str) -> set[str]:
        """The names (without blanks) at a distance of exactly one."""
        found = {name for part in _less_one(text) for name in self._near.get(part, ())}
        return {name for name in found if name[0] == text[0] and name != text and one_edit(name, text)}


def route(text: str | None) -> list[str]:
    """The places of a text in their order; none where it says nothing or goes to and fro."""
    said = latin(text or "")
    if "<" in said or NOTHING.fullmatch(said):
        return []
    legs = [leg.strip() for leg in ROUTE.split(said)]
    # A route that ends in an arrow has no destination yet.
    return [] if not legs[-1] else [leg for leg in legs if leg]


def plain_name(name: str) -> str:
    """A name in capitals without what stands in brackets, single blanks for all but letters and digits."""
    bare = NOT_WORD.sub(" ", BRACKET.sub(" ", name.upper())).strip()
    return bare or NOT_WORD.sub(" ", name.upper()).strip()


def fold(name: str) -> str:
    """A name as it sounds, without blanks: AALESUND and ALESUND, NOVOROSSIYSK and NOVOROSIJSK are one."""
    for pattern, sound in SOUNDS:
        name = pattern.sub(sound, name.replace(" ", ""))
    return name


def one_edit(a: str, b: str) -> bool:
    """Whether two different texts are one insertion, deletion, substitution or swap of neighbours apart."""
    if abs(len(a) - len(b)) > 1:
        return False
    i = 0
    while i < min(len(a), len(b)) and a[i] == b[i]:
        i += 1
    x, y = a[i:], b[i:]
    return x[1:] == y[1:] or x[1:] == y or x == y[1:] or (x[:2] == y[1::-1] and x[2:] == y[2:])


def latin(text: str) -> str:
    """Text up to the padding, in Latin capitals: no accents, Cyrillic as its look-alike or spelled out."""
    said = text.split("@", 1)[0].upper()
    if not said.isascii():
        said = " ".join(_latin_word(word) for word in said.split())
    return said.replace("_", " ").strip()


def _latin_word(word: str) -> str:
    if re.search("[A-Z]", word):
        word = word.translate(ALIKE)
    word = "".join(CYRILLIC.get(letter, letter) for letter in word)
    return unicodedata.normalize("NFKD", word.translate(LETTERS)).encode("ascii", "ignore").decode()


def _without_tail(name: str) -> str:
    """A name without what crews add: anchorage, pilot, berth, way and time."""
    before = None
    while before != name:
        before = name
        name = TAIL.sub("", HEAD.sub("", name)).strip()
    return name


def _names(name: str) -> Iterator[str]:
    """The names in "Gebze / Diliskelesi", plain."""
    for part in name.split(" / "):
        if plain := plain_name(latin(part)):
            yield plain


def _one(ports: set[str]) -> str | None:
    """The only port of a set; of two of one country, the only one with a UN/LOCODE.

    Not so in America, where many towns share a name.
    """
    countries = {port[:2] for port in ports}
    if len(ports) > 1 and len(countries) == 1 and not countries & {"US", "CA"}:
        ports = {port for port in ports if len(port) == 5}
    return next(iter(ports)) if len(ports) == 1 else None


def _single(names: Mapping[Key, set[str]]) -> dict[Key, str]:
    """The names that say one port."""
    return {name: port for name, found in names.items() if (port := _one(found))}


def _anywhere(names: Names) -> dict[str, set[str]]:
    """Ports by name whatever the country."""
    ports: dict[str, set[str]] = defaultdict(set)
    for (_, name), found in names.items():
        ports[name] |= found
    return ports


def _less_one(text: str) -> set[str]:
    return {text, *(text[:i] + text[i + 1 :] for i in range(len(text)))}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
