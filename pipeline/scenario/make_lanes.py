"""Makes `lanes.json`: the part of searoute's network that the scenario needs, joined to its ports, off land.

    python -m pipeline.scenario.make_lanes

Run by hand when a port is added. Ports and meeting areas are joined to nearby nodes of the network, and edges
that cut a corner of Natural Earth's land are bent around it, by the cheapest way over a grid of water cells
on which cells next to land cost more.
"""

import heapq
import json
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import searoute
import shapely

from geo import land
from pipeline.files import write_text
from pipeline.scenario.lanes import distance_nm
from pipeline.scenario.places import port_points

PORTS = (
    "MAPTM", "MACAS", "MAAGA", "MAJFL", "MANDR", "ESALG", "ESVLC", "ESLPA", "PTSIE", "FRLEH",
    "NLRTM", "BEANR", "DEHAM", "DEBRV", "GBFXT", "PLGDN", "LTKLJ", "LVRIX", "EEMUG", "SEGOT",
    "ITGIT", "ITAUG", "MTMAR", "GRPIR", "EGPSD", "EGDAM", "EGALY", "TRAMR", "TRMER", "TRISK",
    "TRALI", "ROCND", "BGVAR", "LYTOB", "DZSKI", "CNSGH", "CNNBO", "CNQIN", "TWKHH", "KRPUS",
    "SGSIN", "HKHKG", "INNSA", "INMUN", "AEJEA", "AEFJR", "SAJED", "OMSLL", "VNCMT", "RULED",
    "RUULU", "RUPRI", "RUVYS", "RUKGD", "RUMMK", "RUNVS", "RUTUA", "RUTAM", "RUCPC", "TGLFW",
)  # fmt: skip
# Where ships meet at sea (lat, lon): in open water of the areas reported for transfers. Placed by hand.
AREAS = {
    "nador": (35.36, -2.72), "ceuta": (35.965, -5.16), "canary_south": (27.70, -15.95),
    "casablanca_roads": (33.78, -7.70), "jorf_roads": (33.21, -8.80), "ceyhan_roads": (36.68, 35.85),
    "hurds_bank": (35.87, 14.85), "laconian_gulf": (36.50, 22.85), "lesbos_chios": (38.62, 25.75),
    "augusta": (37.12, 15.42),
}  # fmt: skip
# The fairway past Kotlin to St Petersburg, placed by hand (lon, lat): the network crosses the island.
KOTLIN = [
    (27.89978, 60.17977), (28.5, 60.10), (29.30, 60.03), (29.55, 60.0), (29.70, 59.972), (29.90, 59.955),
    (30.172577, 59.920613),
]  # fmt: skip
GRID_DEGREES = 0.008
COAST_COSTS = (6.0, 3.0, 1.5, 1.0, 0.6)
N_JOINTS = 6
DOOR_KM = 12.0
LONGEST_DETOUR = 1.5

Point = tuple[float, float]  # lon, lat
Cell = tuple[int, int]
Node = Point | str
Line = list[Point]

LAND = land.polygons()
TREE = shapely.STRtree(LAND)


def km(a: Point, b: Point) -> float:
    """Great-circle distance."""
    return 1.852 * float(distance_nm(a[1], a[0], b[1], b[0]))


