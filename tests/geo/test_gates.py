"""Every gate runs from land to land, and the ports it leads to lie on its right."""

import numpy as np
import pytest
import shapely

import geo
from geo import cells, land
from geo.gazetteer import gate_areas

# Ways that ships take: (from outside, to inside) crosses the gate once, inbound.
INBOUND = {
    "gulf_of_finland_east": ((59.90, 26.50), (60.05, 28.60)),
    "baltiysk": ((54.65, 19.30), (54.64, 19.86)),
    "kola_inlet": ((69.45, 33.52), (69.20, 33.52)),
    "white_sea_throat": ((67.20, 42.00), (65.60, 39.40)),
    "kerch_strait": ((44.50, 36.50), (45.10, 36.53)),
    "novorossiysk": ((44.00, 37.50), (44.62, 37.85)),
    "peter_the_great_gulf": ((42.00, 132.10), (42.90, 131.90)),
    "tatar_strait": ((44.50, 139.00), (47.50, 140.50)),
    "aniva_bay": ((45.60, 142.80), (46.50, 142.75)),
    "avacha_bay": ((52.70, 158.90), (52.95, 158.60)),
    "kaliningrad_north": ((55.20, 20.00), (54.98, 20.25)),
    "gulf_of_ob": ((73.01, 73.80), (72.10, 73.70)),
    "yenisei": ((72.70, 80.50), (72.00, 81.70)),
    "tuapse": ((43.85, 38.90), (44.07, 39.05)),
    "caspian_volga": ((44.40, 48.40), (45.40, 47.60)),
    "nagaeva_bay": ((59.50, 150.20), (59.54, 150.70)),
}
# Ways that lead elsewhere and cross no gate at all.
ELSEWHERE = {
    "to Kotka": ((59.80, 26.00), (60.40, 26.93)),
    "to Sillamae": ((59.75, 27.00), (59.43, 27.75)),
    "to Klaipeda": ((54.90, 19.00), (55.70, 21.00)),
    "Bosphorus to Batumi": ((41.30, 29.20), (41.66, 41.60)),
    "La Perouse strait": ((45.60, 140.50), (45.70, 143.50)),
    "Tsushima to Tsugaru": ((35.00, 130.00), (41.20, 140.00)),
}

Point = tuple[float, float]


def crossing(segment: tuple[Point, Point], way: tuple[Point, Point]) -> int:
    """+1 if the way crosses the segment from its left to its right, -1 the other way, 0 if not at all."""
    (a, b), (p, q) = segment, way

    def side(o: Point, d: Point, x: Point) -> float:
        return (d[1] - o[1]) * (x[0] - o[0]) - (d[0] - o[0]) * (x[1] - o[1])

    if side(a, b, p) * side(a, b, q) >= 0 or side(p, q, a) * side(p, q, b) >= 0:
        return 0
    return 1 if side(a, b, p) > 0 else -1


def crossings(gazetteer: geo.Gazetteer, way: tuple[Point, Point]) -> dict[str, int]:
    found: dict[str, int] = {}
    for s in gazetteer.gates.itertuples():
        n = crossing(((s.lat1, s.lon1), (s.lat2, s.lon2)), way)
        if n:
            found[s.gate_id] = found.get(s.gate_id, 0) + n
    return found


@pytest.mark.parametrize("gate", INBOUND)
def test_a_way_in_crosses_its_gate_once(gazetteer: geo.Gazetteer, gate: str) -> None:
    assert crossings(gazetteer, INBOUND[gate]) == {gate: 1}
    assert crossings(gazetteer, INBOUND[gate][::-1]) == {gate: -1}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_way_elsewhere_crosses_none(gazetteer: geo.Gazetteer, name: str) -> None:
    assert crossings(gazetteer, ELSEWHERE[name]) == {}


def test_segments_join_and_end_on_land(gazetteer: geo.Gazetteer) -> None:
    polygons = land.polygons()
    tree = shapely.STRtree(polygons)
    for gate, rows in gazetteer.gates.groupby("gate_id"):
        assert rows["seq"].tolist() == list(range(1, len(rows) + 1))
        assert (rows[["lat2", "lon2"]].to_numpy()[:-1] == rows[["lat1", "lon1"]].to_numpy()[1:]).all(), gate
        first, last = rows.iloc[0], rows.iloc[-1]
        for lat, lon in ((first["lat1"], first["lon1"]), (last["lat2"], last["lon2"])):
            point = shapely.Point(lon, lat)
            nearest = polygons[int(tree.nearest(point))]
            assert shapely.distance(point, nearest) * 111 < 1.5, gate


