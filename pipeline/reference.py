"""Where the gazetteer differs from the lists of `transship fetch reference`; nothing is changed by it."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from geo import gazetteer
from geo.cells import distance_m
from pipeline.errors import TransshipError
from pipeline.fetching.reference import LOCODE, WPI
from pipeline.home import Home
from pipeline.raw import RawStore
from pipeline.sources.lists import REFERENCE
from pipeline.sources.sightings import number

# The lists give minutes of arc and often the town; what is further off is worth a look.
FAR_KM = 5
CODE = re.compile(r"\b([A-Z]{2}) ?([A-Z2-9]{3})\b")


@dataclass(frozen=True)
class Differences:
    """Codes that UN/LOCODE has no more, of how many; ports far from World Port Index's point, of how many."""

    n_codes: int
    unknown_codes: list[str]
    n_places: int
    # port_id, km
    moved: list[tuple[str, float]]


def differences(home: Home) -> Differences | None:
    """Compare the gazetteer with the newest lists in raw/reference; None where they were never fetched.

    Ports are looked up by World Port Index's number where the gazetteer names it, else by UN/LOCODE (the
    nearest, where several have one). Raises TransshipError for a list that cannot be read.
    """
    raw = RawStore(home, REFERENCE.key)
    wpi, locode = raw.newest(WPI), raw.newest(LOCODE)
    if wpi is None or locode is None:
        return None
    codes = {f"{row['Country']}{row['Location']}" for row in _rows(raw, locode, "Country", "Location")}
    by_number, by_code = _places(raw, wpi)
    ports = gazetteer.load_ports().to_dict("records")
    coded = [port for port in ports if port["unlocode"]]
    moved, n_places = [], 0
    for port in ports:
        places = by_number.get(str(port["source_id"])) or by_code.get(str(port["unlocode"]))
        if places:
            n_places += 1
            away_km = min(float(distance_m(port["lat"], port["lon"], *place)) for place in places) / 1000
            if away_km > FAR_KM:
                moved.append((str(port["port_id"]), away_km))
    unknown = sorted(str(port["port_id"]) for port in coded if port["unlocode"] not in codes)
    return Differences(len(coded), unknown, n_places, sorted(moved, key=lambda found: -found[1]))


Place = tuple[float, float]


def _places(raw: RawStore, name: str) -> tuple[dict[str, list[Place]], dict[str, list[Place]]]:
    """World Port Index's points by its number and by UN/LOCODE."""
    by_number: dict[str, list[Place]] = defaultdict(list)
    by_code: dict[str, list[Place]] = defaultdict(list)
    for row in _rows(raw, name, "World Port Index Number", "UN/LOCODE", "Latitude", "Longitude"):
        lat, lon = number(row["Latitude"]), number(row["Longitude"])
        if lat is None or lon is None:
            continue
        by_number[str(row["World Port Index Number"]).removesuffix(".0")].append((lat, lon))
        for country, place in CODE.findall(row["UN/LOCODE"] or ""):
            by_code[f"{country}{place}"].append((lat, lon))
    return by_number, by_code


def _rows(raw: RawStore, name: str, *columns: str) -> Iterator[dict[str, str]]:
    path = raw.path(name)
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
            rows = csv.DictReader(text)
            if missing := [name for name in columns if name not in (rows.fieldnames or ())]:
                raise TransshipError(f"{path}: no column {missing[0]!r}; remove it and fetch again")
            yield from rows
    except (OSError, csv.Error) as error:
        raise TransshipError(f"{path}: cannot be read ({error}); remove it and fetch again") from error