class Water:
    """A grid of water cells over a box of degrees, dearer near land."""

    def __init__(self, west: float, south: float, east: float, north: float, step: float) -> None:
        self.west, self.south, self.step = west, south, step
        self.shape = (int((north - south) / step) + 1, int((east - west) / step) + 1)
        box = shapely.box(west - 0.1, south - 0.1, east + 0.1, north + 0.1)
        near = shapely.union_all([shapely.intersection(LAND[i], box) for i in TREE.query(box)])
        shapely.prepare(near)
        x, y = np.meshgrid(west + np.arange(self.shape[1]) * step, south + np.arange(self.shape[0]) * step)
        self.land = shapely.contains_xy(near, x, y)
        self.cost = np.ones(self.shape)
        reached = self.land.copy()
        for extra in COAST_COSTS:
            grown = reached.copy()
            grown[1:] |= reached[:-1]
            grown[:-1] |= reached[1:]
            grown[:, 1:] |= reached[:, :-1]
            grown[:, :-1] |= reached[:, 1:]
            self.cost[grown & ~reached] += extra
            reached = grown

    def is_water(self, cell: Cell) -> bool:
        """Within the box and no land."""
        return 0 <= cell[0] < self.shape[0] and 0 <= cell[1] < self.shape[1] and not self.land[cell]

    def point(self, cell: Cell) -> Point:
        """A cell's middle."""
        return self.west + cell[1] * self.step, self.south + cell[0] * self.step

    def nearest(self, to: Point, reach: int = 25) -> Cell | None:
        """The water cell nearest to a point."""
        if reach > 4 and (close := self.nearest(to, 4)):
            return close
        row, col = round((to[1] - self.south) / self.step), round((to[0] - self.west) / self.step)
        span = range(-reach, reach + 1)
        cells = [(row + i, col + j) for i in span for j in span if self.is_water((row + i, col + j))]
        return min(cells, key=lambda c: (km(self.point(c), to), c), default=None)

    def ways(self, start: Cell, goals: set[Cell], wanted: int = 1) -> list[list[Cell]]:
        """The cheapest ways to the cheapest goals; those twice as far as the first are left out."""
        north_km = self.step * 111.19
        east_km = north_km * float(np.cos(np.radians(self.south + self.shape[0] * self.step / 2)))
        sides = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
        best, before = {start: 0.0}, dict[Cell, Cell]()
        queue, done = [(0.0, start)], set[Cell]()
        found: list[list[Cell]] = []
        first = np.inf
        while queue and len(found) < wanted and queue[0][0] <= first * 2 + 120:
            so_far, cell = heapq.heappop(queue)
            if cell in done:
                continue
            done.add(cell)
            if cell in goals:
                first = min(first, so_far)
                way = [cell]
                while way[-1] in before:
                    way.append(before[way[-1]])
                found.append(way[::-1])
            for i, j in sides:
                other = (cell[0] + i, cell[1] + j)
                if not self.is_water(other):
                    continue
                total = so_far + float(np.hypot(i * north_km, j * east_km) * self.cost[other])
                if total < best.get(other, np.inf):
                    best[other], before[other] = total, cell
                    heapq.heappush(queue, (total, other))
        return found

    def pulled(self, way: list[Cell]) -> Line:
        """A way with as few corners as keep it off land, and as far from it as it was."""
        corners, i = [way[0]], 0
        while i < len(way) - 1:
            j = min(len(way) - 1, i + 120)
            while j > i + 1 and not self._clear(way[i], way[j]):
                j -= 1
            corners.append(way[j])
            i = j
        return [self.point(c) for c in corners]

    def _clear(self, a: Cell, b: Cell) -> bool:
        n = 2 * max(abs(a[0] - b[0]), abs(a[1] - b[1])) + 2
        rows, cols = (np.round(np.linspace(a[k], b[k], n)).astype(int) for k in (0, 1))
        dearest = self.cost[rows, cols].max()
        return not self.land[rows, cols].any() and dearest <= max(self.cost[a], self.cost[b]) + 0.01


class Network:
    """Edges as lines between nodes; a port or area is a node named by its id."""

    def __init__(self) -> None:
        self.edges: dict[Node, dict[Node, Line]] = {}
        for u, v, data in searoute.setup_M().edges(data=True):
            if data.get("passage") != "northwest":
                self.join([(float(x), float(y)) for x, y in (u, v)])
        self.join(KOTLIN)

    def join(self, line: Line, start: Node | None = None) -> None:
        """Add an edge, or bend the one that is there."""
        u, v = start or line[0], line[-1]
        self.edges.setdefault(u, {})[v] = line
        self.edges.setdefault(v, {})[u] = line[::-1]

    def used_from(self, start: Node) -> set[tuple[Node, Node]]:
        """The edges on the shortest ways from a place to all the others, none through a third."""
        best: dict[Node, float] = {start: 0.0}
        before: dict[Node, Node] = {}
        queue: list[tuple[float, str, Node]] = [(0.0, "", start)]
        done = set[Node]()
        while queue:
            so_far, _, node = heapq.heappop(queue)
            if node in done:
                continue
            done.add(node)
            if isinstance(node, str) and node != start:
                continue
            for other, line in self.edges[node].items():
                total = so_far + sum(km(a, b) for a, b in pairwise(line))
                if total < best.get(other, np.inf):
                    best[other], before[other] = total, node
                    heapq.heappush(queue, (total, str(other), other))
        used = set[tuple[Node, Node]]()
        for place in [n for n in done if isinstance(n, str)]:
            node = place
            while node in before:
                edge = (node, before[node])
                used.add(min(edge, edge[::-1], key=str))
                node = before[node]
        return used


def land_degrees(line: Line) -> float:
    """How much of a line lies on land."""
    whole = shapely.LineString(line)
    return float(
        sum(shapely.intersection(whole, LAND[i]).length for i in TREE.query(whole, predicate="intersects"))
    )


