"""The ships of the EU: Annex XLII of Regulation 833/2014 as a web page, and the asset freezes (FSF) as XML.

Annex XLII bans ships from ports and services; its ships are not in the FSF, which freezes assets. The page is
the consolidated text as EUR-Lex and Cellar give it: tables of number, name, IMO number, grounds and date.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pipeline.screening.base import (
    Content,
    Entry,
    Malformed,
    below,
    day_of,
    elements,
    imos_in,
    lines_of,
    one_line,
    other_names,
    text_at,
)

ANNEX = re.compile(r"ANNEX ([A-Z]+)")
ANNEX_NUMBER = "XLII"
# Marks of consolidation: where an amendment put a row in, and where a changed value begins and ends.
MARKS = re.compile(r"►(?:B|C\d+|M\d+) ?|◄ ?|▼(?:B|C\d+|M\d+)(?: —+)?")
IMO_CELL = re.compile(r"(?:IMO[ :]*)?(\d{7})")
NUMBER_CELL = re.compile(r"(\d+)\.?")
FORMERLY = re.compile(r"\(?formerly (?:known as )?([^()]+)\)?", re.IGNORECASE)
POINT = re.compile(r"Article 3s\(2\),? point \(([a-z])\)", re.IGNORECASE)
DAY_FORMS = ("%d.%m.%Y", "%d %B %Y", "%Y-%m-%d", "%d/%m/%Y")
PROGRAM = "Regulation (EU) 833/2014, Annex XLII"
# Of the enterprises in the FSF with an IMO number, those named so are companies, whose numbers are others'.
COMPANY = re.compile(
    r"\b(LTD|LIMITED|LLC|L\.L\.C|INC|CORP|CORPORATION|CO|COMPANY|GMBH|JSC|OJSC|PJSC|OAO|OOO|AO|SA|FZE|FZCO|PTE"
    r"|SHIPPING|MANAGEMENT|GROUP|HOLDINGS?|AGENCY|TRADING|BANK|BUREAU|MINISTRY|LINES?|SERVICES?)\b",
    re.IGNORECASE,
)


@dataclass
class _Row:
    """A table row: the line on which it begins, and its cells as paragraphs."""

    line: int
    cells: list[list[str]] = field(default_factory=list)


class _Annex(HTMLParser):
    """Collects the table rows between the heading ANNEX XLII and the next annex's."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[_Row] = []
        self.heading_line = 0
        self._is_within = False
        self._open: list[_Row] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._flush()
            self._open.append(_Row(self.getpos()[0]))
        elif tag in {"td", "th"} and self._open:
            self._flush()
            self._open[-1].cells.append([])
        elif tag in {"p", "div", "br", "table", "h1", "h2", "h3", "li", "body"}:
            self._flush()

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "div", "td", "th", "tr", "h1", "h2", "h3", "li", "table", "body"}:
            self._flush()
        if tag == "tr" and self._open:
            row = self._open.pop()
            if self._is_within and row.cells:
                self.rows.append(row)

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def _flush(self) -> None:
        """End a paragraph: it belongs to the open cell, and may be an annex's heading."""
        text = one_line(MARKS.sub("", "".join(self._text)))
        self._text.clear()
        if not text:
            return
        if found := ANNEX.fullmatch(text):
            self._is_within = found[1] == ANNEX_NUMBER
            if self._is_within:
                self.heading_line = self.getpos()[0]
        if self._open and self._open[-1].cells:
            self._open[-1].cells[-1].append(text)


def read_annex(path: Path, facts: Mapping[str, Any]) -> Content:
    """Read Annex XLII; Malformed where the page has none, or none with ships."""
    parser = _Annex()
    parser.feed("\n".join(lines_of(path)))
    parser.close()
    if not parser.heading_line:
        raise Malformed(path, 1, "no heading ANNEX XLII in the whole page")
    url = str(facts.get("url") or "") or None
    entries = [entry for row in parser.rows if (entry := _annex_entry(path, row, url))]
    if not entries:
        raise Malformed(path, parser.heading_line, "Annex XLII has no row with an IMO number")
    version = str(facts.get("version") or "")
    return Content(entries, day_of(version, "%Y%m%d"))


def _annex_entry(path: Path, row: _Row, url: str | None) -> Entry | None:
    """One ship; None for the header and for rows that only say which amendment follows."""
    cells = [" ".join(cell) for cell in row.cells]
    place = next((n for n, cell in enumerate(cells) if IMO_CELL.fullmatch(cell)), None)
    if place is None:
        return None
    if place == 0 or not cells[place - 1]:
        raise Malformed(path, row.line, "a ship's IMO number with no name before it")
    number = IMO_CELL.fullmatch(cells[place])
    imo = number[1] if number else ""
    # "Kavya (formerly Hana)", or the former name on a line of its own.
    former = [name for found in FORMERLY.findall(cells[place - 1]) for name in found.split(";")]
    name = one_line(FORMERLY.sub("", cells[place - 1]))
    after = cells[place + 1 :]
    days = [day for cell in after if (day := day_of(cell, *DAY_FORMS))]
    reasons = [cell for cell in after if cell and not day_of(cell, *DAY_FORMS)]
    reason = " ".join(reasons) or None
    point = POINT.search(reason or "")
    counted = NUMBER_CELL.fullmatch(cells[0]) if place > 1 else None
    return Entry(
        entity_id=f"eu-annex-xlii-{counted[1] if counted else imo}",
        name=name or cells[place - 1],
        imos=imos_in([imo]),
        names=other_names(name, former),
        listed_on=min(days, default=None),
        program=PROGRAM,
        reason=reason,
        legal_point=f"3s(2)({point[1].lower()})" if point else None,
        url=url,
    )


def read_freeze(path: Path, facts: Mapping[str, Any]) -> Content:
    """Read the ships of the FSF: who is no person and has a ship's IMO number."""
    entries = []
    n_all = 0
    for line, entity in elements(path, "sanctionEntity"):
        n_all += 1
        kind = next((found.get("code", "") for found in below(entity, "subjectType")), "")
        imos = imos_in(
            found.get("number") or found.get("latinNumber") or ""
            for found in below(entity, "identification")
            if found.get("identificationTypeCode", "").lower() == "imo"
        )
        names = [one_line(found.get("wholeName")) for found in below(entity, "nameAlias")]
        names = [name for name in names if name]
        if kind.lower() == "person" or not imos or any(COMPANY.search(name) for name in names):
            continue
        reference = one_line(entity.get("euReferenceNumber") or entity.get("logicalId"))
        if not reference or not names:
            raise Malformed(path, line, "a ship without reference number or name")
        entries.append(
            Entry(
                entity_id=f"eu-fsf-{reference}",
                name=names[0],
                imos=imos,
                names=other_names(names[0], names[1:]),
                listed_on=min(_days(entity), default=None),
                program="; ".join(
                    dict.fromkeys(one_line(r.get("programme")) for r in below(entity, "regulation"))
                ),
                reason=text_at(entity, "remark") or None,
                legal_point="asset freeze",
                url=text_at(entity, "regulation", "publicationUrl") or str(facts.get("url") or "") or None,
            )
        )
    if not n_all:
        raise Malformed(path, 1, "no sanctionEntity in the whole file")
    return Content(entries)


def _days(entity: Any) -> list[date]:
    """All days on which an act named this entity."""
    texts = [entity.get("designationDate")]
    for regulation in below(entity, "regulation"):
        texts += [regulation.get("entryIntoForceDate"), regulation.get("publicationDate")]
    return [day for text in texts if (day := day_of(text, "%Y-%m-%d"))]
