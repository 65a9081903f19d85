"""Distances by sea against published and hand-computed ones."""

import pytest

from geo.distance import great_circle_nm, sea_distance_nm

TANGER_MED, ST_PETERSBURG, NOVOROSSIYSK = (35.889, -5.503), (59.892, 30.208), (44.716, 37.800)
KAOHSIUNG, AMBARLI, MURMANSK = (22.58, 120.295), (40.966, 28.675), (68.975, 33.048)


@pytest.mark.parametrize(
    ("a", "b", "nm"),
    [
        (TANGER_MED, ST_PETERSBURG, 2642),
        (TANGER_MED, NOVOROSSIYSK, 2239),
        (TANGER_MED, MURMANSK, 2911),
        (AMBARLI, NOVOROSSIYSK, 486),
        (KAOHSIUNG, TANGER_MED, 8659),
    ],
)
def test_sea_distances_are_as_published(a: tuple[float, float], b: tuple[float, float], nm: float) -> None:
    assert sea_distance_nm(*a, *b) == pytest.approx(nm, rel=0.03)
    assert sea_distance_nm(*a, *b) == sea_distance_nm(*b, *a)
    assert sea_distance_nm(*a, *b) >= great_circle_nm(*a, *b)


def test_a_degree_of_latitude_is_sixty_miles() -> None:
    assert great_circle_nm(40, 0, 41, 0) == pytest.approx(60.04, abs=0.01)


def test_neighbours_are_a_straight_line_apart() -> None:
    assert sea_distance_nm(36.135, -5.432, 36.140, -5.365) == pytest.approx(3.26, abs=0.02)
    assert sea_distance_nm(36.135, -5.432, 36.135, -5.432) == 0
