"""The gazetteer as tables: ports, terminals, hubs, gates, and the grid cells on which SQL joins.

Everything comes from the files in geo/data (docs/gazetteer.md); a user's own hubs file may add to them.
"""

import hashlib
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo import cells, land
from geo.cells import COARSE, FINE, WIDE, Floats

DATA = Path(__file__).parent / "data"
HAND = DATA / "by_hand"

# What the tables depend on beside the data: a change here is another gazetteer.
CODE = ("cells.py", "gazetteer.py", "land.py")

# A ring reaches as far as port_calls.exit_km may be set (6 km) and half a coarse cell's diagonal.
RING_M = 7_000.0
# What a place where ships were seen covers (they are some 500 m apart), and how dense wide roads are.
BERTH_CELL_M = 450.0
ROADS_CELL_M = 800.0
ROADS_STEP_M = 2_500.0
# Kinds of terminals where ships wait at anchor; everything else is a berth, offshore moorings too.
ROADS_KINDS = ("anchorage",)


class GazetteerError(Exception):
    """A gazetteer file says something that cannot be: one line with file, row and what to do."""


@dataclass(frozen=True)
class Place:
    """Where a point lies: `kind` is berth or anchorage, `terminal_id` null where no terminal is known."""

    port_id: str
    terminal_id: str | None
    kind: str
    confidence: int


@dataclass(frozen=True)
class Gazetteer:
    """The tables; columns are listed in docs/gazetteer.md."""

    ports: pd.DataFrame
    terminals: pd.DataFrame
    hubs: pd.DataFrame
    gates: pd.DataFrame
    gate_edges: pd.DataFrame
    gate_cells: pd.DataFrame
    gate_ports: pd.DataFrame
    port_rings: pd.DataFrame
    berth_cells: pd.DataFrame
    sts_cells: pd.DataFrame
    land_cells: pd.DataFrame

    def resolve(self, lat: float, lon: float) -> Place | None:
        """The berth or anchorage at a point, as the join on `berth_cells` finds it; None in open water."""
        cell = int(cells.cell_id(lat, lon, FINE))
        i = int(np.searchsorted(self.berth_cells["cell_id"].to_numpy(), cell))
        if i == len(self.berth_cells) or self.berth_cells["cell_id"].iat[i] != cell:
            return None
        row = self.berth_cells.iloc[i]
        terminal = row["terminal_id"]
        return Place(
            str(row["port_id"]),
            None if pd.isna(terminal) else str(terminal),
            str(row["kind"]),
            int(row["confidence"]),
        )

    def on_land(self, lat: float, lon: float) -> bool:
        """Whether a point lies more than 2 km inland and in no port's, river's or canal's square."""
        cell, square = land.square(lat, lon)
        i = int(np.searchsorted(self.land_cells["cell_id"].to_numpy(), cell))
        if i == len(self.land_cells) or self.land_cells["cell_id"].iat[i] != cell:
            return False
        return bool(int(self.land_cells["mask"].iat[i]) >> square & 1)

    def write(self, folder: Path) -> dict[str, Path]:
        """Write every table as `<folder>/<table>.parquet`; the caller renames the folder when it is full."""
        folder.mkdir(parents=True, exist_ok=True)
        out = {}
        with duckdb.connect() as con:
            for field in fields(self):
                path = folder / f"{field.name}.parquet"
                con.register("frame", getattr(self, field.name))
                con.execute(
                    f"COPY (SELECT * FROM frame) TO '{_quoted(path)}' (FORMAT parquet, COMPRESSION zstd)"
                )
                con.unregister("frame")
                out[field.name] = path
        return out


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def fingerprint(extra_hubs: Path | None = None) -> str:
    """16 hexadecimal digits that change when a data file, the user's hubs file or the code does."""
    files = sorted(p for p in DATA.rglob("*") if p.is_file()) + [DATA.parent / name for name in CODE]
    if extra_hubs and extra_hubs.exists():
        files.append(extra_hubs)
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def build(extra_hubs: Path | None = None) -> Gazetteer:
    """All tables from geo/data and, if it exists, the user's hubs file (CSV, columns of hubs.csv)."""
    ports, terminals, hubs = load_ports(), load_terminals(), load_hubs(extra_hubs)
    ports = with_users_ports(ports, hubs)
    shapes = place_shapes(ports, terminals, load_stops())
    gates = load_gates()
    edges = gate_edges(gates, load_gate_areas())
    return Gazetteer(
        ports=ports,
        terminals=terminals,
        hubs=hubs,
        gates=gates,
        gate_edges=edges,
        gate_cells=gate_cells(edges),
        gate_ports=gate_ports(edges, gates, ports),
        port_rings=port_rings(shapes, ports),
        berth_cells=berth_cells(shapes, load_lanes(), ports, terminals),
        sts_cells=sts_cells(hubs),
        land_cells=land.load_cells(),
    )


