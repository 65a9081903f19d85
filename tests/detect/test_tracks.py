"""Splitting one MMSI's reports into ships: strays, wrong times, two ships, the date line."""

import numpy as np
import pytest

from pipeline.tracks import Piece, alternating, chain_pieces, split_day

KNOT = 1852 / 3600 / 111195  # degrees a second along a meridian, at one knot


def split(points: list[tuple[int, float, float]], sog_kn: float = 12.0) -> list[int]:
    t_s, lat, lon = (np.array(column) for column in zip(*sorted(points), strict=True))
    labels = split_day(t_s, lat, lon, np.full(len(points), sog_kn), max_speed_kn=50, slack_m=1000)
    return [int(label) for label in labels]


def north(
    start: float, lon: float, *, n: int = 20, kn: float = 12, late_s: int = 0
) -> list[tuple[int, float, float]]:
    """A ship that sails north, heard every ten minutes."""
    return [(600 * i + late_s, start + 600 * i * kn * KNOT, lon) for i in range(n)]


def test_one_ship_is_one_piece() -> None:
    assert split(north(35.0, -9.0)) == [0] * 20


def test_a_stray_is_a_piece_of_its_own() -> None:
    labels = split([*north(35.0, -9.0), (3300, 48.0, 3.0)])
    assert sorted(labels) == [0] * 20 + [1]


def test_a_stray_at_the_beginning_does_not_become_the_ship() -> None:
    assert split([(-60, 48.0, 3.0), *north(35.0, -9.0)])[1:] == [0] * 20


def test_a_number_now_here_now_there_alternates_and_two_ships_do_not() -> None:
    assert alternating(np.array([0, 1] * 7 + [2, 0, 1]), 3) == [0, 1]
    assert alternating(np.array([0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0]), 3) == []
    assert alternating(np.zeros(9, dtype=np.int64), 3) == []


def test_two_ships_that_take_turns() -> None:
    labels = split([*north(35.0, -9.0), *north(57.0, 11.0, n=19, late_s=120)])
    assert labels[0::2] == [0] * 20
    assert labels[1::2] == [1] * 19


def test_reports_sent_late_are_taken_out_and_the_rest_stays_one() -> None:
    track = north(35.0, -9.0)
    late = [(t + 1500, lat, lon) for t, lat, lon in track[5:7]]
    labels = split(track + late)
    assert labels.count(0) == 20


def test_over_the_date_line() -> None:
    points = [(600 * i, -17.0, (179.5 + 0.05 * i + 180) % 360 - 180) for i in range(20)]
    assert split(points) == [0] * 20


def test_a_fast_ferry_that_says_so_is_one_ship() -> None:
    assert split(north(35.0, -9.0, kn=36), sog_kn=36) == [0] * 20


def piece(
    day: int, number: int, n: int, lat: float, lon: float, hours: tuple[float, float] = (0, 23)
) -> Piece:
    first, last = (int(day * 86400 + h * 3600) for h in hours)
    return Piece(day, number, n, first, lat, lon, last, lat, lon)


def test_pieces_of_two_ships_are_chained_over_days() -> None:
    ships = chain_pieces(
        [piece(d, 0, 100, 35.0, -9.0) for d in range(3)] + [piece(d, 1, 80, 57.0, 11.0) for d in range(3)],
        max_speed_kn=50, slack_m=1000, min_reports=3,
    )  # fmt: skip
    assert [ships[d, 0] for d in range(3)] == [0, 0, 0]
    assert [ships[d, 1] for d in range(3)] == [1, 1, 1]


@pytest.mark.parametrize(("n", "ship"), [(2, None), (9, None), (60, 1)])
def test_few_reports_on_the_ships_own_way_are_noise(n: int, ship: int | None) -> None:
    ships = chain_pieces(
        [piece(0, 0, 100, 35.0, -9.0), piece(0, 1, n, 35.2, -9.0, (10, 11))],
        max_speed_kn=50, slack_m=1000, min_reports=3,
    )  # fmt: skip
    assert ships[0, 1] == ship


def test_a_few_reports_far_away_are_a_second_ship() -> None:
    ships = chain_pieces(
        [piece(0, 0, 100, 35.0, -9.0), piece(0, 1, 4, 57.0, 11.0, (10, 11))],
        max_speed_kn=50, slack_m=1000, min_reports=3,
    )  # fmt: skip
    assert ships[0, 1] == 1
