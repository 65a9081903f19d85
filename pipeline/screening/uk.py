"""The UK Sanctions List as CSV: the report's date, then a table with one row a name or address."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.screening.base import (
    Content,
    Entry,
    Malformed,
    day_of,
    imos_in,
    lines_of,
    one_line,
    other_names,
    records,
)

PAGE = "https://www.gov.uk/government/publications/the-uk-sanctions-list"
WANTED = ("Unique ID", "Name 6", "Designation Type", "IMO number")
REPORT = re.compile(r"Report Date:?\s*([0-9A-Za-z/ -]+)", re.IGNORECASE)
DAY_FORMS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%b-%Y", "%d %B %Y")
# Name 6 is the whole name of a ship; the other parts are for people, and seldom used otherwise.
NAME_PARTS = ("Name 1", "Name 2", "Name 3", "Name 4", "Name 5", "Name 6")
HEADER_WITHIN = 5


def read(path: Path, facts: Mapping[str, Any]) -> Content:
    """Read the list; Malformed where it is none."""
    lines = lines_of(path)
    start = next((n for n, line in enumerate(lines[:HEADER_WITHIN]) if "Unique ID" in line), 0)
    report = REPORT.search("\n".join(lines[:start]))
    ships: dict[str, list[Mapping[str, str]]] = {}
    for line, row in records(path, lines[start:], WANTED, start + 1):
        if row["Designation Type"].strip().lower() != "ship":
            continue
        if not (unique := one_line(row["Unique ID"])):
            raise Malformed(path, line, "a ship without Unique ID")
        if not _name(row) and not row["IMO number"].strip():
            raise Malformed(path, line, f"the ship {unique} has neither name nor IMO number")
        ships.setdefault(unique, []).append(row)
    return Content(
        [_entry(unique, rows) for unique, rows in ships.items()],
        day_of(report[1] if report else None, *DAY_FORMS),
    )


def _entry(unique: str, rows: list[Mapping[str, str]]) -> Entry:
    named = [row for row in rows if _name(row)]
    first = next((row for row in named if _is_primary(row)), (named or rows)[0])
    name = _name(first)
    return Entry(
        entity_id=unique,
        name=name or unique,
        imos=imos_in(row["IMO number"] for row in rows),
        names=other_names(name, [_name(row) for row in named]),
        listed_on=day_of(first.get("Date Designated"), *DAY_FORMS),
        program=one_line(first.get("Regime Name")) or None,
        reason=one_line(first.get("UK Statement of Reasons"))
        or one_line(first.get("Other Information"))
        or None,
        legal_point="; ".join(dict.fromkeys(map(one_line, (first.get("Sanctions Imposed") or "").split("|"))))
        or None,
        url=PAGE,
    )


def _is_primary(row: Mapping[str, str]) -> bool:
    return (row.get("Name type") or "").strip().lower() == "primary name"


def _name(row: Mapping[str, str]) -> str:
    return one_line(" ".join(row.get(part) or "" for part in NAME_PARTS))
