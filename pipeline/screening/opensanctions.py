"""OpenSanctions' maritime collection: its table maritime.csv, or its entities as JSON lines (FollowTheMoney).

The collection does not resolve duplicates: a ship may stand in several rows, one with two IMO numbers does.
Only the topic `sanction` is a sanction; `mare.shadow`, `mare.detained` and the like are told as that.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.screening.base import (
    Content,
    Entry,
    Malformed,
    day_of,
    imos_in,
    lines_of,
    mmsis_in,
    one_line,
    other_names,
    records,
)

PAGE = "https://www.opensanctions.org/entities/"
WANTED = ("type", "caption", "imo", "risk", "mmsi", "id", "datasets", "aliases")
SANCTION = "sanction"
CELL_SEPARATOR = ";"


def read_table(path: Path, facts: Mapping[str, Any]) -> Content:
    """Read maritime.csv; rows of one id are one entry.

    Organisations are left out: their IMO numbers are of another series.
    """
    rows: dict[str, list[Mapping[str, str]]] = {}
    for line, row in records(path, lines_of(path), WANTED):
        if row["type"].strip().upper() != "VESSEL":
            continue
        if not (entity_id := one_line(row["id"])):
            raise Malformed(path, line, "a ship without id")
        rows.setdefault(entity_id, []).append(row)
    entries = [
        _entry(
            entity_id,
            [found[0]["caption"], *_cells(row["aliases"] for row in found)],
            imos=[row["imo"] for row in found],
            mmsis=[row["mmsi"] for row in found],
            topics=_cells(row["risk"] for row in found),
            datasets=_cells(row["datasets"] for row in found),
            url=one_line(found[0].get("url")),
        )
        for entity_id, found in rows.items()
    ]
    return Content(entries)


def read_entities(path: Path, facts: Mapping[str, Any]) -> Content:
    """Read entities.ftm.json: ships, with the listing dates of the sanctions that name them."""
    ships: dict[str, dict[str, Any]] = {}
    days: dict[str, list[date]] = {}
    for line, text in enumerate(lines_of(path), 1):
        if not text.strip():
            continue
        try:
            entity = json.loads(text)
            schema, entity_id, said = str(entity["schema"]), one_line(entity["id"]), entity["properties"]
            if not isinstance(said, dict):
                raise TypeError("properties")
        except (ValueError, KeyError, TypeError) as error:
            raise Malformed(path, line, "no entity in JSON with id, schema and properties") from error
        if schema == "Vessel":
            ships[entity_id] = {**entity, "properties": said}
        elif schema == "Sanction":
            found = [
                day_of(str(text)[:10], "%Y-%m-%d")
                for name in ("listingDate", "startDate")
                for text in said.get(name, ())
            ]
            for ship in said.get("entity", ()):
                days.setdefault(str(ship), []).extend(day for day in found if day)
    entries = []
    for entity_id, ship in ships.items():
        said = ship["properties"]
        names = [
            str(name) for key in ("name", "alias", "previousName", "weakAlias") for name in said.get(key, ())
        ]
        entries.append(
            _entry(
                entity_id,
                [str(ship.get("caption") or ""), *names],
                imos=[str(number) for number in said.get("imoNumber", ())],
                mmsis=[str(number) for number in said.get("mmsi", ())],
                topics=[str(topic) for topic in said.get("topics", ())],
                datasets=[str(name) for name in ship.get("datasets", ())],
                url=PAGE + entity_id,
                listed_on=min(days.get(entity_id, ()), default=None),
            )
        )
    return Content(entries)


def _entry(
    entity_id: str,
    names: Iterable[str],
    *,
    imos: Iterable[str],
    mmsis: Iterable[str],
    topics: Iterable[str],
    datasets: Iterable[str],
    url: str,
    listed_on: date | None = None,
) -> Entry:
    given = [one for name in names if (one := one_line(name))]
    name = given[0] if given else entity_id
    risks = sorted({one_line(topic) for topic in topics} - {""})
    return Entry(
        entity_id=entity_id,
        name=name,
        # The table writes IMO9187629, the entities either way.
        imos=imos_in(number.upper().replace("IMO", " ") for number in imos),
        mmsis=mmsis_in(mmsis),
        names=other_names(name, given),
        listed_on=listed_on,
        is_sanction=SANCTION in risks,
        topics=CELL_SEPARATOR.join(risks) or None,
        datasets=CELL_SEPARATOR.join(sorted({one_line(name) for name in datasets} - {""})) or None,
        url=url or PAGE + entity_id,
    )


def _cells(cells: Iterable[str]) -> list[str]:
    """The values of cells that hold several."""
    return [value.strip() for cell in cells for value in cell.split(CELL_SEPARATOR) if value.strip()]
