"""The voyages: on water, at a ship's speed, at berths that the gazetteer knows."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from geo import gazetteer, land
from pipeline.scenario import fleet
from pipeline.scenario.lanes import distance_nm, lanes
from pipeline.scenario.places import metres

from .conftest import Told

Floats = npt.NDArray[np.float64]


def on_land(lat: Floats, lon: Floats) -> npt.NDArray[np.bool_]:
    """More than 2 km inland and in no port's or river's cell, by the gazetteer's own cells."""
    cells = land.load_cells().sort_values("cell_id")
    ids, masks = cells["cell_id"].to_numpy(), cells["mask"].to_numpy()
    row, col = (np.floor((x + y) * land.SQUARES).astype(np.int64) for x, y in ((lat, 90), (lon, 180)))
    cell = row // land.SIDE * 1_000_000 + col // land.SIDE
    at = np.clip(np.searchsorted(ids, cell), 0, len(ids) - 1)
    bit = row % land.SIDE * land.SIDE + col % land.SIDE
    found: npt.NDArray[np.bool_] = (ids[at] == cell) & ((masks[at] >> bit) & 1 == 1)
    return found


def test_no_ship_is_heard_on_land(told: Told) -> None:
    good = [h.good for h in told.heard]
    lat = np.concatenate([h.lat[g] for h, g in zip(told.heard, good, strict=True)])
    lon = np.concatenate([h.lon[g] for h, g in zip(told.heard, good, strict=True)])
    assert len(lat) > 1_000_000
    assert not on_land(lat, lon).any()
    assert on_land(np.array([52.5]), np.array([18.0])).all(), "Poland is land"


def test_implied_speeds_are_the_ships(told: Told) -> None:
    for track, h in zip(told.world.tracks, told.heard, strict=True):
        t, lat, lon = h.t[h.good].astype(float), h.lat[h.good], h.lon[h.good]
        hours = np.diff(t) / 3600
        knots = distance_nm(lat[:-1], lon[:-1], lat[1:], lon[1:])[hours > 0.02] / hours[hours > 0.02]
        assert knots.max(initial=0) < track.ship.speed_kn * 1.1 + 2, track.ship


def test_garbled_positions_are_few_and_far_off(told: Told) -> None:
    garbled = sum(int((~h.good & ~h.placeless).sum()) for h in told.heard)
    total = sum(len(h.t) for h in told.heard)
    assert 0.0002 < garbled / total < 0.002


def test_time_never_runs_backwards(told: Told) -> None:
    for track in told.world.tracks:
        assert (np.diff(track.column("times")) >= 0).all(), track.ship


def test_berths_are_where_the_gazetteer_has_them(told: Told) -> None:
    known = gazetteer.build()
    wrong = Counter[str]()
    for track in told.world.tracks:
        for call in track.calls:
            place = known.resolve(call.lying.spot.lat, call.lying.spot.lon)
            if call.stop.kind == "berth":
                wrong[call.stop.place] += place is None or place.kind != "berth"
            elif place is not None:
                wrong[call.stop.place] += place.kind == "berth"
    assert wrong.total() == 0, +wrong


def test_no_two_ships_at_one_berth(told: Told) -> None:
    berths = defaultdict(list)
    for x in told.world.harbours.lying:
        if x.kind == "berth":
            berths[x.place, x.slot].append((x.t0, x.t1))
    for spans in berths.values():
        spans.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_ships_alongside_are_metres_apart(told: Told) -> None:
    place = {track.ship.index: i for i, track in enumerate(told.world.tracks)}
    spots = {(x.ship, x.t0): x.spot for x in told.world.harbours.lying if x.kind == "meeting"}
    assert len(told.world.meetings) > 20
    for m in told.world.meetings:
        assert 15 < metres(spots[m.a, m.begin], spots[m.b, m.begin]) < 120
        a, b = told.heard[place[m.a]], told.heard[place[m.b]]
        when = np.arange(m.begin, m.end, 600.0)
        apart = [[np.interp(when, h.t[h.good], column[h.good]) for column in (h.lat, h.lon)] for h in (a, b)]
        if not m.dark and m.end < told.world.end:
            assert np.median(distance_nm(*apart[0], *apart[1])) * 1852 < 200


@pytest.mark.parametrize(
    ("start", "end", "nm"),
    # searoute 1.6.0's own distances
    [("MAPTM", "RULED", 2642), ("MAPTM", "RUMMK", 2911), ("MAAGA", "RULED", 2860), ("TWKHH", "MAPTM", 8659),
     ("TRAMR", "RUNVS", 486), ("TRMER", "RUNVS", 1214)],
)  # fmt: skip
def test_ways_are_as_long_as_the_sea_lanes(start: str, end: str, nm: int) -> None:
    assert lanes().way(start, end).length_nm == pytest.approx(nm, rel=0.03)
    assert lanes().way(end, start).length_nm == pytest.approx(lanes().way(start, end).length_nm)


def test_numbers_are_valid_and_of_no_real_ship(told: Told) -> None:
    ships = told.world.ships
    assert len({s.imo for s in ships}) == len(ships) == 260
    for ship in ships:
        digits = [int(d) for d in str(ship.imo)]
        assert sum(d * w for d, w in zip(digits, (7, 6, 5, 4, 3, 2), strict=False)) % 10 == digits[6]
        assert str(ship.imo).startswith("3"), "a series that was never given out"
        assert all(x.callsign.startswith("Q") for x in ship.identities), "Q is no country's"
        assert all(200_000_000 < x.mmsi < 800_000_000 for x in ship.identities)
    assert fleet.imo_number(907472) == 9074729  # the standard's own example