def approach(network: Network, place: str, at: Point) -> None:
    """Join a place to the network's nodes around it: straight to one at its door, else over water."""
    nodes = sorted(n for n in network.edges if not isinstance(n, str))
    door = [n for n in nodes if abs(n[1] - at[1]) < 0.2 and km(n, at) < DOOR_KM]
    for half in (0.9, 1.8, 3.0):
        water = Water(at[0] - half * 1.5, at[1] - half, at[0] + half * 1.5, at[1] + half, GRID_DEGREES)
        start = water.nearest(at)
        near = [n for n in nodes if abs(n[0] - at[0]) < half * 1.4 and abs(n[1] - at[1]) < half * 0.95]
        goals = {cell: n for n in near if n not in door and (cell := water.nearest(n, 3))}
        ways = water.ways(start, set(goals), N_JOINTS) if start else []
        if len(ways) > 3 or door:
            break
    for node in door:
        network.join([at, node], place)
    for way in ways:
        line = [at, *water.pulled(way)[:-1], goals[way[-1]]]
        if len(line) > 2 and land_degrees([line[0], line[2]]) == 0:
            del line[1]
        network.join(line, place)
    if place not in network.edges:
        raise SystemExit(f"{place}: no way over water to the network")


def bend(network: Network, u: Point, v: Point) -> None:
    """Lead an edge that crosses land around it. An estuary or a canal stays: there is no way around it."""
    west, east = sorted((u[0], v[0]))
    south, north = sorted((u[1], v[1]))
    step = GRID_DEGREES if max(east - west, north - south) < 3 else 0.02
    water = Water(west - 0.6, south - 0.6, east + 0.6, north + 0.6, step)
    start, goal = water.nearest(u), water.nearest(v)
    for way in water.ways(start, {goal}) if start and goal else []:
        line = [u, *water.pulled(way)[1:-1], v]
        if sum(km(a, b) for a, b in pairwise(line)) < km(u, v) * LONGEST_DETOUR + 20:
            network.join(line)


def offshore_km(points: Line) -> list[int]:
    """Whole kilometres from each point to the nearest land, 0 on it."""
    found = [9999.0] * len(points)
    shapes = shapely.points(np.array(points))
    for i, j in zip(*TREE.query_nearest(shapes, all_matches=False), strict=True):
        ends = shapely.get_coordinates(shapely.shortest_line(shapes[i], LAND[j]))
        found[i] = km((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]))
    return [round(x) for x in found]


def with_depths(line: Line) -> list[list[float]]:
    """A line's corners, and points between them 25 km apart near land and 200 km apart far from it."""
    points, corners = [line[0]], {line[0], *line}
    for a, b in pairwise(line):
        n = max(1, int(np.ceil(km(a, b) / 25)))
        points += [(a[0] + (b[0] - a[0]) * k / n, a[1] + (b[1] - a[1]) * k / n) for k in range(1, n)] + [b]
    kept: list[list[float]] = []
    last = points[0]
    for point, off in zip(points, offshore_km(points), strict=True):
        if point in corners or off < 80 or km(last, point) > 200:
            kept.append([round(point[0], 4), round(point[1], 4), off])
            last = point
    return kept


def needed(network: Network, places: Iterable[str]) -> set[tuple[Node, Node]]:
    """The edges on all the ways between the places, none of them over land."""
    checked = set[tuple[Node, Node]]()
    while True:
        used = {edge for place in places for edge in network.used_from(place)}
        fresh = sorted(used - checked, key=str)
        if not fresh:
            return used
        for u, v in fresh:
            checked.add((u, v))
            line = network.edges[u][v]
            if land_degrees(line) > 1e-4 and not isinstance(u, str) and not isinstance(v, str):
                bend(network, u, v)


def main(say: Callable[[str], None] = print) -> None:
    """Write lanes.json beside this file."""
    network = Network()
    points = port_points()
    places = {p: points[p] for p in PORTS} | AREAS
    for place, (lat, lon) in places.items():
        approach(network, place, (lon, lat))
    used = sorted(needed(network, places), key=str)
    number = {node: n for n, node in enumerate(sorted({n for edge in used for n in edge}, key=str))}
    edges = [
        json.dumps([number[u], number[v], with_depths(network.edges[u][v])], separators=(",", ":"))
        for u, v in used
    ]
    head = {
        "source": "searoute 1.6.0's network (Apache-2.0), bent around Natural Earth's land (1:10m, public"
        " domain) by make_lanes.py; meeting areas and the fairway past Kotlin placed by hand",
        "columns": "an edge: its two nodes and its points as lon, lat, km to the nearest land",
        "places": {node: n for node, n in number.items() if isinstance(node, str)},
    }
    text = json.dumps(head, indent=1)[:-2] + ',\n "edges": [\n' + ",\n".join(edges) + "\n]}\n"
    write_text(Path(__file__).with_name("lanes.json"), text)
    say(f"{len(edges)} edges between {len(number)} nodes")


if __name__ == "__main__":
    main()
