"""Grid cells as integers, the same arithmetic in numpy as in SQL.

cell_id = CAST(floor((lat + 90) * n) AS BIGINT) * 1000000 + CAST(floor((lon + 180) * n) AS BIGINT),
with n cells to the degree: 100 for a coarse cell, 500 for a fine one, 10 for a land cell, 1 for a wide one.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

COARSE = 100
FINE = 500
LAND = 10
WIDE = 1

EARTH_RADIUS_M = 6_371_008.8
M_PER_DEGREE = EARTH_RADIUS_M * np.pi / 180
ROW = 1_000_000


def cell_id(lat: Any, lon: Any, n: int) -> Ints:
    """The cells that hold the points, `n` cells to the degree."""
    rows = np.floor((np.asarray(lat, dtype=np.float64) + 90) * n).astype(np.int64)
    cols = np.floor((np.asarray(lon, dtype=np.float64) + 180) * n).astype(np.int64)
    return rows * ROW + cols


def centre(cells: Ints, n: int) -> tuple[Floats, Floats]:
    """Latitude and longitude of the cells' centres."""
    return (cells // ROW + 0.5) / n - 90, (cells % ROW + 0.5) / n - 180


def distance_m(lat1: Any, lon1: Any, lat2: Any, lon2: Any) -> Floats:
    """Great-circle distance in metres (haversine on the mean sphere)."""
    lat1, lon1, lat2, lon2 = (np.radians(np.asarray(x, dtype=np.float64)) for x in (lat1, lon1, lat2, lon2))
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, h))))


def around(  # a whole table of shapes at once: a loop over 40,000 of them would take seconds
    lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats, radius_m: Floats, n: int, margin: float = 0.0
) -> tuple[Ints, Ints, Floats]:
    """Every cell whose centre lies within `radius_m` of a line from point 1 to 2 (a circle where equal).

    `margin` widens the radius by that share of a cell's half diagonal, so that 1.0 takes every cell that
    the shape touches. Returns (index of the shape, cell_id, distance of the centre in metres).
    """
    row1 = np.floor((np.minimum(lat1, lat2) + 90) * n).astype(np.int64)
    row2 = np.floor((np.maximum(lat1, lat2) + 90) * n).astype(np.int64)
    col1 = np.floor((np.minimum(lon1, lon2) + 180) * n).astype(np.int64)
    col2 = np.floor((np.maximum(lon1, lon2) + 180) * n).astype(np.int64)
    step = M_PER_DEGREE / n
    squeeze = np.cos(
        np.radians(np.minimum(89.0, np.maximum(np.abs(lat1), np.abs(lat2)) + radius_m / M_PER_DEGREE))
    )
    half = step * np.sqrt(1 + np.cos(np.radians(lat1)) ** 2) / 2
    reach = radius_m + margin * half
    up = np.ceil(reach / step).astype(np.int64)
    side = np.ceil(reach / (step * squeeze)).astype(np.int64)
    height, width = row2 - row1 + 2 * up + 1, col2 - col1 + 2 * side + 1

    shapes, cells, distances = [], [], []
    order = np.argsort(height * width, kind="stable")
    bounds = np.searchsorted(
        np.cumsum((height * width)[order]), np.arange(0, (height * width).sum(), 2_000_000)
    )
    for chunk in np.split(order, np.unique(bounds)[1:]):
        if not len(chunk):
            continue
        size = (height * width)[chunk]
        shape = np.repeat(chunk, size)
        place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        row = (row1 - up)[shape] + place // width[shape]
        col = (col1 - side)[shape] + place % width[shape]
        lat, lon = (row + 0.5) / n - 90, (col + 0.5) / n - 180
        d = _to_line_m(lat, lon, lat1[shape], lon1[shape], lat2[shape], lon2[shape])
        near = d <= reach[shape]
        shapes.append(shape[near])
        cells.append(row[near] * ROW + col[near] % (360 * n))
        distances.append(d[near])
    if not shapes:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    return np.concatenate(shapes), np.concatenate(cells), np.concatenate(distances)


def _to_line_m(lat: Floats, lon: Floats, lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """Distance to a line in metres on the plane that touches at its first point (lines are some km long)."""
    k = np.cos(np.radians((lat + lat1) / 2))
    x, y = (lon - lon1) * k, lat - lat1
    dx, dy = (lon2 - lon1) * k, lat2 - lat1
    length = dx * dx + dy * dy
    t = np.clip((x * dx + y * dy) / np.where(length == 0, 1, length), 0, 1)
    return np.asarray(np.hypot(x - t * dx, y - t * dy) * M_PER_DEGREE)