def test_ports_lie_on_the_right(gazetteer: geo.Gazetteer) -> None:
    ports = gazetteer.ports.set_index("port_id")
    for gate, rows in gazetteer.gates.groupby("gate_id"):
        line = shapely.LineString(
            [(rows["lon1"].iloc[0], rows["lat1"].iloc[0]), *zip(rows["lon2"], rows["lat2"], strict=True)]
        )
        for port in rows["port_ids"].iloc[0].split():
            point = shapely.Point(ports.at[port, "lon"], ports.at[port, "lat"])
            nearest = min(
                rows.itertuples(),
                key=lambda s: shapely.LineString([(s.lon1, s.lat1), (s.lon2, s.lat2)]).distance(point),
            )
            cross = (nearest.lon2 - nearest.lon1) * (point.y - nearest.lat1) - (
                nearest.lat2 - nearest.lat1
            ) * (point.x - nearest.lon1)
            assert cross < 0, (gate, port)
            assert line.distance(point) < 20, (gate, port)
    assert np.isfinite(gazetteer.gates[["lat1", "lon1", "lat2", "lon2"]].to_numpy()).all()


def test_what_lies_beyond_a_gate_is_closed_off_over_land(gazetteer: geo.Gazetteer) -> None:
    """Who is beyond a gate came through it: elsewhere the area's edge runs over land (to the gate's ends)."""
    polygons = land.polygons()
    tree = shapely.STRtree(polygons)
    # Known water: the Amur's northern mouth, whose other side is Russian too.
    known = {"tatar_strait": 30.0}
    for gate, edges in gazetteer.gate_edges.groupby("gate_id"):
        over_land = edges[~edges["is_gate"]]
        wet_km = 0.0
        for e in over_land.itertuples():
            line = shapely.LineString([(e.lon1, e.lat1), (e.lon2, e.lat2)])
            dry = shapely.union_all([polygons[i] for i in tree.query(line)])
            wet = shapely.difference(line, dry)
            wet_km += wet.length * 111 * np.cos(np.radians(e.lat1))
        assert wet_km < known.get(str(gate), 3.0), (gate, wet_km)


def test_who_goes_in_is_beyond_and_who_goes_elsewhere_is_not(gazetteer: geo.Gazetteer) -> None:
    areas = gate_areas(gazetteer.gate_edges)
    assert all(area.is_valid for area in areas.values())

    def beyond(point: Point) -> list[str]:
        return [gate for gate, area in areas.items() if shapely.contains_xy(area, point[1], point[0])]

    for gate, (outside, inside) in INBOUND.items():
        assert (beyond(outside), beyond(inside)) == ([], [gate])
    for way in ELSEWHERE.values():
        assert [beyond(point) for point in way] == [[], []]


def test_only_ports_that_russia_controls_lie_beyond_a_gate(gazetteer: geo.Gazetteer) -> None:
    areas = gate_areas(gazetteer.gate_edges)
    ports = gazetteer.ports.set_index("port_id")
    for gate, area in areas.items():
        within = ports[shapely.contains_xy(area, ports["lon"].to_numpy(), ports["lat"].to_numpy())]
        assert set(within["controlled_by"]) == {"RU"}, gate
        known = gazetteer.gate_ports[gazetteer.gate_ports["gate_id"] == gate]
        assert set(known["port_id"]) == set(within.index), gate
        named = gazetteer.gates.loc[gazetteer.gates["gate_id"] == gate, "port_ids"].iloc[0].split()
        assert known.sort_values("nth")["port_id"].tolist()[: len(named)] == named


def test_cells_of_a_degree_hold_all_that_lies_beyond(gazetteer: geo.Gazetteer) -> None:
    areas = gate_areas(gazetteer.gate_edges)
    listed = set(gazetteer.gate_cells.itertuples(index=False, name=None))
    rng = np.random.default_rng(1)
    for gate, area in areas.items():
        west, south, east, north = area.bounds
        lat, lon = rng.uniform(south, north, 2000), rng.uniform(west, east, 2000)
        inside = shapely.contains_xy(area, lon, lat)
        found = cells.cell_id(lat[inside], lon[inside], cells.WIDE)
        assert {(int(cell), gate) for cell in found} <= listed
