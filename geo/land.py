"""Land: Natural Earth's polygons, and the cells that lie more than 2 km inland and on no navigable water."""

import gzip
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.cells import ROW

DATA = Path(__file__).parent / "data"
EMPTY = {"cell_id": np.int64, "mask": np.int64, "is_whole": bool}


def polygons(path: Path = DATA / "land-10m.json.gz") -> list[shapely.Geometry]:
    """The land of world-atlas (Natural Earth 1:10m) from its TopoJSON; the Caspian Sea is a hole, lakes are land."""
    topology = json.loads(gzip.decompress(path.read_bytes()))
    scale, move = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + move for arc in topology["arcs"]]

    def ring(indexes: list[int]) -> npt.NDArray[np.float64]:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indexes]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    return [
        shapely.Polygon(ring(rings[0]), [ring(hole) for hole in rings[1:]])
        for geometry in topology["objects"]["land"]["geometries"]
        for rings in geometry["arcs"]
    ]


def load_cells(path: Path = DATA / "land_cells.csv.gz") -> pd.DataFrame:
    """The land cells from their runs."""
    if not path.exists():
        return pd.DataFrame({name: np.empty(0, kind) for name, kind in EMPTY.items()})
    raise NotImplementedError(ROW)
