"""What all lists have in common: an entry that is a ship, the copy it stands in, and how a copy is opened."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pipeline.errors import TransshipError
from pipeline.files import explain_os_error
from pipeline.sources.sightings import ship_imo, ship_mmsi
from pipeline.text import plain

SEVEN_DIGITS = re.compile(r"(?<!\d)\d{7}(?!\d)")
NINE_DIGITS = re.compile(r"(?<!\d)\d{9}(?!\d)")
BLANKS = re.compile(r"\s+")
# What ends a DOS text file; OFAC's tables end with it.
SUBSTITUTE = b"\x1a"


class Malformed(TransshipError):
    """A list is not in its form. The message names the file and the line."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"{path}, line {line}: {what}; fetch the list again, or remove this copy of it")


@dataclass(frozen=True)
class Entry:
    """A ship on a list.

    `imos` and `mmsis` are valid ones (the check digit is true, the country exists); `names` are its other
    names, former ones among them; `is_sanction` is false for what a list holds beside sanctions.
    """

    entity_id: str
    name: str
    imos: tuple[int, ...] = ()
    mmsis: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    listed_on: date | None = None
    program: str | None = None
    reason: str | None = None
    legal_point: str | None = None
    is_sanction: bool = True
    topics: str | None = None
    datasets: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Content:
    """What a reader found: the ships, and the day that the list itself says it is of."""

    entries: list[Entry]
    list_date: date | None = None


def one_line(text: object) -> str:
    """A list's text without markup blanks, control characters and overrides; empty where there is none."""
    return BLANKS.sub(" ", plain(text if text is not None else "")).strip()


def imos_in(texts: Iterable[str]) -> tuple[int, ...]:
    """The valid IMO numbers in these texts, each once, in order."""
    found = (ship_imo(number) for text in texts for number in SEVEN_DIGITS.findall(text))
    return tuple(dict.fromkeys(number for number in found if number is not None))


def mmsis_in(texts: Iterable[str]) -> tuple[int, ...]:
    """The MMSIs of ships in these texts, each once, in order."""
    found = (ship_mmsi(number) for text in texts for number in NINE_DIGITS.findall(text))
    return tuple(dict.fromkeys(number for number in found if number is not None))


def other_names(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names beside the first one, each once."""
    return tuple(other for other in dict.fromkeys(map(one_line, names)) if other and other != name)


def day_of(text: str | None, *forms: str) -> date | None:
    """A day in the first of these forms (of strptime) that fits; None where there is none."""
    for form in forms:
        try:
            return datetime.strptime((text or "").strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def lines_of(path: Path) -> list[str]:
    """A text's lines, UTF-8 or else Windows-1252, up to 0x1A."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise explain_os_error(error, path) from error
    content = content.split(SUBSTITUTE, 1)[0]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    # Not `splitlines`, which would also cut at characters that a cell may hold.
    return text.replace("\r\n", "\n").split("\n")


def table(path: Path, lines: list[str], first_line: int = 1) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV, each with the line on which it begins; Malformed where a quote is not closed."""
    reader = csv.reader((line + "\n" for line in lines), strict=True)
    while True:
        line = first_line + reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Malformed(path, line, f"no CSV ({error})") from error
        if row:
            yield line, row


def records(
    path: Path, lines: list[str], wanted: Iterable[str], first_line: int = 1
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of a CSV with a header that has at least the `wanted` columns."""
    rows = table(path, lines, first_line)
    line, header = next(rows, (first_line, []))
    header = [name.strip() for name in header]
    if missing := [name for name in wanted if name not in header]:
        raise Malformed(path, line, f"the header has no column {missing[0]!r}")
    for line, row in rows:
        if len(row) != len(header):
            raise Malformed(path, line, f"{len(row)} cells where the header has {len(header)}")
        yield line, dict(zip(header, row, strict=True))


def elements(path: Path, tag: str) -> Iterator[tuple[int, ElementTree.Element]]:
    """Each element of this name, whatever its namespace, with the line on which it ends."""
    parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser(["start", "end"])
    root: ElementTree.Element | None = None
    line = 0
    try:
        with path.open("rb") as stream:
            for line, text in enumerate(stream, 1):
                parser.feed(text)
                for told in parser.read_events():
                    event, element = told[0], told[-1]
                    if not isinstance(element, ElementTree.Element):
                        continue
                    root = element if root is None else root
                    if event == "end" and local(element.tag) == tag:
                        yield line, element
                        # What was read is let go: these files have hundreds of thousands of elements.
                        root.clear()
        parser.close()
    except ElementTree.ParseError as error:
        raise Malformed(path, error.position[0], f"no whole XML ({error.msg.split(':')[0]})") from error
    except OSError as error:
        raise explain_os_error(error, path) from error


def local(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2]


def text_at(element: ElementTree.Element, *path: str) -> str:
    """The text of the first element below, by names without namespace; empty where there is none."""
    return next((one_line(found.text) for found in below(element, *path)), "")


def below(element: ElementTree.Element, *path: str) -> Iterator[ElementTree.Element]:
    """All elements along this path of names, whatever their namespace."""
    if not path:
        yield element
        return
    for child in element:
        if local(child.tag) == path[0]:
            yield from below(child, *path[1:])


def fetched_on(facts: Mapping[str, Any]) -> str:
    """When a copy was fetched, as it stands beside it."""
    return str(facts.get("fetched_at") or "")
