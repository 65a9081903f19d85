"""The tables: whole, consistent, and right at places that a person can check on a chart."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import shapely

import geo
from geo import cells
from geo.gazetteer import GazetteerError, build, fingerprint
from geo.make import plain

# One harbour under two codes: what is right for one is right for the other.
ONE_HARBOUR = {"RUROV": "RURND", "RUCPC": "RUNVS", "RUKZM": "RUVYP"}

# Lanes, straits and open roads, by hand from the chart: nobody lies at a berth here.
OPEN_WATER = {
    "Bosphorus, south entrance": (41.008, 28.996),
    "Bosphorus, middle": (41.080, 29.055),
    "Bosphorus, north entrance": (41.215, 29.130),
    "Dardanelles off Canakkale": (40.150, 26.385),
    "Dardanelles off Gelibolu": (40.400, 26.715),
    "Dardanelles, south entrance": (40.020, 26.170),
    "Strait of Gibraltar, westbound lane": (35.985, -5.480),
    "Strait of Gibraltar, eastbound lane": (35.920, -5.550),
    "Bay of Gibraltar, middle": (36.130, -5.395),
    "Gibraltar, west anchorage": (36.146, -5.379),
    "Ceuta, north anchorage": (35.916, -5.331),
    "Gulf of Finland, fairway south of Gogland": (59.920, 27.000),
    "Gulf of Finland, fairway at Seskar": (60.050, 28.600),
    "St Petersburg sea canal": (59.900, 30.050),
    "Ust-Luga, fairway": (59.800, 28.300),
    "Kerch strait, under the bridge": (45.309, 36.510),
    "Kerch strait, south": (45.100, 36.530),
    "Kiel canal, approach in the Elbe": (53.870, 9.080),
    "Kiel, fjord": (54.420, 10.190),
    "Suez, anchorage": (29.850, 32.550),
    "Port Said, anchorage": (31.380, 32.330),
    "Novorossiysk, bay mouth": (44.670, 37.845),
    "Casablanca roads": (33.690, -7.620),
    "Jorf Lasfar roads": (33.170, -8.700),
    "Ambarli roads": (40.930, 28.700),
    "Kola inlet, mouth": (69.270, 33.540),
    "Vladivostok, eastern Bosphorus": (43.068, 131.870),
    "Skaw roads": (57.760, 10.750),
    "Malta, Hurd bank": (35.890, 14.800),
}

ON_LAND = {
    "Madrid": (40.42, -3.70),
    "Moscow region, 40 km from any river port": (55.30, 36.40),
    "Marrakesh": (31.63, -8.00),
    "Ankara": (39.93, 32.86),
    "Berlin to Leipzig": (51.90, 12.90),
    "Kansas": (38.50, -98.50),
    "Chukotka, west of the date line": (67.00, 179.00),
    "Chukotka, east of it": (66.60, -175.50),
    "Antarctica": (-85.00, 20.00),
}

NOT_ON_LAND = {
    "Baltic Sea": (57.00, 19.50),
    "Gulf of Finland": (59.95, 26.50),
    "Strait of Gibraltar": (35.95, -5.50),
    "Black Sea": (43.50, 34.00),
    "Caspian Sea": (42.00, 50.50),
    "White Sea": (65.40, 38.00),
    "Bering Sea at the date line": (60.00, 179.99),
    "Neva, St Petersburg": (59.94, 30.33),
    "Neva, upstream": (59.77, 30.80),
    "Lake Ladoga": (60.80, 31.50),
    "Don, Rostov": (47.21, 39.70),
    "Don, Ust-Donetsk": (47.62, 40.93),
    "Volga-Don canal": (48.60, 43.90),
    "Volga, Volgograd": (48.70, 44.53),
    "Volga, Saratov": (51.52, 46.05),
    "Volga, Kazan": (55.75, 49.05),
    "Moscow northern port": (55.85, 37.47),
    "Astrakhan": (46.34, 48.02),
    "Suez canal, Ismailia": (30.58, 32.30),
    "Suez canal, north": (30.90, 32.31),
    "Kiel canal, Rendsburg": (54.30, 9.68),
    "Bosphorus": (41.08, 29.05),
    "Dardanelles": (40.20, 26.40),
    "Rhine, Duisburg": (51.45, 6.73),
    "Panama canal": (9.12, -79.75),
    "Mississippi, Baton Rouge": (30.45, -91.20),
    "Yangtze, Nanjing": (32.09, 118.73),
}


def step(lat: float, lon: float, metres: float) -> Iterator[tuple[float, float]]:
    """Eight points around a point."""
    for bearing in np.radians(np.arange(0, 360, 45)):
        yield (
            lat + metres * np.cos(bearing) / cells.M_PER_DEGREE,
            lon + metres * np.sin(bearing) / cells.M_PER_DEGREE / np.cos(np.radians(lat)),
        )


def test_ids_are_unique_and_references_exist(gazetteer: geo.Gazetteer) -> None:
    g = gazetteer
    ports = set(g.ports["port_id"])
    assert len(ports) == len(g.ports) > 3000
    assert g.terminals["terminal_id"].is_unique
    assert not set(g.terminals["terminal_id"]) & ports
    assert g.hubs["hub_id"].is_unique
    assert set(g.terminals["port_id"]) <= ports
    assert set(g.hubs.loc[g.hubs["kind"] == "port", "hub_id"]) <= ports
    assert set(g.berth_cells["port_id"].unique()) <= ports
    assert set(g.berth_cells["terminal_id"].dropna().unique()) <= set(g.terminals["terminal_id"])
    assert set(g.port_rings["port_id"].unique()) <= ports
    assert set(" ".join(g.gates["port_ids"]).split()) <= ports
    assert set(g.sts_cells["area_id"]) <= set(g.hubs["hub_id"])
    assert g.berth_cells["cell_id"].is_unique
    assert g.sts_cells["cell_id"].is_unique
    assert g.land_cells["cell_id"].is_unique
    assert not g.port_rings.duplicated(["cell_id", "port_id"]).any()


def test_every_row_has_a_source_and_a_country(gazetteer: geo.Gazetteer) -> None:
    for table in (gazetteer.ports, gazetteer.terminals, gazetteer.hubs, gazetteer.gates):
        assert (table["source"].str.len() > 0).all()
        assert (table["name"].str.len() > 0).all()
    for table in (gazetteer.ports, gazetteer.hubs):
        assert table["country"].str.fullmatch("[A-Z]{2}").all()
    assert gazetteer.ports["controlled_by"].str.fullmatch("[A-Z]{2}").all()
    assert gazetteer.ports["role"].isin(["hub", "destination", "origin", "other"]).all()
    for table in (gazetteer.ports, gazetteer.terminals, gazetteer.berth_cells):
        assert table["confidence"].between(1, 4).all()


def test_disputed_and_occupied_ports_are_named_as_agreed(gazetteer: geo.Gazetteer) -> None:
    ports = gazetteer.ports.set_index("port_id")
    for port in ("MAEUN", "MABUJ", "MAVIL"):
        assert (ports.at[port, "country"], bool(ports.at[port, "is_disputed"])) == ("EH", True)
    held = ports[(ports["country"] == "UA") & (ports["controlled_by"] == "RU")]
    assert {"UASVP", "UAKEH", "UAFEO", "UAYAL", "UAZKA", "UAMPW", "UAERD"} <= set(held.index)
    assert held["is_disputed"].all()
    assert (held["role"] == "destination").all()
    assert set(ports[ports["controlled_by"] == "RU"]["country"]) == {"RU", "UA"}


def test_no_port_is_there_twice(gazetteer: geo.Gazetteer) -> None:
    """Same country, like name, near: one port. Ports of the detailed list are told apart by hand."""
    ports = gazetteer.ports
    code = ports.loc[ports["unlocode"] != "", "unlocode"]
    assert code.is_unique
    lat, lon = ports["lat"].to_numpy(), ports["lon"].to_numpy()
    pairs = shapely.STRtree(shapely.points(lon, lat)).query(
        shapely.points(lon, lat), predicate="dwithin", distance=0.1
    )
    twins = []
    for i, j in pairs.T:
        a, b = ports.iloc[i], ports.iloc[j]
        listed = min(a["confidence"], b["confidence"]) == 1
        if i < j and listed and a["country"] == b["country"]:
            metres = float(cells.distance_m(lat[i], lon[i], lat[j], lon[j]))
            if metres < 3500 or (metres < 8000 and plain(a["name"]) == plain(b["name"])):
                twins.append((a["port_id"], b["port_id"], round(metres)))
    assert twins == []


def test_every_placed_port_resolves_to_itself_as_a_berth(gazetteer: geo.Gazetteer) -> None:
    """Hubs, Russian ports and all others that were placed by hand: at the point and 500 m around it."""
    placed = gazetteer.ports[gazetteer.ports["confidence"] > 1]
    lat, lon = gazetteer.ports["lat"].to_numpy(), gazetteer.ports["lon"].to_numpy()
    assert len(placed) > 370
    for port in placed.itertuples():
        place = gazetteer.resolve(port.lat, port.lon)
        assert place is not None, port.port_id
        assert (place.port_id, place.kind) == (port.port_id, "berth")
        if np.sort(cells.distance_m(port.lat, port.lon, lat, lon))[1] > 2500:
            around = [gazetteer.resolve(*p) for p in step(port.lat, port.lon, 500)]
            assert all(p and (p.port_id, p.kind) == (port.port_id, "berth") for p in around), port.port_id


def test_every_hub_and_russian_port_was_placed_by_hand(gazetteer: geo.Gazetteer) -> None:
    ports = gazetteer.ports.set_index("port_id")
    hubs = gazetteer.hubs[gazetteer.hubs["kind"] == "port"]["hub_id"]
    assert (ports.loc[hubs, "confidence"] > 1).all()
    assert {"MAPTM", "MACAS", "MAAGA", "TRAMR", "TRMER", "TRIST", "ESALG", "GIGIB", "AEJEA"} <= set(hubs)
    assert {"DEHAM", "NLRTM", "EETLL"} <= set(gazetteer.hubs.loc[gazetteer.hubs["tier"] == 2, "hub_id"])
    assert not (ports.loc[hubs, "controlled_by"] == "RU").any()
    assert (ports["controlled_by"] == "RU").sum() > 120


def test_terminals_resolve_to_themselves(gazetteer: geo.Gazetteer) -> None:
    """A terminal's middle is its port's; roads are no berth."""
    for t in gazetteer.terminals.itertuples():
        lat = (t.lat + t.lat2) / 2 if t.lat2 == t.lat2 else t.lat
        lon = (t.lon + t.lon2) / 2 if t.lon2 == t.lon2 else t.lon
        place = gazetteer.resolve(lat, lon)
        assert place is not None, t.terminal_id
        assert place.port_id == t.port_id
        assert place.kind == ("anchorage" if t.kind == "anchorage" else "berth"), t.terminal_id


@pytest.mark.parametrize("name", OPEN_WATER)
def test_open_water_is_no_berth(gazetteer: geo.Gazetteer, name: str) -> None:
    place = gazetteer.resolve(*OPEN_WATER[name])
    assert place is None or place.kind == "anchorage", place


def test_most_of_an_area_for_transfers_at_sea_is_no_berth(gazetteer: geo.Gazetteer) -> None:
    """Quays of the hubs may reach into a circle; moorings and storage ships are berths themselves."""
    storage = gazetteer.hubs["hub_id"].isin(["kola_bay", "bechevinskaya", "sakhalin_dekastri"])
    areas = gazetteer.hubs[(gazetteer.hubs["kind"] == "sts_area") & ~storage]
    berths = gazetteer.berth_cells[gazetteer.berth_cells["kind"] == "berth"]["cell_id"].to_numpy()
    lat, lon = cells.centre(berths, cells.FINE)
    side_m = cells.M_PER_DEGREE / cells.FINE
    for area in areas.itertuples():
        centre = gazetteer.resolve(area.lat, area.lon)
        assert centre is None or centre.kind == "anchorage", area.hub_id
        within = cells.distance_m(area.lat, area.lon, lat, lon) <= area.radius_km * 1000
        covered_m2 = side_m**2 * np.cos(np.radians(lat[within])).sum()
        assert covered_m2 / (np.pi * (area.radius_km * 1000) ** 2) < 0.35, area.hub_id


def test_neighbours_do_not_swallow_each_other(gazetteer: geo.Gazetteer) -> None:
    expected = {
        (35.8950, -5.4920): "MAPTM",
        (35.7890, -5.8050): "MATNG",
        (36.1450, -5.4350): "ESALG",
        (36.1380, -5.3590): "GIGIB",
        (35.2780, -2.9200): "MANDR",
        (35.2910, -2.9320): "ESMLN",
        (59.7840, 28.4380): "RUULU",
        (59.6850, 28.4150): "RUULU",
        (59.9185, 29.7730): "RUBRK",
        (59.9345, 29.6950): "RUBNK",
        (59.9880, 29.7400): "RUKDT",
        (59.8850, 30.2050): "RULED",
        (44.7040, 37.8360): "RUNVS",
        (44.7250, 37.7900): "RUNVS",
        (44.6120, 37.6400): "RUCPC",
    }
    found = {p: gazetteer.resolve(*p) for p in expected}
    assert {p: f.port_id if f else None for p, f in found.items()} == expected
    assert all(f and f.kind == "berth" for f in found.values())


def test_offshore_loading_points_are_berths(gazetteer: geo.Gazetteer) -> None:
    for port, lat, lon in [
        ("RUCPC", 44.612, 37.640), ("RUVAR", 69.050, 58.150), ("RUMMK", 69.065, 33.130),
        ("RUDKA", 51.437, 140.888), ("RUPGN", 46.620, 142.900), ("RU-ARCTICGATE", 68.504, 73.669),
    ]:  # fmt: skip
        place = gazetteer.resolve(lat, lon)
        assert place is not None
        assert (place.port_id, place.kind) == (port, "berth")


def test_rings_hold_the_nearest_point_within_seven_km(gazetteer: geo.Gazetteer) -> None:
    rings = gazetteer.port_rings
    assert len(rings) < 1_500_000
    sample = rings.sample(5000, random_state=1)
    lat, lon = cells.centre(sample["cell_id"].to_numpy(), cells.COARSE)
    d = cells.distance_m(lat, lon, sample["point_lat"], sample["point_lon"])
    assert np.abs(d - sample["d_m"]).max() < 10
    assert rings["d_m"].max() <= 7000
    # Every berth cell lies in its port's ring, so a ship at berth is always inside the port.
    berths = gazetteer.berth_cells.sample(5000, random_state=1)
    lat, lon = cells.centre(berths["cell_id"].to_numpy(), cells.FINE)
    keys = set(zip(rings["cell_id"], rings["port_id"], strict=True))
    wanted = zip(cells.cell_id(lat, lon, cells.COARSE).tolist(), berths["port_id"], strict=True)
    assert sum(key not in keys for key in wanted) == 0


def test_tables_stay_small(gazetteer: geo.Gazetteer) -> None:
    assert len(gazetteer.berth_cells) < 1_550_000
    assert len(gazetteer.land_cells) < 2_500_000
    for path in (Path(geo.__file__).parent / "data").rglob("*"):
        assert path.stat().st_size < 2 * 2**20, path.name


@pytest.mark.parametrize("name", ON_LAND)
def test_land_is_land(gazetteer: geo.Gazetteer, name: str) -> None:
    assert gazetteer.on_land(*ON_LAND[name])


@pytest.mark.parametrize("name", NOT_ON_LAND)
def test_water_is_not_land(gazetteer: geo.Gazetteer, name: str) -> None:
    assert not gazetteer.on_land(*NOT_ON_LAND[name])


def test_no_place_to_lie_is_on_land(gazetteer: geo.Gazetteer) -> None:
    land = gazetteer.land_cells.set_index("cell_id")["mask"]
    lat, lon = cells.centre(gazetteer.berth_cells["cell_id"].to_numpy(), cells.FINE)
    row, col = np.floor((lat + 90) * 50).astype(int), np.floor((lon + 180) * 50).astype(int)
    mask = land.reindex(row // 5 * 1_000_000 + col // 5).fillna(0).to_numpy(np.int64)
    assert ((mask >> (row % 5 * 5 + col % 5)) & 1).sum() == 0


def test_the_join_in_sql_gives_what_resolve_gives(gazetteer: geo.Gazetteer, tmp_path: Path) -> None:
    files = gazetteer.write(tmp_path)
    assert set(files) == {
        "ports", "terminals", "hubs", "gates", "gate_edges", "gate_cells", "gate_ports", "port_rings",
        "berth_cells", "sts_cells", "land_cells",
    }  # fmt: skip
    points = [*OPEN_WATER.values(), *zip(gazetteer.terminals["lat"], gazetteer.terminals["lon"], strict=True)]
    rows = duckdb.execute(
        f"""
        SELECT b.port_id, b.terminal_id, b.kind, b.confidence
        FROM (SELECT unnest($lat) AS lat, unnest($lon) AS lon, generate_subscripts($lat, 1) AS i) AS p
        LEFT JOIN '{files["berth_cells"]}' AS b
          ON b.cell_id = CAST(floor((p.lat + 90) * 500) AS BIGINT) * 1000000
                       + CAST(floor((p.lon + 180) * 500) AS BIGINT)
        ORDER BY p.i
        """,
        {"lat": [float(p[0]) for p in points], "lon": [float(p[1]) for p in points]},
    ).fetchall()
    for row, point in zip(rows, points, strict=True):
        place = gazetteer.resolve(*point)
        expected = (place.port_id, place.terminal_id, place.kind, place.confidence) if place else (None,) * 4
        assert row == expected
    land = duckdb.execute(
        f"""
        SELECT p.lat, p.lon, l.mask IS NOT NULL
               AND (l.mask // CAST(pow(2, (row % 5) * 5 + col % 5) AS BIGINT)) % 2 = 1
        FROM (SELECT lat, lon, CAST(floor((lat + 90) * 50) AS BIGINT) AS row,
                     CAST(floor((lon + 180) * 50) AS BIGINT) AS col
              FROM (SELECT unnest($lat) AS lat, unnest($lon) AS lon)) AS p
        LEFT JOIN '{files["land_cells"]}' AS l ON l.cell_id = (p.row // 5) * 1000000 + p.col // 5
        """,
        {"lat": [p[0] for p in ON_LAND.values()] + [59.95], "lon": [p[1] for p in ON_LAND.values()] + [26.5]},
    ).fetchall()
    assert [is_land for _, _, is_land in land] == [True] * len(ON_LAND) + [False]


def test_the_fingerprint_tells_one_gazetteer_from_another(tmp_path: Path) -> None:
    mine = tmp_path / "hubs.csv"
    before = fingerprint(mine)
    assert before == fingerprint() == fingerprint()
    mine.write_text("hub_id,name,kind,country,lat,lon,radius_km\nmy_roads,My roads,sts_area,CY,34.5,32.9,8\n")
    assert fingerprint(mine) != before


def test_a_user_adds_hubs_without_code(tmp_path: Path) -> None:
    mine = tmp_path / "hubs.csv"
    mine.write_text(
        "hub_id,name,kind,country,lat,lon,radius_km\n"
        "my_roads,My roads,sts_area,CY,34.50,32.90,8\n"
        "XX-NEWPORT,New port,port,MA,29.70,-10.05,3\n"
        "MAPTM,Tanger Med and its roads,port,MA,35.889,-5.503,9\n"
    )
    g = build(mine)
    hubs = g.hubs.set_index("hub_id")
    assert hubs.at["MAPTM", "radius_km"] == 9
    assert hubs.at["my_roads", "source"] == "user's file hubs.csv"
    place = g.resolve(29.70, -10.05)
    assert place is not None
    assert (place.port_id, place.kind) == ("XX-NEWPORT", "berth")
    assert "my_roads" in set(g.sts_cells["area_id"])
    assert g.hubs["hub_id"].is_unique


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hub_id,name\nx,y\n", "column(s) kind, country, lat, lon, radius_km are missing"),
        ("hub_id,name,kind,country,lat,lon,radius_km\nx,X,harbour,MA,1,2,3\n", "line 2: kind is 'harbour'"),
        (
            "hub_id,name,kind,country,lat,lon,radius_km\nx,X,port,MA,1,2,3\ny,Y,port,MA,north,2,3\n",
            "line 3: lat, lon",
        ),
        (
            "hub_id,name,kind,country,lat,lon,radius_km\nx,X,port,MA,91,2,3\n",
            "line 2: lat, lon or radius_km is out",
        ),
        (
            "hub_id,name,kind,country,lat,lon,radius_km\nx,X,port,MA,1,2,3\nx,Y,port,MA,1,2,3\n",
            "x stands twice",
        ),
        ("", "cannot be read as CSV"),
    ],
)
def test_a_bad_hubs_file_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    mine = tmp_path / "hubs.csv"
    mine.write_text(text)
    with pytest.raises(GazetteerError) as error:
        build(mine)
    assert says in str(error.value)
    assert str(mine) in str(error.value)
    assert "\n" not in str(error.value)


def test_building_twice_gives_the_same_tables(gazetteer: geo.Gazetteer) -> None:
    again = build()
    for name in (
        "ports",
        "terminals",
        "hubs",
        "gates",
        "port_rings",
        "berth_cells",
        "sts_cells",
        "land_cells",
    ):
        assert getattr(gazetteer, name).equals(getattr(again, name)), name


def inside(outline: shapely.Geometry, n: int = 12) -> list[tuple[float, float]]:
    """Points of a lattice that lie in the outline."""
    west, south, east, north = outline.bounds
    grid = [(y, x) for y in np.linspace(south, north, n) for x in np.linspace(west, east, n)]
    return [(y, x) for y, x in grid if outline.intersects(shapely.Point(x, y))]


def test_russian_berths_drawn_by_others_resolve_to_their_ports(
    gazetteer: geo.Gazetteer, shared_dir: Path
) -> None:
    """45 outlines of Russian berths from a list that the gazetteer was not built from."""
    path = shared_dir / "data" / "places" / "russian-berths.geojson.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    outlines = json.loads(gzip.decompress(path.read_bytes()))["features"]
    russian = [f for f in outlines if (f["properties"]["port_unlocode"] or "").startswith("RU")]
    assert len(russian) == 45
    right = wrong_port = 0
    for feature in russian:
        outline = shapely.make_valid(shapely.geometry.shape(feature["geometry"]))
        code = feature["properties"]["port_unlocode"]
        middle = outline.representative_point()
        place = gazetteer.resolve(middle.y, middle.x)
        same = place is not None and ONE_HARBOUR.get(place.port_id, place.port_id) == ONE_HARBOUR.get(
            code, code
        )
        right += bool(place and place.kind == "berth" and same)
        wrong_port += place is not None and not same
    assert right >= 43
    assert wrong_port == 0


def test_real_ships_are_not_on_land(gazetteer: geo.Gazetteer, shared_dir: Path) -> None:
    """Of 9,887 reports around the Strait of Gibraltar four are garbled; none of 22,287 in the Suez canal."""
    for name, columns, most in [
        ("gibraltar/gibraltar-2016-06-01_00-06.csv.gz", ["LAT", "LON"], 4),
        ("evergiven/boat-positions.csv.gz", ["latitude", "longitude"], 0),
    ]:
        path = shared_dir / "data" / "ais" / name
        if not path.exists():
            pytest.skip(f"{path} is not there")
        rows = pd.read_csv(path, sep=None, engine="python", encoding="utf-8-sig", usecols=columns)
        assert sum(gazetteer.on_land(lat, lon) for lat, lon in rows[columns].to_numpy()) <= most
