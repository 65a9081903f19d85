"""Land: Natural Earth's polygons, and the cells that lie more than 2 km inland and on no navigable water.

A land cell is 0.1 degree wide and carries a mask of its 5 x 5 squares of 0.02 degree, so that one join on
an integer is precise to 2 km. With row = floor((lat + 90) * 50) and col = floor((lon + 180) * 50), a point
is on land where the row of cell_id = (row // 5) * 1000000 + col // 5 exists and
(mask // 2^((row % 5) * 5 + col % 5)) % 2 = 1.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.cells import ROW, Ints

DATA = Path(__file__).parent / "data"

SQUARES = 50  # to the degree
SIDE = 5  # squares along the side of a land cell
WHOLE = 2 ** (SIDE * SIDE) - 1
WEST_EAST = 360 * SQUARES
SOUTH_NORTH = 180 * SQUARES


def polygons(path: Path = DATA / "land-10m.json.gz") -> list[shapely.Polygon]:
    """Natural Earth's land 1:10m from world-atlas's TopoJSON: the Caspian Sea is a hole, lakes are land."""
    topology = json.loads(gzip.decompress(path.read_bytes()))
    scale, move = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + move for arc in topology["arcs"]]

    def ring(indexes: list[int]) -> npt.NDArray[np.float64]:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indexes]
        points = np.concatenate([parts[0], *(part[1:] for part in parts[1:])])
        # The rings run on across the date line: unwrapped, what lies beyond 180 degrees is moved back below.
        points[:, 0] -= 360 * np.cumsum(np.round(np.diff(points[:, 0], prepend=points[0, 0]) / 360))
        if abs(points[-1, 0] - points[0, 0]) > 180:  # Antarctica's goes once round the pole
            points = np.concatenate([points, [[points[-1, 0], -90], [points[0, 0], -90], points[0]]])
        return points

    out: list[shapely.Polygon] = []
    for geometry in topology["objects"]["land"]["geometries"]:
        for rings in geometry["arcs"]:
            polygon = shapely.make_valid(shapely.Polygon(ring(rings[0]), [ring(hole) for hole in rings[1:]]))
            for turn in (-360, 0, 360):
                piece = shapely.clip_by_rect(polygon, turn - 180, -90, turn + 180, 90)
                moved = shapely.transform(piece, lambda xy, turn=turn: xy - [turn, 0])
                out += [p for p in shapely.get_parts(moved) if p.geom_type == "Polygon" and not p.is_empty]
    return out


def load_cells(path: Path = DATA / "land_runs.csv.gz") -> pd.DataFrame:
    """One row a land cell: cell_id, mask of its squares on land, is_whole where all of them are."""
    runs = pd.read_csv(path, dtype=np.int64)
    row, first, last = (runs[c].to_numpy() for c in ("row", "first_col", "last_col"))
    n_cols = WEST_EAST // SIDE
    mask: Ints = np.zeros((SOUTH_NORTH // SIDE, n_cols), np.int64)
    # Cells that a run crosses from side to side, all at once: +1 where they begin, -1 where they end.
    begin, end = -(-first // SIDE), (last + 1) // SIDE
    for k in range(SIDE):
        mine = (row % SIDE == k) & (begin < end)
        turns = np.zeros((SOUTH_NORTH // SIDE, n_cols + 1), np.int8)
        np.add.at(turns, (row[mine] // SIDE, begin[mine]), 1)
        np.add.at(turns, (row[mine] // SIDE, end[mine]), -1)
        mask += np.cumsum(turns[:, :-1], axis=1, dtype=np.int8).astype(np.int64) * (
            (2**SIDE - 1) << (k * SIDE)
        )
    # The first and the last cell of a run, where it covers only a part of them.
    at_first = first % SIDE != 0
    at_last = ((last + 1) % SIDE != 0) & ~(at_first & (first // SIDE == last // SIDE))
    for part, cell in ((at_first, first // SIDE), (at_last, last // SIDE)):
        low = np.maximum(first - cell * SIDE, 0)[part]
        high = np.minimum(last - cell * SIDE, SIDE - 1)[part]
        bits = ((1 << (high + 1)) - (1 << low)) << (row[part] % SIDE * SIDE)
        np.add.at(mask, (row[part] // SIDE, cell[part]), bits)
    mask = mask.ravel()
    land = np.flatnonzero(mask)
    cell_id = land // n_cols * ROW + land % n_cols
    return pd.DataFrame({"cell_id": cell_id, "mask": mask[land], "is_whole": mask[land] == WHOLE})


def square(lat: float, lon: float) -> tuple[int, int]:
    """The land cell of a point and the number of its square in the mask."""
    row, col = int(np.floor((lat + 90) * SQUARES)), int(np.floor((lon + 180) * SQUARES))
    return row // SIDE * ROW + col // SIDE, row % SIDE * SIDE + col % SIDE
