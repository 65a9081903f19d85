"""The runs of land squares, made from Natural Earth's polygons less everything that ships may sail on."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.cells import M_PER_DEGREE, Floats
from geo.land import SOUTH_NORTH, SQUARES, WEST_EAST

# How far the shore must be, and what is kept free around a port, a place where ships lie and a shipping lane.
INLAND_M = 2_000.0
PORT_M = 7_000.0
STOP_M = 4_000.0
LANE_M = 6_000.0

Grid = npt.NDArray[np.bool_]
Path2 = list[tuple[float, float]]


def runs(
    land: list[shapely.Polygon], ports: tuple[Floats, Floats], stops: tuple[Floats, Floats],
    lanes: list[Path2],
    waterways: list[tuple[float, Path2]],
) -> pd.DataFrame:  # fmt: skip
    """Runs of squares on land (row, first_col, last_col), see geo.land; ways are lists of (lat, lon)."""
    dry = fill(land)
    erode(dry, land)
    for (lat, lon), radius in ((ports, PORT_M), (stops, STOP_M)):
        for y, x in set(zip(np.round(lat, 2).tolist(), np.round(lon, 2).tolist(), strict=True)):
            clear(dry, y, x, radius)
    for lane in lanes:
        for y, x in along(lane, LANE_M / 2):
            clear(dry, y, x, LANE_M)
    for radius, path in waterways:
        for y, x in along(path, radius / 2):
            clear(dry, y, x, radius)
    edges = np.diff(np.pad(dry, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(edges == 1)
    _, after = np.nonzero(edges == -1)
    return pd.DataFrame({"row": row, "first_col": first, "last_col": after - 1})


def fill(land: list[shapely.Polygon]) -> Grid:
    """Squares whose centre is on land: crossings of every row's middle line, even-odd."""
    ends = segments(land)
    low, high = np.minimum(ends[:, 1], ends[:, 3]), np.maximum(ends[:, 1], ends[:, 3])
    row1 = np.ceil((low + 90) * SQUARES - 0.5).astype(np.int64)
    row2 = np.ceil((high + 90) * SQUARES - 0.5).astype(np.int64)  # exclusive: a vertex is crossed once
    n = np.maximum(row2 - row1, 0)
    edge = np.repeat(np.arange(len(ends)), n)
    row = row1[edge] + np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    lat = (row + 0.5) / SQUARES - 90
    x1, y1, x2, y2 = ends[edge].T
    lon = x1 + (lat - y1) / (y2 - y1) * (x2 - x1)
    col = np.clip(np.ceil((lon + 180) * SQUARES - 0.5).astype(np.int64), 0, WEST_EAST)
    turns = np.zeros((SOUTH_NORTH, WEST_EAST + 1), np.int8)
    np.add.at(turns, (row, col), 1)
    return np.asarray(np.cumsum(turns[:, :-1], axis=1, dtype=np.int16) % 2 == 1)


def erode(dry: Grid, land: list[shapely.Polygon]) -> None:
    """Take away the squares that the shore touches and those with less than 2 km between them and it."""
    ends = segments(land)
    steps = (
        np.ceil(np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]) * SQUARES * 4).astype(np.int64) + 1
    )
    edge = np.repeat(np.arange(len(ends)), steps)
    t = (np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[edge]
    lon = ends[edge, 0] + t * (ends[edge, 2] - ends[edge, 0])
    lat = ends[edge, 1] + t * (ends[edge, 3] - ends[edge, 1])
    wet = ~dry
    row = np.clip(np.floor((lat + 90) * SQUARES).astype(np.int64), 0, SOUTH_NORTH - 1)
    wet[row, np.floor((lon + 180) * SQUARES).astype(np.int64) % WEST_EAST] = True
    rows = int(np.ceil(INLAND_M / (M_PER_DEGREE / SQUARES)))
    tall = wet.copy()
    for k in range(1, rows + 1):
        tall[k:] |= wet[:-k]
        tall[:-k] |= wet[k:]
    for row_ in range(SOUTH_NORTH):
        k = int(
            np.ceil(INLAND_M / (M_PER_DEGREE / SQUARES * np.cos(np.radians((row_ + 0.5) / SQUARES - 90))))
        )
        k = min(k, WEST_EAST // 2 - 1)
        total = np.concatenate([[0], np.cumsum(np.pad(tall[row_], k, mode="wrap"), dtype=np.int64)])
        dry[row_] &= total[2 * k + 1 :] - total[: -2 * k - 1] == 0


def clear(dry: Grid, lat: float, lon: float, radius_m: float) -> None:
    """Take away every square of a box around the point, so that the circle is free of land."""
    up = radius_m / M_PER_DEGREE
    side = up / max(np.cos(np.radians(lat)), 0.05)
    row1, row2 = int((lat - up + 90) * SQUARES), int((lat + up + 90) * SQUARES)
    cols = np.arange(int((lon - side + 180) * SQUARES), int((lon + side + 180) * SQUARES) + 1) % WEST_EAST
    dry[max(row1, 0) : row2 + 1, cols] = False


def along(path: Path2, step_m: float) -> Path2:
    """Points on a way, at most `step_m` apart."""
    out = [path[0]]
    for (lat1, lon1), (lat2, lon2) in pairwise(path):
        if abs(lon2 - lon1) > 180:
            out.append((lat2, lon2))
            continue
        length = np.hypot(lat2 - lat1, (lon2 - lon1) * np.cos(np.radians(lat1))) * M_PER_DEGREE
        n = int(length // step_m) + 1
        out += [(lat1 + (lat2 - lat1) * k / n, lon1 + (lon2 - lon1) * k / n) for k in range(1, n + 1)]
    return out


def segments(land: list[shapely.Polygon]) -> Floats:
    """All pieces of shore as rows of lon1, lat1, lon2, lat2."""
    rings = shapely.get_rings(np.array(land, dtype=object))
    points = shapely.get_coordinates(rings)
    ring = np.repeat(np.arange(len(rings)), shapely.get_num_coordinates(rings))
    inner = ring[1:] == ring[:-1]
    return np.concatenate([points[:-1][inner], points[1:][inner]], axis=1)
