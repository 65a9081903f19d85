"""The SDN list of the US Treasury, in its simple XML form or as the CSVs sdn, alt and sdn_comments.

Neither says when a ship was listed. Forms: https://ofac.treasury.gov/sdn-list-data-formats-data-schemas
"""

import re
from collections import defaultdict
from collections.abc import Mapping
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
    mmsis_in,
    one_line,
    other_names,
    table,
    text_at,
)

DETAILS = "https://sanctionssearch.ofac.treas.gov/Details.aspx?id="
# The types of identification in the XML, as text in the CSV's remarks.
IMO_TYPES = {"Vessel Registration Identification", "IMO Number"}
IMO_CLAUSE = re.compile(r"(?:Vessel Registration Identification|IMO Number)\s+((?:IMO\s*)?\d{7})(?!\d)")
MMSI_CLAUSE = re.compile(r"MMSI\s+(\d{9})(?!\d)")
NAME_CLAUSE = re.compile(r"[afn]\.k\.a\.\s+'([^']+)'")
SDN_COLUMNS, ALT_COLUMNS, COMMENT_COLUMNS = 12, 5, 2
EMPTY = "-0-"


def read(path: Path, facts: Mapping[str, Any]) -> Content:
    """Read either form; Malformed where it is none."""
    return _read_xml(path) if path.suffix.lower() == ".xml" else _read_csv(path)


def _read_xml(path: Path) -> Content:
    entries = []
    published = None
    n_all = 0
    for _, info in elements(path, "publshInformation"):
        published = day_of(text_at(info, "Publish_Date"), "%m/%d/%Y", "%Y-%m-%d")
        break
    for line, entry in elements(path, "sdnEntry"):
        n_all += 1
        if text_at(entry, "sdnType").lower() != "vessel":
            continue
        uid, name = text_at(entry, "uid"), text_at(entry, "lastName")
        if not uid or not name:
            raise Malformed(path, line, "a vessel without uid or lastName")
        numbers = [
            (text_at(found, "idType"), text_at(found, "idNumber")) for found in below(entry, "idList", "id")
        ]
        remarks = text_at(entry, "remarks")
        entries.append(
            Entry(
                entity_id=f"ofac-{uid}",
                name=name,
                imos=imos_in(number for kind, number in numbers if kind in IMO_TYPES),
                mmsis=mmsis_in(number for kind, number in numbers if kind == "MMSI"),
                names=other_names(
                    name,
                    [
                        *(text_at(aka, "lastName") for aka in below(entry, "akaList", "aka")),
                        *NAME_CLAUSE.findall(remarks),
                    ],
                ),
                program="; ".join(one_line(found.text) for found in below(entry, "programList", "program"))
                or None,
                reason=remarks or None,
                url=DETAILS + uid,
            )
        )
    if not n_all:
        raise Malformed(path, 1, "no sdnEntry in the whole file")
    return Content(entries, published)


def _read_csv(path: Path) -> Content:
    more = _by_number(_companion(path, "sdn_comments"), COMMENT_COLUMNS, 1)
    others = _by_number(_companion(path, "alt"), ALT_COLUMNS, 3)
    entries = []
    n_all = 0
    for line, row in table(path, lines_of(path)):
        if len(row) != SDN_COLUMNS:
            raise Malformed(path, line, f"{len(row)} cells where sdn.csv has {SDN_COLUMNS}")
        n_all += 1
        number, name, kind, program = ("" if cell.strip() == EMPTY else one_line(cell) for cell in row[:4])
        if kind.lower() != "vessel":
            continue
        if not number or not name:
            raise Malformed(path, line, "a vessel without number or name")
        # Long remarks go on in the other file, where a number may be cut in two.
        remarks = one_line("".join(["" if row[11].strip() == EMPTY else row[11].strip(), *more[number]]))
        entries.append(
            Entry(
                entity_id=f"ofac-{number}",
                name=name,
                imos=imos_in(IMO_CLAUSE.findall(remarks)),
                mmsis=mmsis_in(MMSI_CLAUSE.findall(remarks)),
                names=other_names(name, [*others[number], *NAME_CLAUSE.findall(remarks)]),
                program=program.replace("] [", "; ").strip("[]") or None,
                reason=remarks or None,
                url=DETAILS + number,
            )
        )
    if not n_all:
        raise Malformed(path, 1, "the file is empty")
    return Content(entries)


def _companion(path: Path, name: str) -> Path:
    """The table of the same poll beside sdn.csv."""
    return path.with_name(re.sub(r"^sdn", name, path.name, flags=re.IGNORECASE))


def _by_number(path: Path, n_columns: int, cell: int) -> Mapping[str, list[str]]:
    """One cell of each row by the entry's number; nothing where the file is not there."""
    found: dict[str, list[str]] = defaultdict(list)
    if not path.is_file():
        return found
    for line, row in table(path, lines_of(path)):
        if len(row) != n_columns:
            raise Malformed(path, line, f"{len(row)} cells where the table has {n_columns}")
        found[row[0].strip()].append(row[cell].strip())
    return found
