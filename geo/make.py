"""Make the generated part of geo/data again from the reference lists (a maintainer's script).

    python -m geo.make --reference DIR --land land-10m.json --coast gshhg.wkb --sea-ports ports.json

DIR holds ports.csv, ports_wpi.csv, ports_searoute.csv, sts_areas.csv and anchorage_cells_gfw.csv.gz;
docs/gazetteer.md says where each comes from and how the two coastlines are fetched. Same input, same files.
"""

import argparse
import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo import land, make_land
from geo.cells import M_PER_DEGREE, Floats, distance_m
from geo.countries import ISO2, SEAROUTE_CODES, WPI_COUNTRIES

DATA = Path(__file__).parent / "data"
HAND = DATA / "by_hand"

WPI = "World Port Index (NGA Pub. 150)"
SEAROUTE = "searoute 1.6.0"
SEA_PORTS = "sea-ports 0.0.9"

# A listed port is one that we have when it lies this near; with a like or equal name also further off.
SAME_PORT_M = 4_000.0
SAME_NAME_M = 16_000.0
EQUAL_NAME_M = 45_000.0
SAME_ACROSS_BORDER_M = 1_500.0
# Cells where ships lie belong to the nearest port within this distance.
STOP_OF_PORT_M = 15_000.0
# A cell where ships lie is a berth when its centre is as near as this to the shore; further out they anchor.
BERTH_OF_SHORE_M = 600.0
# A listed place without sea or ships within this distance is an inland town, no port.
WET_M = 10_000.0
# South, north, west, east of North America's lakes: their ports stay out, none of our sources hears them.
GREAT_LAKES = (41.0, 49.5, -93.0, -74.2)

# Ports of Ukraine that Russia has held since 2014 (Crimea) or 2022.
RUSSIAN_HELD = (
    "UASVP", "UAKEH", "UAFEO", "UAYAL", "UAZKA", "UA-CHORNOMORSKE", "UAMPW", "UAERD",
    "UA-ALUSHTA", "UA-BALAKLAVA", "UA-SUDAK", "UA-HENICHESK", "UA-KHORLY", "UA-KYRYLIVKA", "UA-SKADOVSK",
)  # fmt: skip
SECOND_HUB_BASINS = {"North Sea", "Baltic Sea", "Kattegat", "English Channel"}

# Radius of the circle that stands for a port's berths: less where a lane or an anchorage is near, more where
# ships lie at moorings at sea and the point is known to some kilometres only.
BERTH_KM = {
    "TRIST": 0.8, "TRHAY": 0.8, "TRCKZ": 0.9, "TRGEL": 0.8, "GIGIB": 0.75, "EGPSD": 1.0, "EGSUZ": 1.0,
    "RUCPC": 2.0, "RUVAR": 2.0, "RU-PRIRAZLOM": 2.0, "RU-ARCTICGATE": 2.0, "RU-KORYAKFSU": 2.0, "LTBOT": 1.8,
    "EGSKT": 1.8, "EGMAH": 1.8, "EGAIS": 1.8,
}  # fmt: skip
LISTED_BERTH_KM = 1.5
PLACED_BERTH_KM = 1.2

PORT_COLUMNS = [
    "port_id", "name", "country", "controlled_by", "basin", "role", "kind", "lat", "lon", "radius_km",
    "berth_km", "is_disputed", "unlocode", "harbour_size", "confidence", "source", "source_id", "note",
]  # fmt: skip


def plain(name: str) -> set[str]:
    """The words of a port's name that tell it from others."""
    common = {
        "port",
        "de",
        "del",
        "la",
        "el",
        "al",
        "of",
        "the",
        "bay",
        "harbour",
        "harbor",
        "puerto",
        "porto",
        "island",
        "new",
    }
    words = re.sub(r"[^a-z0-9 ]", " ", name.lower().replace("'", "")).split()
    return {w for w in words if w not in common and len(w) > 2} or set(words)


def made_id(country: str, name: str) -> str:
    """An id for a port without a UN/LOCODE: the country and the name's letters."""
    letters = re.sub(r"[^A-Z0-9]", "", name.upper().split("(")[0])
    return f"{country}-{letters}"


def read(folder: Path, name: str) -> pd.DataFrame:
    """A reference list with empty cells as empty text ('NA' is Namibia)."""
    return pd.read_csv(folder / name, keep_default_na=False)