def load_ports() -> pd.DataFrame:
    """Ports of the lists and those that people added by hand."""
    ports = pd.concat([_read(DATA / "ports.csv"), _read(HAND / "ports.csv")], ignore_index=True)
    # A file without rows has columns without a type.
    numbers = dict.fromkeys(["lat", "lon", "radius_km", "berth_km"], float)
    ports = ports.astype({**numbers, "confidence": int, "is_disputed": int}).astype({"is_disputed": bool})
    return ports.sort_values("port_id", ignore_index=True)


def load_terminals() -> pd.DataFrame:
    """Terminals, moorings and roads; (lat2, lon2) ends a quay that is drawn as a line."""
    return _read(HAND / "terminals.csv").sort_values("terminal_id", ignore_index=True)


def load_stops() -> pd.DataFrame:
    """Places where ships were seen to lie, with their port and kind."""
    return _read(DATA / "stops.csv.gz")


def load_lanes() -> pd.DataFrame:
    """Fairways of straits so narrow that cells of both shores would meet, as rows of segments."""
    rows = []
    for lane in _read(HAND / "lanes.csv").to_dict("records"):
        points = [tuple(map(float, point.split())) for point in str(lane["path"]).split(";")]
        rows += [(*a, *b, float(lane["radius_km"]) * 1000) for a, b in pairwise(points)]
    return pd.DataFrame(rows, columns=["lat", "lon", "lat2", "lon2", "radius_m"])


def load_gates() -> pd.DataFrame:
    """Approach gates as rows of segments; Russia lies to the right of the way from point 1 to point 2."""
    return _read(HAND / "gates.csv").sort_values(["gate_id", "seq"], ignore_index=True)


def load_gate_areas() -> pd.DataFrame:
    """How the water beyond each gate is closed off: over land from the gate's last point to its first."""
    return _read(HAND / "gate_areas.csv")


def load_hubs(extra_hubs: Path | None = None) -> pd.DataFrame:
    """Hubs of the package; rows of the user's file replace those of the same id or come in addition."""
    hubs = _read(DATA / "hubs.csv")
    if extra_hubs and extra_hubs.exists():
        mine = _users_hubs(extra_hubs, list(hubs.columns))
        hubs = pd.concat([hubs[~hubs["hub_id"].isin(mine["hub_id"])], mine], ignore_index=True)
    return hubs.sort_values(["kind", "hub_id"], ignore_index=True)


def _users_hubs(path: Path, columns: list[str]) -> pd.DataFrame:
    """The user's hubs file, checked row by row."""
    try:
        mine = _read(path)
    except (OSError, ValueError) as error:
        raise GazetteerError(f"{path}: cannot be read as CSV ({error}); see docs/gazetteer.md") from error
    needed = ["hub_id", "name", "kind", "country", "lat", "lon", "radius_km"]
    missing = [c for c in needed if c not in mine.columns]
    if missing:
        raise GazetteerError(f"{path}: the column(s) {', '.join(missing)} are missing; see docs/gazetteer.md")
    for line, row in enumerate(mine.to_dict("records"), 2):
        problem = _problem(row)
        if problem:
            raise GazetteerError(f"{path}, line {line}: {problem}")
    mine = mine.assign(
        **{
            c: d
            for c, d in {"tier": 1, "source": f"user's file {path.name}", "note": ""}.items()
            if c not in mine
        }
    )
    if mine["hub_id"].duplicated().any():
        raise GazetteerError(
            f"{path}: hub_id {mine['hub_id'][mine['hub_id'].duplicated()].iloc[0]} stands twice"
        )
    return mine[columns]


