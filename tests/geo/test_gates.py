"""Every gate runs from land to land, and the ports it leads to lie on its right."""

import numpy as np
import pytest
import shapely

import geo
from geo import land

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
