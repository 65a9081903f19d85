"""Where ships lie: berths side by side along quays at the gazetteer's port points, and roads to anchor in."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from geo import gazetteer
from pipeline.scenario.lanes import distance_nm

NM_M = 1852.0
DEGREE_M = 111_195.0

# Roads in which the scenario's ships anchor. Placed by hand in open water 6 to 15 km from the berths;
# nothing but the scenario rests on them.
ROADS: dict[str, tuple[float, float]] = {
    "MAPTM": (35.912, -5.585),
    "ESALG": (36.085, -5.385),
    "MACAS": (33.715, -7.640),
    "MAJFL": (33.185, -8.720),
    "MAAGA": (30.400, -9.725),
    "TRAMR": (40.915, 28.720),
    "TRMER": (36.720, 34.690),
    "TRISK": (36.690, 36.050),
    "RULED": (60.030, 29.430),
    "RUULU": (59.790, 28.290),
    "RUNVS": (44.600, 37.880),
    "RUTUA": (44.030, 38.980),
    "RUTAM": (45.040, 36.640),
    "RUKGD": (54.660, 19.680),
    "NLRTM": (52.060, 3.830),
    "GRPIR": (37.880, 23.560),
    "ROCND": (44.080, 28.800),
}
ROADS_RADIUS_KM = 2.6
# Another ship at anchor is given this much room, unless a crew is careless.
ROOM_M = 1500.0


@dataclass(frozen=True)
class Spot:
    """A position in degrees and the heading of a ship that lies there."""

    lat: float
    lon: float
    heading: float = 0.0


def shifted(lat: float, lon: float, bearing_deg: float, metres: float) -> tuple[float, float]:
    """The point so far away in this direction (flat earth: right to a metre within 20 km)."""
    b = np.radians(bearing_deg)
    return (
        float(lat + metres * np.cos(b) / DEGREE_M),
        float(lon + metres * np.sin(b) / DEGREE_M / np.cos(np.radians(lat))),
    )


def metres(a: Spot, b: Spot) -> float:
    """Distance in metres."""
    return float(distance_nm(a.lat, a.lon, b.lat, b.lon)) * NM_M


@lru_cache(maxsize=1)
def port_points() -> dict[str, tuple[float, float]]:
    """Every port of the gazetteer: its point (lat, lon)."""
    ports = gazetteer.load_ports()
    return {str(p): (float(a), float(b)) for p, a, b in zip(ports.port_id, ports.lat, ports.lon, strict=True)}


@lru_cache(maxsize=1)
def port_names() -> dict[str, str]:
    """Every port of the gazetteer: its name without what stands in brackets."""
    ports = gazetteer.load_ports()
    return {str(p): str(n).split("(")[0].strip() for p, n in zip(ports.port_id, ports.name, strict=True)}


@dataclass
class Lying:
    """A ship lying somewhere from t0 to t1 (s); `kind` is berth, anchor, meeting or craft."""

    ship: int
    kind: str
    place: str
    t0: float
    t1: float
    spot: Spot
    slot: int = -1


@dataclass
class Harbours:
    """Who lies where and when, so that two ships never share a berth."""

    rng: np.random.Generator
    anchor_close: float
    lying: list[Lying] = field(default_factory=list)
    _at: dict[tuple[str, str], list[Lying]] = field(default_factory=dict)

    def add(self, lying: Lying) -> Lying:
        """Note it."""
        self.lying.append(lying)
        self._at.setdefault((lying.place, lying.kind), []).append(lying)
        return lying

    def others(self, place: str, kind: str, t0: float, t1: float) -> list[Lying]:
        """Those who lie there at some time in between."""
        return [x for x in self._at.get((place, kind), []) if x.t0 < t1 and x.t1 > t0]

    def berth(self, ship: int, port: str, t0: float, t1: float, length_m: float) -> Lying:
        """The first free berth: large ships along the middle quay, small ones along the two beside it."""
        hour = 3600.0
        taken = {x.slot for x in self.others(port, "berth", t0 - hour, t1 + hour)}
        large = length_m > 190
        slot = next(s for s in range(0 if large else 100, 1000) if s not in taken)
        lat, lon = port_points()[port]
        quay = (abs(lat) * 1000 + abs(lon) * 777) % 180.0
        if large:
            along, aside = (slot - 1.5) * 420.0, 0.0
        else:
            n = slot - 100
            along, aside = ((n // 2) - 2.0) * 215.0, 240.0 if n % 2 else -240.0
        lat, lon = shifted(lat, lon, quay, along)
        lat, lon = shifted(lat, lon, quay + 90.0, aside)
        heading = quay if (ship + slot) % 2 else (quay + 180.0) % 360.0
        return self.add(Lying(ship, "berth", port, t0, t1, Spot(lat, lon, heading), slot))

    def anchor(self, ship: int, port: str, t0: float, t1: float) -> Lying:
        """A place in the roads; a careless crew takes one 260 to 420 m or a kilometre from another ship."""
        lat, lon = ROADS[port]
        others = self.others(port, "anchor", t0, t1)
        tankers = self.others(port, "meeting", t0, t1) + self.others(port, "wait", t0, t1)
        long = [x for x in others if min(t1, x.t1) - max(t0, x.t0) > 5 * 3600.0]
        spot = Spot(lat, lon)
        for attempt in range(200):
            if long and attempt < 20 and self.rng.random() < self.anchor_close:
                near = long[int(self.rng.integers(len(long)))].spot
                low, high = (260.0, 420.0) if self.rng.random() < 0.5 else (850.0, 1250.0)
                spot = Spot(
                    *shifted(near.lat, near.lon, self.rng.uniform(0, 360), self.rng.uniform(low, high))
                )
                room = 250.0 if low < 500 else 800.0
                if metres(spot, near) >= room and all(
                    metres(spot, x.spot) > ROOM_M for x in others + tankers if x.spot is not near
                ):
                    break
                continue
            reach = ROADS_RADIUS_KM * (1 + attempt / 40) * 1000 * np.sqrt(self.rng.random())
            spot = Spot(*shifted(lat, lon, self.rng.uniform(0, 360), float(reach)))
            if all(metres(spot, x.spot) > ROOM_M for x in others + tankers):
                break
        return self.add(Lying(ship, "anchor", port, t0, t1, spot))