def _problem(row: dict[str, object]) -> str:
    """What is wrong with a row of a hubs file; empty if nothing."""
    if not row["hub_id"] or not row["name"]:
        return "hub_id and name must not be empty"
    if row["kind"] not in ("port", "sts_area"):
        return f"kind is {row['kind']!r}, must be port or sts_area"
    if not (isinstance(row["country"], str) and len(row["country"]) in (0, 2)):
        return f"country is {row['country']!r}, must be two letters (ISO 3166-1)"
    try:
        lat, lon, radius = (float(str(row[c])) for c in ("lat", "lon", "radius_km"))
    except ValueError:
        return "lat, lon and radius_km must be numbers"
    if not (-90 <= lat <= 90 and -180 <= lon < 180 and 0 < radius <= 500):
        return "lat, lon or radius_km is out of range (-90 to 90, -180 to 180, 0 to 500)"
    return ""


def with_users_ports(ports: pd.DataFrame, hubs: pd.DataFrame) -> pd.DataFrame:
    """A hub of kind port that is no port of the gazetteer becomes one, with a berth circle of 1.5 km."""
    new = hubs[(hubs["kind"] == "port") & ~hubs["hub_id"].isin(ports["port_id"])]
    if new.empty:
        return ports
    rows = pd.DataFrame(
        {
            "port_id": new["hub_id"], "name": new["name"], "country": new["country"],
            "controlled_by": new["country"],
            "basin": "", "role": "hub", "kind": "port", "lat": new["lat"], "lon": new["lon"],
            "radius_km": new["radius_km"], "berth_km": np.minimum(1.5, new["radius_km"]),
            "is_disputed": False,
            "unlocode": "", "harbour_size": "", "confidence": 2, "source": new["source"], "source_id": "",
            "note": new["note"],
        }
    )  # fmt: skip
    return pd.concat([ports, rows], ignore_index=True).sort_values("port_id", ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    """A CSV in which an empty text is empty ('NA' is Namibia) and an empty number is null."""
    text = {
        "name",
        "country",
        "controlled_by",
        "unlocode",
        "note",
        "basin",
        "harbour_size",
        "source",
        "source_id",
        "hub_id",
    }
    frame = pd.read_csv(
        path, keep_default_na=False, na_values={"lat2": [""], "lon2": [""]}, dtype=dict.fromkeys(text, str)
    )
    return frame.rename(columns=str.strip)


def place_shapes(ports: pd.DataFrame, terminals: pd.DataFrame, stops: pd.DataFrame) -> pd.DataFrame:
    """Every outline of a place to lie, a circle or a line with a radius: what the cells are drawn from."""
    number = pd.Series(np.arange(len(ports)), index=ports["port_id"])
    of_ports = pd.DataFrame(
        {
            "lat": ports["lat"], "lon": ports["lon"], "lat2": ports["lat"], "lon2": ports["lon"],
            "radius_m": ports["berth_km"] * 1000, "port": number.to_numpy(), "terminal": -1, "kind": "berth",
            "confidence": ports["confidence"],
            "is_seen": False,
        }
    )  # fmt: skip
    of_terminals = pd.DataFrame(
        {
            "lat": terminals["lat"], "lon": terminals["lon"],
            "lat2": terminals["lat2"].fillna(terminals["lat"]),
            "lon2": terminals["lon2"].fillna(terminals["lon"]),
            "radius_m": terminals["radius_km"] * 1000, "port": number[terminals["port_id"]].to_numpy(),
            "terminal": np.arange(len(terminals)),
            "kind": np.where(terminals["kind"].isin(ROADS_KINDS), "anchorage", "berth"),
            "confidence": terminals["confidence"],
            "is_seen": False,
        }
    )  # fmt: skip
    at_berth = stops["kind"] == "berth"
    of_stops = pd.DataFrame(
        {
            "lat": stops["lat"], "lon": stops["lon"], "lat2": stops["lat"], "lon2": stops["lon"],
            "radius_m": np.where(at_berth, BERTH_CELL_M, ROADS_CELL_M),
            "port": number[stops["port_id"]].to_numpy(),
            "terminal": -1, "kind": stops["kind"], "confidence": np.where(at_berth, 3, 2),
            "is_seen": True,
        }
    )  # fmt: skip
    return pd.concat([of_ports, of_terminals, of_stops], ignore_index=True)


def berth_cells(
    shapes: pd.DataFrame, lanes: pd.DataFrame, ports: pd.DataFrame, terminals: pd.DataFrame
) -> pd.DataFrame:
    """One row a fine cell: berth before anchorage, then the nearest port, a terminal of it first."""
    shape, cell, distance = _cells_of(shapes, FINE, margin=1.0)
    _, fairway, _ = _cells_of(lanes, FINE)
    free = ~(shapes["is_seen"].to_numpy(bool)[shape] & np.isin(cell, fairway))
    shape, cell, distance = shape[free], cell[free], distance[free]
    port = shapes["port"].to_numpy(np.int64)[shape]
    terminal = shapes["terminal"].to_numpy(np.int64)[shape]
    roads = (shapes["kind"] == "anchorage").to_numpy()[shape]
    metres = np.floor(distance).astype(np.int64)

    order = np.lexsort((port, metres, roads, cell))
    first = order[np.unique(cell[order], return_index=True)[1]]
    winner = np.searchsorted(cell[first], cell)
    same = (port == port[first][winner]) & (roads == roads[first][winner])
    cell, shape, port, terminal, metres = (x[same] for x in (cell, shape, port, terminal, metres))
    order = np.lexsort((terminal, metres, terminal < 0, cell))
    first = order[np.unique(cell[order], return_index=True)[1]]
    names = np.array([*terminals["terminal_id"], None], dtype=object)
    return pd.DataFrame(
        {
            "cell_id": cell[first],
            "port_id": pd.Categorical.from_codes(port[first], categories=ports["port_id"]),
            "terminal_id": pd.Series(names[terminal[first]], dtype=pd.StringDtype()),
            "kind": pd.Categorical(shapes["kind"].to_numpy()[shape[first]]),
            "confidence": shapes["confidence"].to_numpy(np.int32)[shape[first]],
        }
    )


def port_rings(shapes: pd.DataFrame, ports: pd.DataFrame) -> pd.DataFrame:
    """Per port every coarse cell within 7 km of one of its points, with the nearest such point."""
    points = _points(shapes)
    lat, lon, port = (
        points["lat"].to_numpy(float),
        points["lon"].to_numpy(float),
        points["port"].to_numpy(np.int64),
    )
    point, cell, distance = cells.around(lat, lon, lat, lon, np.full(len(lat), RING_M), COARSE)
    metres = np.round(distance).astype(np.int64)
    key = port[point] * 100_000 * cells.ROW + cell
    order = np.lexsort((point, metres, key))
    first = order[np.unique(key[order], return_index=True)[1]]
    nearest = point[first]
    return pd.DataFrame(
        {
            "cell_id": cell[first],
            "port_id": pd.Categorical.from_codes(port[nearest], categories=ports["port_id"]),
            "point_lat": lat[nearest],
            "point_lon": lon[nearest],
            "d_m": distance[first],
        }
    ).sort_values(["cell_id", "port_id"], ignore_index=True)


def _points(shapes: pd.DataFrame) -> pd.DataFrame:
    """The points from which rings are drawn: lines and wide roads as many, thinned to one a cell."""
    parts = []
    for row in shapes[(shapes["lat"] != shapes["lat2"]) | (shapes["lon"] != shapes["lon2"])].itertuples():
        length = float(cells.distance_m(row.lat, row.lon, row.lat2, row.lon2))
        t = np.linspace(0, 1, 2 + int(length // 1000))
        parts.append(
            pd.DataFrame(
                {
                    "lat": row.lat + t * (row.lat2 - row.lat),
                    "lon": row.lon + t * (row.lon2 - row.lon),
                    "port": row.port,
                }
            )
        )
    for row in shapes[(shapes["kind"] == "anchorage") & (shapes["radius_m"] > ROADS_STEP_M)].itertuples():
        lat, lon = _lattice(row.lat, row.lon, row.radius_m)
        parts.append(pd.DataFrame({"lat": lat, "lon": lon, "port": row.port}))
    points = pd.concat([shapes[["lat", "lon", "port"]], *parts], ignore_index=True)
    key = pd.DataFrame({"cell": cells.cell_id(points["lat"], points["lon"], COARSE), "port": points["port"]})
    return points[~key.duplicated()].reset_index(drop=True)


def _lattice(lat: float, lon: float, radius_m: float) -> tuple[Floats, Floats]:
    """Points 2.5 km apart that fill a circle."""
    k = int(radius_m // ROADS_STEP_M)
    y, x = np.meshgrid(np.arange(-k, k + 1) * ROADS_STEP_M, np.arange(-k, k + 1) * ROADS_STEP_M)
    inside = np.hypot(x, y) <= radius_m
    lats = lat + y[inside] / cells.M_PER_DEGREE
    return lats, lon + x[inside] / (cells.M_PER_DEGREE * np.cos(np.radians(lats)))


def sts_cells(hubs: pd.DataFrame) -> pd.DataFrame:
    """One row a coarse cell of an STS area; where areas overlap, the one in which it lies deepest."""
    areas = hubs[hubs["kind"] == "sts_area"].reset_index(drop=True)
    lat, lon, radius = (areas[c].to_numpy(float) for c in ("lat", "lon", "radius_km"))
    area, cell, distance = cells.around(lat, lon, lat, lon, radius * 1000, COARSE)
    depth = np.round(distance / radius[area]).astype(np.int64)
    order = np.lexsort((area, depth, cell))
    first = order[np.unique(cell[order], return_index=True)[1]]
    return pd.DataFrame({"cell_id": cell[first], "area_id": areas["hub_id"].to_numpy()[area[first]]})


def gate_edges(gates: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """One row an edge of the water beyond a gate, in order; `is_gate` where it is the gate itself."""
    paths = dict(zip(areas["gate_id"], areas["path"], strict=True))
    rows = []
    for gate, lines in gates.groupby("gate_id", sort=True):
        first, last = lines.iloc[0], lines.iloc[-1]
        ends = [(a.lat1, a.lon1, a.lat2, a.lon2, True) for a in lines.itertuples()]
        closing = [tuple(map(float, point.split())) for point in str(paths[gate]).split(";")]
        around = [(last["lat2"], last["lon2"]), *closing, (first["lat1"], first["lon1"])]
        ends += [(*a, *b, False) for a, b in pairwise(around)]
        rows += [(gate, n, *end) for n, end in enumerate(ends, 1)]
    columns = ["gate_id", "edge_no", "lat1", "lon1", "lat2", "lon2", "is_gate"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:6], float))


def gate_areas(edges: pd.DataFrame) -> dict[str, shapely.Geometry]:
    """The water beyond each gate as a polygon of (lon, lat)."""
    return {
        str(gate): shapely.Polygon(own[["lon1", "lat1"]].to_numpy(float))
        for gate, own in edges.groupby("gate_id", sort=True)
    }


def gate_cells(edges: pd.DataFrame) -> pd.DataFrame:
    """One row a cell of a degree that the water beyond a gate touches."""
    rows = []
    for gate, area in gate_areas(edges).items():
        west, south, east, north = (int(np.floor(x)) for x in area.bounds)
        rows += [
            (int(cells.cell_id(lat, lon, WIDE)), gate)
            for lat in range(south, north + 1)
            for lon in range(west, east + 1)
            if shapely.intersects(area, shapely.box(lon, lat, lon + 1, lat + 1))
        ]
    return pd.DataFrame(sorted(rows), columns=["cell_id", "gate_id"])


def gate_ports(edges: pd.DataFrame, gates: pd.DataFrame, ports: pd.DataFrame) -> pd.DataFrame:
    """One row a port beyond a gate that Russia controls; `nth` counts those that gates.csv names first."""
    russian = ports[ports["controlled_by"] == "RU"]
    rows = []
    for gate, area in gate_areas(edges).items():
        named = str(gates.loc[gates["gate_id"] == gate, "port_ids"].iloc[0]).split()
        within = shapely.contains_xy(area, russian["lon"].to_numpy(float), russian["lat"].to_numpy(float))
        others = sorted(set(russian["port_id"][within]) - set(named))
        rows += [(gate, port, n) for n, port in enumerate([*named, *others], 1)]
    return pd.DataFrame(rows, columns=["gate_id", "port_id", "nth"])


def _cells_of(
    shapes: pd.DataFrame, n: int, margin: float = 0.0
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    lat, lon, lat2, lon2, radius_m = (
        shapes[c].to_numpy(float) for c in ("lat", "lon", "lat2", "lon2", "radius_m")
    )
    return cells.around(lat, lon, lat2, lon2, radius_m, n, margin)


@lru_cache(maxsize=1)
def packaged() -> Gazetteer:
    """The gazetteer of the package alone, built once in a process."""
    return build()


def resolve(lat: float, lon: float) -> Place | None:
    """As `Gazetteer.resolve`, on the package's own gazetteer."""
    return packaged().resolve(lat, lon)