def detailed(reference: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The hand-placed ports and, of those with a parent, terminals. GFW's visit counts stay behind."""
    rows = read(reference, "ports.csv")
    note = (
        rows["note"].str.replace(r"(?:; )?(?:taken: [^;]*|AIS-derived[^;]*)", "", regex=True).str.strip("; ")
    )
    ports = pd.DataFrame(
        {
            "port_id": rows["port_id"],
            "name": rows["name"],
            "country": rows["country_iso2"],
            "controlled_by": rows["country_iso2"].where(~rows["port_id"].str.startswith(RUSSIAN_HELD), "RU"),
            "basin": rows["basin"],
            "role": rows["role"],
            "kind": rows["kind"],
            "lat": rows["lat"],
            "lon": rows["lon"],
            "radius_km": rows["radius_km"],
            "berth_km": rows["port_id"].map(BERTH_KM).fillna(PLACED_BERTH_KM),
            "is_disputed": rows["is_disputed"].astype(int),
            "unlocode": rows["unlocode"],
            "harbour_size": rows["harbour_size"],
            # Graded anew: GFW's counts of visits, by which the list graded its rows, are not passed on.
            "confidence": np.where(pd.to_numeric(rows["check_km"], errors="coerce") <= 6, 3, 2),
            "source": "placed by hand"
            + np.where(rows["check_source"] != "", ", checked against " + rows["check_source"], ""),
            "source_id": rows["source_id"],
            "note": note,
        }
    )
    has_parent = rows["parent_port_id"] != ""
    terminals = ports[has_parent].assign(parent=rows.loc[has_parent, "parent_port_id"])
    return ports[~has_parent].reset_index(drop=True), terminals.reset_index(drop=True)


def listed(reference: Path) -> pd.DataFrame:
    """World Port Index and searoute's ports in one form; searoute first, as it brings the UN/LOCODE."""
    searoute = read(reference, "ports_searoute.csv")
    code = searoute["unlocode"].replace(SEAROUTE_CODES)
    code = code.where(code.str.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}"), "")
    first = pd.DataFrame(
        {
            "unlocode": code,
            "name": searoute["name"].str.strip(),
            "country": searoute["unlocode"].replace(SEAROUTE_CODES).str[:2],
            "lat": searoute["lat"].astype(float),
            "lon": searoute["lon"].astype(float),
            "source": SEAROUTE,
            "source_id": searoute["unlocode"],
        }
    )
    wpi = read(reference, "ports_wpi.csv")
    country = wpi["iso3"].map(ISO2).fillna("")
    second = pd.DataFrame(
        {
            "unlocode": "",
            "name": wpi["label"].str.title(),
            "country": country.where(country != "", wpi["label"].map(WPI_COUNTRIES).fillna("")),
            "lat": wpi["latitude"].astype(float),
            "lon": wpi["longitude"].astype(float),
            "source": WPI,
            "source_id": wpi["label"],
        }
    )
    corrected = read(HAND, "corrected.csv").set_index("source_id")
    place = first["source_id"].isin(corrected.index)
    for column in ("unlocode", "name", "lat", "lon"):
        first.loc[place, column] = corrected.loc[first.loc[place, "source_id"], column].to_numpy()
    return pd.concat([first, second], ignore_index=True)


def merge_world(base: pd.DataFrame, base_terminals: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The listed ports that `base` lacks, each once: by UN/LOCODE, by distance, by name when further off."""
    known_codes = set(base["unlocode"]) | set(base["port_id"]) | set(base_terminals["unlocode"])
    places = pd.concat([base, base_terminals], ignore_index=True)
    lat, lon = list(places["lat"]), list(places["lon"])
    reach = [max(SAME_PORT_M, min(r * 1000.0, 12_000.0)) for r in places["radius_km"]]
    names, countries = [plain(n) for n in places["name"]], list(places["country"])
    at = [-1] * len(places)
    kept: list[dict[str, Any]] = []
    for row in rows.to_dict("records"):
        if row["unlocode"] and row["unlocode"] in known_codes:
            continue
        d = distance_m(row["lat"], row["lon"], np.array(lat), np.array(lon))
        words = plain(row["name"])
        near = np.flatnonzero(d < EQUAL_NAME_M)
        same = [i for i in near if _is_same(row["country"] == countries[i], words, names[i], d[i], reach[i])]
        if same:
            twin = at[min(same, key=lambda i: (words != names[i], d[i]))]
            # The index's points are to the minute; a listed town centre gives way to it where both are known.
            if twin >= 0 and row["source"] == WPI and kept[twin]["source"] == SEAROUTE:
                kept[twin].update(
                    source=f"{SEAROUTE}; {WPI}", source_id=f"{kept[twin]['source_id']}; {row['source_id']}"
                )
                kept[twin].update(wpi_lat=row["lat"], wpi_lon=row["lon"])
            continue
        lat.append(row["lat"])
        lon.append(row["lon"])
        reach.append(SAME_PORT_M)
        names.append(words)
        countries.append(row["country"])
        at.append(len(kept))
        if row["unlocode"]:
            known_codes.add(row["unlocode"])
        kept.append(row)
    return pd.DataFrame(kept)


def _is_same(same_country: bool, words: set[str], others: set[str], metres: float, reach: float) -> bool:
    """Whether two entries are one port."""
    if not same_country:
        return metres < SAME_ACROSS_BORDER_M
    return metres < reach or (metres < SAME_NAME_M and bool(words & others)) or words == others


def as_ports(rows: pd.DataFrame, taken: set[str]) -> pd.DataFrame:
    """Listed ports in the form of `ports.csv`, with ids that no other port has."""
    ids = []
    for row in rows.to_dict("records"):
        wanted = row["unlocode"] or made_id(row["country"], row["name"])
        name, k = wanted, 2
        while name in taken:
            name, k = f"{wanted}{k}", k + 1
        taken.add(name)
        ids.append(name)
    held = np.isin(ids, RUSSIAN_HELD)
    controlled_by = np.where(held, "RU", rows["country"])
    return pd.DataFrame(
        {
            "port_id": ids, "name": rows["name"], "country": rows["country"], "controlled_by": controlled_by,
            "basin": "", "role": np.where(controlled_by == "RU", "destination", "other"), "kind": "port",
            "lat": rows["lat"].round(5), "lon": rows["lon"].round(5), "radius_km": 3.0,
            "berth_km": LISTED_BERTH_KM,
            "is_disputed": held.astype(int), "unlocode": rows["unlocode"], "harbour_size": "",
            "confidence": 1,
            "source": rows["source"], "source_id": rows["source_id"], "note": "",
        }
    )  # fmt: skip


def with_codes(rows: pd.DataFrame, sea_ports: dict[str, Any], taken: set[str]) -> pd.DataFrame:
    """UN/LOCODEs for ports that have none, by country and place in sea-ports.

    A like name within 4 km, or an equal one within 45 km.
    """
    taken = taken | set(rows["unlocode"])
    rows = rows.copy()
    by_country: dict[str, list[tuple[str, set[str], float, float]]] = {}
    for code, port in sorted(sea_ports.items()):
        if port.get("coordinates"):
            lon, lat = port["coordinates"]
            by_country.setdefault(code[:2], []).append((code, plain(port["name"]), lat, lon))
    for i in rows.index[rows["unlocode"] == ""]:
        words = plain(str(rows.at[i, "name"]))
        for code, others, lat, lon in by_country.get(str(rows.at[i, "country"]), []):
            metres = distance_m(rows.at[i, "lat"], rows.at[i, "lon"], lat, lon)
            like = metres < SAME_PORT_M and (words <= others or others <= words)
            same = metres < EQUAL_NAME_M and words == others
            if code not in taken and (like or same):
                rows.at[i, "unlocode"] = code
                rows.at[i, "source"] = f"{rows.at[i, 'source']}; code from {SEA_PORTS}"
                taken.add(code)
                break
    return rows


class Coast:
    """Distance to the nearest shore, from polygons of land."""

    def __init__(self, land: shapely.Geometry) -> None:
        """`land` is any collection of polygons; its rings are cut into short pieces and indexed."""
        self.parts = shapely.get_parts(land)
        rings = shapely.get_rings(self.parts)
        points = shapely.get_coordinates(rings)
        start = np.repeat(np.arange(len(rings)), shapely.get_num_coordinates(rings))
        inner = start[1:] == start[:-1]
        self.lines = shapely.linestrings(np.stack([points[:-1][inner], points[1:][inner]], axis=1))
        self.tree = shapely.STRtree(self.lines)
        self.areas = shapely.STRtree(self.parts)

    def on_land(self, lat: Floats, lon: Floats) -> npt.NDArray[np.bool_]:
        """Whether the points lie within the polygons."""
        index, part = self.areas.query(shapely.points(lon, lat))
        out = np.zeros(len(lat), bool)
        for p in np.unique(part):
            mine = index[part == p]
            shapely.prepare(self.parts[p])
            out[mine] |= shapely.contains_xy(self.parts[p], lon[mine], lat[mine])
        return out

    def distance_m(self, lat: Floats, lon: Floats, most_m: float) -> Floats:
        """Metres to the shore, infinite where it is further than `most_m`."""
        out = np.full(len(lat), np.inf)
        pad = most_m / M_PER_DEGREE
        wide = pad / np.cos(np.radians(np.minimum(np.abs(lat) + pad, 89)))
        boxes = shapely.box(lon - wide, lat - pad, lon + wide, lat + pad)
        index, line = self.tree.query(boxes)
        ends = shapely.get_coordinates(self.lines[line]).reshape(-1, 2, 2)
        k = np.cos(np.radians(lat[index]))
        ax, ay = (ends[:, 0, 0] - lon[index]) * k, ends[:, 0, 1] - lat[index]
        bx, by = (ends[:, 1, 0] - lon[index]) * k, ends[:, 1, 1] - lat[index]
        dx, dy = bx - ax, by - ay
        t = np.clip(-(ax * dx + ay * dy) / np.maximum(dx * dx + dy * dy, 1e-18), 0, 1)
        d = np.hypot(ax + t * dx, ay + t * dy) * M_PER_DEGREE
        np.minimum.at(out, index, d)
        return np.where(out <= most_m, out, np.inf)


def stops(reference: Path, places: pd.DataFrame, coast: Coast) -> pd.DataFrame:
    """Places where ships lie (GFW), each given to the nearest port within reach, as berth or anchorage."""
    cells = read(reference, "anchorage_cells_gfw.csv.gz").drop_duplicates("s2id")
    cells = cells[["latitude", "longitude", "s2id"]].sort_values("s2id", ignore_index=True)
    lat, lon = cells["latitude"].to_numpy(float), cells["longitude"].to_numpy(float)
    index, place, d = near_pairs(
        lat, lon, places["lat"].to_numpy(float), places["lon"].to_numpy(float), STOP_OF_PORT_M
    )
    # Within a port's own radius before outside of it, then the nearest.
    outside = d > places["radius_km"].to_numpy(float)[place] * 1000
    order = np.lexsort((place, d, outside, index))
    first = order[np.unique(index[order], return_index=True)[1]]
    out = pd.DataFrame(
        {
            "lat": lat[index[first]].round(5),
            "lon": lon[index[first]].round(5),
            "port_id": places["port_id"].to_numpy()[place[first]],
            "to_port_m": d[first],
        }
    )
    shore = coast.distance_m(out["lat"].to_numpy(float), out["lon"].to_numpy(float), 2_000.0)
    # The old coast knows no new harbours: what it calls land is a basin, a quay or a river.
    inside = coast.on_land(out["lat"].to_numpy(float), out["lon"].to_numpy(float))
    out["kind"] = np.where(inside | (shore <= BERTH_OF_SHORE_M), "berth", "anchorage")
    return out.drop(columns="to_port_m").sort_values(["port_id", "lat", "lon"], ignore_index=True)


def near_pairs(
    lat: Floats, lon: Floats, lat2: Floats, lon2: Floats, within_m: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """(index of 1, index of 2, metres) of all pairs within a distance, poles and date line left aside."""
    pad = within_m / M_PER_DEGREE
    wide = pad / np.cos(np.radians(np.minimum(np.abs(lat) + pad, 89)))
    tree = shapely.STRtree(shapely.points(lon2, lat2))
    i, j = tree.query(shapely.box(lon - wide, lat - pad, lon + wide, lat + pad))
    d = distance_m(lat[i], lon[i], lat2[j], lon2[j])
    return i[d <= within_m], j[d <= within_m], d[d <= within_m]


def hubs(reference: Path, ports: pd.DataFrame) -> pd.DataFrame:
    """Hub ports of the first and second tier, and the areas known for transfers at sea."""
    first = ports[(ports["role"] == "hub") & (ports["controlled_by"] != "RU")]
    second = ports[(ports["role"] == "origin") & ports["basin"].isin(SECOND_HUB_BASINS)]
    of_ports = pd.concat([first.assign(tier=1), second.assign(tier=2)])
    of_ports = of_ports.rename(columns={"port_id": "hub_id"}).assign(kind="port")
    areas = read(reference, "sts_areas.csv").rename(columns={"area_id": "hub_id"}).assign(kind="sts_area")
    areas["tier"] = np.where(areas["country"] == "RU", 3, np.where(areas["lat"] > 53, 2, 1))
    areas["source"] = "circle placed by hand" + np.where(
        areas["source"].str.startswith("http"), "; reported by " + areas["source"], ""
    )
    columns = ["hub_id", "name", "kind", "country", "lat", "lon", "radius_km", "tier", "source", "note"]
    out = pd.concat([of_ports[columns], areas[columns]], ignore_index=True)
    return out.sort_values(["kind", "hub_id"], ignore_index=True)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A CSV, gzipped without a time stamp when so named, the same bytes for the same rows."""
    text = io.StringIO()
    frame.to_csv(text, index=False, lineterminator="\n")
    write_bytes(text.getvalue().encode(), path)


def write_bytes(content: bytes, path: Path) -> None:
    """The bytes, gzipped without name and time when the path ends in .gz."""
    path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)


def main() -> None:
    """Read the arguments and write geo/data."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--land", type=Path, required=True, help="land-10m.json of npm world-atlas 2.0.2")
    parser.add_argument("--coast", type=Path, required=True, help="GSHHG full resolution land as WKB")
    parser.add_argument("--sea-ports", type=Path, required=True, help="lib/ports.json of npm sea-ports 0.0.9")
    args = parser.parse_args()
    coast = Coast(shapely.from_wkb(args.coast.read_bytes()))
    base, terminals = detailed(args.reference)
    rows = listed(args.reference)
    rows = rows[~rows["source_id"].isin(read(HAND, "dropped.csv")["source_id"])]
    world = merge_world(base, terminals, rows)
    taken = set(base["unlocode"]) | set(base["port_id"]) | set(terminals["unlocode"])
    world = with_codes(world, json.loads(args.sea_ports.read_text()), taken)
    cells = read(args.reference, "anchorage_cells_gfw.csv.gz")
    lat, lon = world["lat"].to_numpy(float), world["lon"].to_numpy(float)
    wet = np.isfinite(coast.distance_m(lat, lon, WET_M))
    wet[
        np.unique(
            near_pairs(
                lat, lon, cells["latitude"].to_numpy(float), cells["longitude"].to_numpy(float), WET_M
            )[0]
        )
    ] = True
    # What both lists name is a port that ships reach, up a river where no coastline tells of water (Houston);
    # what World Port Index has far from any shore lies at sea (Girassol).
    in_index = world["source"].str.contains(WPI, regex=False).to_numpy()
    south, north, west, east = GREAT_LAKES
    lakes = (lat > south) & (lat < north) & (lon > west) & (lon < east)
    wet |= in_index & world["source"].str.contains(SEAROUTE, regex=False).to_numpy() & ~lakes
    wet |= in_index & ~coast.on_land(lat, lon)
    ports = pd.concat(
        [base, as_ports(world[wet].reset_index(drop=True), set(base["port_id"]))], ignore_index=True
    )
    ports = ports.sort_values("port_id", ignore_index=True)[PORT_COLUMNS]
    write_csv(ports, DATA / "ports.csv")
    by_hand = read(HAND, "terminals.csv")
    far_ends = by_hand[by_hand["lat2"] != ""].assign(lat=by_hand["lat2"], lon=by_hand["lon2"])
    places = pd.concat([ports, by_hand, far_ends], ignore_index=True)[["port_id", "lat", "lon", "radius_km"]]
    places = places.astype({"lat": float, "lon": float, "radius_km": float})
    write_csv(stops(args.reference, places, coast), DATA / "stops.csv.gz")
    write_csv(hubs(args.reference, ports), DATA / "hubs.csv")
    write_bytes(args.land.read_bytes(), DATA / "land-10m.json.gz")
    stops_at = (cells["latitude"].to_numpy(float), cells["longitude"].to_numpy(float))
    places_at = (places["lat"].to_numpy(float), places["lon"].to_numpy(float))
    write_csv(
        make_land.runs(land.polygons(), places_at, stops_at, lanes(), waterways()), DATA / "land_runs.csv.gz"
    )


def lanes() -> list[make_land.Path2]:
    """searoute's network of shipping lanes as lists of (lat, lon): its canals and estuaries are no land."""
    import searoute  # noqa: PLC0415 - slow, and nobody else needs it here

    network = json.loads((Path(searoute.__file__).parent / "data" / "marnet_searoute.geojson").read_text())
    lines = [
        line for f in network["features"] for line in shapely.get_parts(shapely.geometry.shape(f["geometry"]))
    ]
    return [[(lat, lon) for lon, lat in shapely.get_coordinates(line).tolist()] for line in lines]


def waterways() -> list[tuple[float, make_land.Path2]]:
    """Rivers, lakes and canals that ships sail on, drawn by hand: (half width in metres, way)."""
    rows = read(HAND, "waterways.csv")
    ways = [[(float(a), float(b)) for a, b in (p.split() for p in path.split(";"))] for path in rows["path"]]
    return list(zip((rows["radius_km"].astype(float) * 1000).tolist(), ways, strict=True))


if __name__ == "__main__":
    main()
