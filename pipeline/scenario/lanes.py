"""Ways over water between the places of the scenario, read from `lanes.json`.

The file holds the part of searoute's network that these places need, bent around land (make_lanes.py),
with each vertex's distance to the nearest land, so that a scenario costs no search for land at run time.
"""

import heapq
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EARTH_NM = 3440.065


@dataclass(frozen=True)
class Way:
    """A polyline from one place to another: degrees, km to the nearest land, nm from its start."""

    lat: Floats
    lon: Floats
    offshore_km: Floats
    nm: Floats

    @property
    def length_nm(self) -> float:
        """Its whole length."""
        return float(self.nm[-1])


def distance_nm(lat1: Any, lon1: Any, lat2: Any, lon2: Any) -> Any:
    """Great-circle distance (haversine) in nautical miles, of numbers or arrays of degrees."""
    p1, p2 = np.radians(lat1), np.radians(lat2)
    h = (
        np.sin((p2 - p1) / 2) ** 2
        + np.cos(p1) * np.cos(p2) * np.sin(np.radians(np.subtract(lon2, lon1)) / 2) ** 2
    )
    return 2 * EARTH_NM * np.arcsin(np.sqrt(h))


def along(lat: Floats, lon: Floats) -> Floats:
    """Nautical miles from the first point of a polyline to each of its points."""
    return np.concatenate([[0.0], np.cumsum(distance_nm(lat[:-1], lon[:-1], lat[1:], lon[1:]))])


class Lanes:
    """The network; `way(a, b)` is the shortest way between two named places."""

    def __init__(self) -> None:
        content = json.loads((files("pipeline.scenario") / "lanes.json").read_text("utf-8"))
        self.places: dict[str, int] = content["places"]
        self._named = set(self.places.values())
        self._next: dict[int, list[tuple[int, float, Floats]]] = {}
        for u, v, points in content["edges"]:
            line = np.array(points, dtype=np.float64)
            nm = float(along(line[:, 1], line[:, 0])[-1])
            self._next.setdefault(u, []).append((v, nm, line))
            self._next.setdefault(v, []).append((u, nm, line[::-1]))
        self._trees: dict[str, dict[int, tuple[int, Floats]]] = {}
        self._ways: dict[tuple[str, str], Way] = {}

    def way(self, start: str, end: str) -> Way:
        """The shortest way; places are port ids or the ids of STS areas."""
        if (start, end) not in self._ways:
            tree = self._tree(start)
            pieces: list[Floats] = []
            node = self.places[end]
            while node != self.places[start]:
                node, line = tree[node]
                pieces.append(line)
            points = np.concatenate(pieces[::-1])
            fresh = np.concatenate([[True], (np.diff(points[:, :2], axis=0) != 0).any(axis=1)])
            lon, lat, offshore = points[fresh].T
            self._ways[start, end] = Way(lat, lon, offshore, along(lat, lon))
        return self._ways[start, end]

    def point(self, place: str) -> tuple[float, float]:
        """A place's latitude and longitude in the network (a port's quays, an STS area's middle)."""
        line = self._next[self.places[place]][0][2]
        return float(line[0, 1]), float(line[0, 0])

    def _tree(self, start: str) -> dict[int, tuple[int, Floats]]:
        """Dijkstra from one place, never through another: each node's predecessor and the line from it."""
        if start not in self._trees:
            origin = self.places[start]
            best, before = {origin: 0.0}, dict[int, tuple[int, Floats]]()
            queue, done = [(0.0, origin)], set[int]()
            while queue:
                so_far, node = heapq.heappop(queue)
                if node in done:
                    continue
                done.add(node)
                if node in self._named and node != origin:
                    continue
                for other, nm, line in self._next[node]:
                    if so_far + nm < best.get(other, np.inf):
                        best[other] = so_far + nm
                        before[other] = (node, line)
                        heapq.heappush(queue, (so_far + nm, other))
            self._trees[start] = before
        return self._trees[start]


@lru_cache(maxsize=1)
def lanes() -> Lanes:
    """The network, read once."""
    return Lanes()
