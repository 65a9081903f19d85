"""The ships: invented names, numbers and sizes."""

from dataclasses import dataclass, field

import numpy as np

FIRST = (
    "PAPER", "TIN", "GLASS", "WOODEN", "CLOCKWORK", "PAINTED", "IMAGINARY", "KNITTED",
    "CARDBOARD", "PORCELAIN", "FELT", "WICKER", "BALSA", "INKWELL", "MARZIPAN", "PLASTER",
    "CANDLE", "FABLED", "PRETEND", "SKETCHED", "STITCHED", "BUTTON",
)  # fmt: skip
SECOND = (
    "HERON", "WALRUS", "LANTERN", "KETTLE", "MARMOT", "THIMBLE", "OSPREY", "TEAPOT",
    "BADGER", "WINDMILL", "PUFFIN", "ANVIL", "TURNIP", "OTTER", "COMPASS", "GOBLIN",
    "PARASOL", "MAGPIE", "TROMBONE", "HEDGEHOG", "PELICAN", "SUNDIAL",
)  # fmt: skip

# Flags by MID (ITU): the invented fleet's share of them is a judgement.
FLAGS = (
    "351", "352", "370", "371", "636", "538", "215", "229", "248", "249", "209", "210", "212",
    "477", "563", "565", "255", "304", "305", "311", "308", "219", "244", "257", "241", "239",
)  # fmt: skip
FLAGS_SHADY = (
    "626", "613", "577", "616", "518", "511", "620", "667", "572", "314",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A class of ship: its AIS type, ranges of length, breadth and laden draught (m), speed (kn)."""

    ais_type: str
    length_m: tuple[float, float]
    slenderness: float
    draught_per_length: float
    speed_kn: tuple[float, float]
    ballast: float
    draught_moves: float


# Ranges are ordinary sizes of each class; draught in ballast as a share of the laden one.
KINDS: dict[str, Kind] = {
    "deepsea": Kind("Cargo", (255, 366), 7.2, 0.043, (15.5, 18.0), 0.78, 0.10),
    "asia_russia": Kind("Cargo", (180, 260), 6.6, 0.047, (14.0, 16.5), 0.75, 0.10),
    "feeder": Kind("Cargo", (118, 172), 6.2, 0.055, (13.0, 15.5), 0.68, 0.20),
    "line": Kind("Cargo", (115, 210), 6.3, 0.053, (13.0, 16.0), 0.70, 0.20),
    "general": Kind("Cargo", (85, 140), 6.6, 0.056, (10.0, 12.5), 0.60, 0.55),
    "bulk": Kind("Cargo", (165, 229), 6.4, 0.062, (11.0, 13.0), 0.56, 0.9),
    "reefer": Kind("Cargo", (125, 156), 6.4, 0.060, (15.5, 17.5), 0.70, 0.5),
    "tanker": Kind("Tanker", (144, 274), 6.1, 0.062, (11.0, 13.0), 0.58, 0.95),
    "ferry": Kind("Passenger", (130, 175), 6.5, 0.038, (17.0, 20.0), 0.96, 0.0),
    "barge": Kind("Tanker", (62, 98), 5.4, 0.062, (8.0, 10.0), 0.70, 0.3),
    "tug": Kind("Tug", (26, 36), 2.7, 0.16, (9.0, 11.0), 0.95, 0.0),
    "pilot": Kind("Pilot", (13, 19), 3.0, 0.10, (14.0, 18.0), 1.0, 0.0),
}
CRAFT = ("barge", "tug", "pilot")


@dataclass
class Identity:
    """What a ship transmits of itself: the newest values from `since` (s) on."""

    since: float
    mmsi: int
    name: str
    callsign: str


@dataclass
class Ship:
    """One invented ship. `kind` names a row of KINDS, `trade` what it does in the scenario."""

    index: int
    kind: str
    trade: str
    imo: int
    length_m: int
    width_m: int
    laden_m: float
    speed_kn: float
    identities: list[Identity] = field(default_factory=list)

    @property
    def ballast_m(self) -> float:
        """Draught without cargo."""
        return round(self.laden_m * KINDS[self.kind].ballast, 1)

    def mmsi(self, t: float) -> int:
        """The number sent at a time (s)."""
        return [x.mmsi for x in self.identities if x.since <= t or x is self.identities[0]][-1]


def imo_number(serial: int) -> int:
    """The IMO number that begins with these six digits, its check digit behind them."""
    digits = [int(d) for d in str(serial)]
    check = sum(d * w for d, w in zip(digits, range(7, 1, -1), strict=True)) % 10
    return serial * 10 + check


def build(seed: int, trades: list[tuple[str, str]]) -> list[Ship]:
    """One ship for each (kind, trade).

    IMO numbers begin with 3 and call signs with Q: neither has been given to a ship. MMSIs have a real
    flag's first digits (else a reader would drop them) and 98 or 99 after it, which registries seldom use;
    that one belongs to a real ship cannot be ruled out.
    """
    rng = np.random.default_rng([seed, 1])
    names = [f"{a} {b}" for a in FIRST for b in SECOND]
    names = [names[i] for i in rng.permutation(len(names))]
    serials = 300_000 + rng.permutation(99_000)[: len(trades)] + 1_000
    tails = rng.permutation(20_000) + 980_000
    ships = []
    for i, (kind, trade) in enumerate(trades):
        k = KINDS[kind]
        length = float(rng.uniform(*k.length_m))
        shady = trade.startswith("sts") and rng.random() < 0.7
        pool = FLAGS_SHADY if shady else FLAGS
        flag = pool[int(rng.integers(len(pool)))]
        if kind in ("ferry", *CRAFT):
            flag = "242"
        elif trade in ("feeder_black_sea", "europe_russia", "reefer") and rng.random() < 0.25:
            flag = "273"
        elif trade.startswith("line_turkey") or (trade == "general" and rng.random() < 0.2):
            flag = "271"
        ship = Ship(
            index=i,
            kind=kind,
            trade=trade,
            imo=imo_number(int(serials[i])),
            length_m=round(length),
            width_m=max(5, round(length / k.slenderness)),
            laden_m=round(length * k.draught_per_length * float(rng.uniform(0.93, 1.05)), 1),
            speed_kn=float(rng.uniform(*k.speed_kn)),
        )
        name = names[i % len(names)] + ("" if i < len(names) else f" {i // len(names) + 1}")
        ship.identities.append(Identity(-np.inf, int(flag) * 1_000_000 + int(tails[i]), name, _callsign(rng)))
        ships.append(ship)
    return ships


def reflag(ship: Ship, at: float, rng: np.random.Generator, tail: int) -> None:
    """A new flag (so a new MMSI), name and call sign from a time on; the IMO number stays."""
    flag = FLAGS_SHADY[int(rng.integers(len(FLAGS_SHADY)))]
    name = f"{FIRST[int(rng.integers(len(FIRST)))]} {SECOND[int(rng.integers(len(SECOND)))]} II"
    ship.identities.append(Identity(at, int(flag) * 1_000_000 + 970_000 + tail, name, _callsign(rng)))


def _callsign(rng: np.random.Generator) -> str:
    letters = "".join(chr(65 + int(x)) for x in rng.integers(0, 26, 3))
    return f"Q{letters}{int(rng.integers(2, 10))}"
