"""Lists of ships and of ports: what they are, and how many entries a copy has.

Their entries are no reports of ships, so none is kept: each is counted as `list_entry`. What they say is read
from raw/ where it is used (docs/reading.md).
"""

import csv
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

from pipeline.errors import TransshipError
from pipeline.sources import objects
from pipeline.sources.base import Member, Source
from pipeline.sources.sightings import Reading, ship_imo

OFAC = Source(
    key="ofac",
    title="OFAC SDN list, US Treasury",
    coverage="ships, owners and companies under US sanctions; IMO number and MMSI where given",
    delay="on the day of publication",
    licence="public domain (work of the US government)",
    attribution="US Department of the Treasury, Office of Foreign Assets Control",
    key_variables=(),
    good_for="screening of ships",
    blind_to="when a ship was listed, which this form of the list does not say",
)
UK = Source(
    key="uk",
    title="UK Sanctions List",
    coverage="specified ships and ships under asset freeze, by IMO number",
    delay="on the day of publication",
    licence="Open Government Licence 3.0",
    attribution="Contains public sector information licensed under the Open Government Licence v3.0 (FCDO)",
    key_variables=(),
    good_for="screening of ships",
    blind_to="MMSIs, which it does not give",
)
EU = Source(
    key="eu",
    title="EU Regulation 833/2014, Annex XLII, and the EU's consolidated list of asset freezes (FSF)",
    coverage="ships banned from EU ports and services, by IMO number, with reason and date; the few ships "
    "whose assets are frozen",
    delay="some days after an amendment, when the consolidated text appears; asset freezes on the day",
    licence="reuse with attribution (Commission Decision 2011/833/EU)",
    attribution="European Union, EUR-Lex and European Commission; only the Official Journal is authentic",
    key_variables=(),
    good_for="screening of ships",
    blind_to="MMSIs, which it does not give; ships taken off the list",
)
OPENSANCTIONS = Source(
    key="opensanctions",
    title="OpenSanctions, maritime collection (opt-in)",
    coverage="ships of many lists at once, the Ukrainian list of the shadow fleet among them",
    delay="daily",
    licence="CC BY-NC 4.0; business use needs a licence of OpenSanctions",
    attribution="OpenSanctions.org, CC BY-NC 4.0",
    key_variables=(),
    good_for="screening of ships against lists that are not published in a form to read",
    blind_to="when a ship was listed; the lists' duplicates are not resolved",
)
REFERENCE = Source(
    key="reference",
    title="World Port Index (NGA Pub. 150) and UN/LOCODE",
    coverage="ports and places of trade of the world",
    delay="on the day of publication; new editions some times a year",
    licence="public domain (World Port Index: work of the US government; UN/LOCODE: PDDL)",
    attribution="National Geospatial-Intelligence Agency; UNECE, by way of datasets/un-locode",
    key_variables=(),
    good_for="checking the gazetteer's codes and places of ports",
    blind_to="quays, moorings and roads; most places are to the minute of arc",
)
SOURCES = (REFERENCE, OFAC, UK, EU, OPENSANCTIONS)

LIST_ENTRY = "list_entry"
# A column that only the line of column names has; lines above it are a title. OFAC's CSV has no such line.
HEADERS = {"imo number", "caption", "world port index number", "coordinates"}
# What an entry is called in the lists' XML: of OFAC, of the UK, of the EU.
ENTITIES = {"sdnEntry", "Designation", "sanctionEntity"}
SEVEN_DIGITS = re.compile(r"(?<!\d)\d{7}(?!\d)")
# What ends a DOS text file; OFAC's tables end with it.
SUBSTITUTE = "\x1a"


def read(member: Member, now: datetime) -> Reading:
    """Count a list's entries: rows of a CSV, entities of XML, table rows with a ship of a page."""
    ending = member.path.suffix.lower()
    if ending not in _ENTRIES:
        raise TransshipError(
            f"{member.label}: a list ends in {', '.join(_ENTRIES)}; remove it, or move it out of raw/"
        )
    reading = Reading()
    try:
        for entry in _ENTRIES[ending](member):
            reading.reject(LIST_ENTRY, entry)
    except (OSError, csv.Error, ElementTree.ParseError) as error:
        raise TransshipError(f"{member.label}: damaged or cut short ({error}); fetch it again") from error
    if not reading.n_rows and ending in {".xml", ".html"}:
        raise TransshipError(
            f"{member.label}: no entry in it, so no list that is known; fetch it again, or remove this copy"
        )
    return reading


def read_index(member: Member, now: datetime) -> Reading:
    """Count the MMSIs of an answer that only says whose tracks to ask for."""
    try:
        found = json.loads(member.path.read_bytes())
    except (OSError, ValueError) as error:
        raise TransshipError(f"{member.label}: no (whole) JSON ({error}); fetch it again") from error
    reading = Reading()
    for entry in found if isinstance(found, list) else [found]:
        reading.reject(LIST_ENTRY, entry)
    return reading


def _rows(member: Member) -> Iterator[str]:
    """The rows of a CSV below its column names."""
    with member.path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        rows = [row for row in csv.reader(text) if row and row != [SUBSTITUTE]]
    names = (n for n, row in enumerate(rows[:5]) if HEADERS & {cell.strip().lower() for cell in row})
    for row in rows[next(names, -1) + 1 :]:
        yield ",".join(row)


def _entities(member: Member) -> Iterator[str]:
    """The entities of XML, by the text in them."""
    root: ElementTree.Element | None = None
    with member.path.open("rb") as text:
        for event, element in ElementTree.iterparse(text, ["start", "end"]):  # noqa: S314 (see net.as_xml)
            root = element if root is None else root
            if event == "end" and element.tag.rpartition("}")[2] in ENTITIES:
                yield " ".join(" ".join(element.itertext()).split())
                # What was read is let go: these files have hundreds of thousands of elements.
                root.clear()


def _ships(member: Member) -> Iterator[str]:
    """The table rows of a page that hold a valid IMO number."""
    page = _Page()
    page.feed(member.path.read_text(encoding="utf-8", errors="replace"))
    page.close()
    for row in page.rows:
        if any(ship_imo(number) for number in SEVEN_DIGITS.findall(row)):
            yield row


class _Page(HTMLParser):
    """Collects the text of each table row; what stands in a row within a row is the inner one's."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[str] = []
        self._open: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._open.append([])

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr" and self._open:
            self.rows.append(" ".join(" ".join(self._open.pop()).split()))

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].append(data)


def _objects(member: Member) -> Iterator[str]:
    """JSON objects, one a line."""
    found, n_unreadable = objects.read(member)
    yield from (json.dumps(entry, ensure_ascii=False) for entry in found)
    yield from ("an entry that is no JSON object" for _ in range(n_unreadable))


_ENTRIES: dict[str, Callable[[Member], Iterator[str]]] = {
    ".csv": _rows,
    ".xml": _entities,
    ".html": _ships,
    ".json": _objects,
    ".jsonl": _objects,
}
