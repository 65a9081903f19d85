"""Cells are the same integers in numpy as in SQL, and shapes cover the cells they should."""

import duckdb
import numpy as np
import pytest

from geo import cells

SQL = (
    "SELECT CAST(floor((lat + 90) * {n}) AS BIGINT) * 1000000 + CAST(floor((lon + 180) * {n}) AS BIGINT) "
    "FROM (SELECT unnest($lat) AS lat, unnest($lon) AS lon)"
)


@pytest.mark.parametrize("n", [cells.COARSE, cells.FINE, cells.LAND])
def test_numpy_and_sql_give_the_same_cells(n: int) -> None:
    rng = np.random.default_rng(1)
    lat = np.round(np.concatenate([rng.uniform(-90, 90, 5000), np.arange(-80, 80, 0.01)]), 6)
    lon = np.round(np.concatenate([rng.uniform(-180, 180, 5000), np.arange(-80, 80, 0.01) * 2]), 6)
    mine = cells.cell_id(lat, lon, n)
    theirs = duckdb.execute(SQL.format(n=n), {"lat": lat.tolist(), "lon": lon.tolist()}).fetchall()
    assert mine.tolist() == [row[0] for row in theirs]


def test_the_centre_of_a_cell_lies_in_it() -> None:
    ids = cells.cell_id([35.889, -77.7, 66.3], [-5.503, 160.0, -179.1], cells.FINE)
    assert cells.cell_id(*cells.centre(ids, cells.FINE), cells.FINE).tolist() == ids.tolist()


def test_a_circle_covers_what_is_near_and_nothing_else() -> None:
    lat, lon = np.array([59.892]), np.array([30.208])
    _, found, distance = cells.around(lat, lon, lat, lon, np.array([1200.0]), cells.FINE)
    y, x = np.meshgrid(np.arange(59.86, 59.93, 0.002) + 0.001, np.arange(30.10, 30.32, 0.002) + 0.001)
    near = cells.distance_m(y, x, lat[0], lon[0]) <= 1200
    assert set(found.tolist()) == set(cells.cell_id(y[near], x[near], cells.FINE).tolist())
    assert distance.max() <= 1200


def test_a_line_with_a_radius_covers_both_ends_and_the_middle() -> None:
    _, found, _ = cells.around(
        np.array([35.887]),
        np.array([-5.504]),
        np.array([35.898]),
        np.array([-5.488]),
        np.array([800.0]),
        cells.FINE,
    )
    for lat, lon in [(35.887, -5.504), (35.898, -5.488), (35.8925, -5.496)]:
        assert int(cells.cell_id(lat, lon, cells.FINE)) in set(found.tolist())


def test_a_circle_at_the_date_line_goes_on_on_the_other_side() -> None:
    lat, lon = np.array([66.3]), np.array([-179.995])
    _, found, _ = cells.around(lat, lon, lat, lon, np.array([2000.0]), cells.COARSE)
    assert int(cells.cell_id(66.305, 179.985, cells.COARSE)) in set(found.tolist())


def test_a_margin_takes_every_cell_that_the_circle_touches() -> None:
    lat, lon = np.array([36.1]), np.array([-5.4])
    _, found, _ = cells.around(lat, lon, lat, lon, np.array([700.0]), cells.FINE, margin=1.0)
    for bearing in np.radians(np.arange(0, 360, 10)):
        y = 36.1 + 700 * np.cos(bearing) / cells.M_PER_DEGREE
        x = -5.4 + 700 * np.sin(bearing) / cells.M_PER_DEGREE / np.cos(np.radians(36.1))
        assert int(cells.cell_id(y, x, cells.FINE)) in set(found.tolist())
