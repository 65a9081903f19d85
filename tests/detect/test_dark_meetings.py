"""A ship that lies alone as for a transfer, and the ship whose silence fits beside it."""

from pipeline.home import Home
from pipeline.settings import Settings
from tests.detect.ships import Ship, detected, lying, rows, sailing

A = Ship(311000801, "NOVEMBER TEST", ship_type="Tanker", length_m=240)
B = Ship(311000802, "OSCAR TEST", ship_type="Tanker", length_m=230)
C = Ship(311000803, "PAPA TEST", ship_type="Tanker", length_m=220)
SEA = (34.0, -9.0)


def lone(home: Home, settings: Settings) -> dict[str, object]:
    return rows(home, settings, f"FROM loitering WHERE mmsi = {A.mmsi}")[0]


def vessel(home: Home, settings: Settings, ship: Ship) -> object:
    return rows(home, settings, f"SELECT vessel_id FROM vessels WHERE mmsi = {ship.mmsi}")[0]["vessel_id"]


def test_the_ship_that_fell_silent_nearby_is_named(home: Home, settings: Settings) -> None:
    coming = sailing(B, 0, (34.8, -9.0), (34.4, -9.0))
    leaving = sailing(B, 1300, (33.7, -9.0), (33.2, -9.0))
    passing = sailing(C, 0, (34.6, -9.2), (37.6, -9.2))  # heard all the while
    detected(home, settings, lying(A, 300, 1200, *SEA) + coming + leaving + passing)
    found = lone(home, settings)
    assert found["dark_partner_vessel_id"] == vessel(home, settings, B)
    assert 0.5 < found["p_dark_partner"] < 1  # type: ignore[operator]


def test_a_silence_too_far_away_fits_nothing(home: Home, settings: Settings) -> None:
    coming = sailing(B, 0, (39.0, -10.5), (38.6, -10.5))
    leaving = sailing(B, 1300, (38.5, -10.5), (38.0, -10.5))
    detected(home, settings, lying(A, 300, 1200, *SEA) + coming + leaving)
    found = lone(home, settings)
    assert (found["dark_partner_vessel_id"], found["p_dark_partner"]) == (None, None)


def test_a_ship_in_company_does_not_loiter(home: Home, settings: Settings) -> None:
    detected(home, settings, lying(A, 300, 1200, *SEA) + lying(B, 300, 1200, 34.0008, -9.0))
    assert rows(home, settings, "FROM loitering") == []
