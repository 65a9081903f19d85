"""Small tracks by hand, and a home folder made of them through the door of real data (Danish CSVs)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.engine import connect
from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest

HEADER = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,"
    "Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,"
    "Data source type,A,B,C,D"
)
STATUS = {0: "Under way using engine", 1: "At anchor", 5: "Moored"}
START = datetime(2026, 3, 1)  # noqa: DTZ001 - the tables are in UTC without a zone


@dataclass(frozen=True)
class Ship:
    """What a ship says of itself."""

    mmsi: int
    name: str = ""
    imo: int = 0
    ship_type: str = "Cargo"
    length_m: float = 180
    width_m: float = 28
    callsign: str = ""


@dataclass(frozen=True)
class Report:
    """One report; `minute` counts from START."""

    ship: Ship
    minute: float
    lat: float
    lon: float
    sog_kn: float
    nav: int = 0
    draught_m: float | None = None
    destination: str = ""
    heading: int | None = None

    @property
    def at(self) -> datetime:
        return START + timedelta(minutes=self.minute)

    def row(self) -> str:
        ship = self.ship
        return ",".join(
            str(value)
            for value in (
                self.at.strftime("%d/%m/%Y %H:%M:%S"), "Class A", ship.mmsi,
                f"{self.lat:.6f}", f"{self.lon:.6f}", STATUS[self.nav], "", f"{self.sog_kn:.1f}", "",
                "" if self.heading is None else self.heading,
                ship.imo or "Unknown", ship.callsign, ship.name, ship.ship_type, "", ship.width_m,
                ship.length_m, "GPS", self.draught_m or "", self.destination, "", "AIS", "", "", "", "",
            )
        )  # fmt: skip


def lying(
    ship: Ship, first: float, last: float, lat: float, lon: float, *, every: float = 6, **say: object
) -> list[Report]:
    """Reports of a ship at rest from minute `first` to `last`."""
    say.setdefault("sog_kn", 0.0)
    n = int((last - first) / every) + 1
    return [Report(ship, first + i * every, lat, lon, **say) for i in range(n)]  # type: ignore[arg-type]


def sailing(
    ship: Ship,
    first: float,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    kn: float = 12,
    every: float = 6,
) -> list[Report]:
    """Reports of a ship that sails straight from `start` to `end` at an even speed (both reported)."""
    import math

    north = (end[0] - start[0]) * 60
    east = (end[1] - start[1]) * 60 * math.cos(math.radians((start[0] + end[0]) / 2))
    minutes = math.hypot(north, east) / kn * 60
    n = max(1, round(minutes / every))
    return [
        Report(
            ship,
            first + minutes * i / n,
            start[0] + (end[0] - start[0]) * i / n,
            start[1] + (end[1] - start[1]) * i / n,
            kn,
        )
        for i in range(n + 1)
    ]


def write_days(folder: Path, reports: Iterable[Report]) -> list[Path]:
    """Danish CSVs, one a day, in the order in which the reports are given."""
    days: dict[str, list[str]] = defaultdict(list)
    for report in reports:
        days[report.at.strftime("%Y-%m-%d")].append(report.row())
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for day, rows in sorted(days.items()):
        path = folder / f"aisdk-{day}.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def other_source(home: Home, reports: Iterable[Report], late_s: int = 0) -> None:
    """Ingest reports as a table that a second receiver made: five decimals, and its own clock."""
    lines = ["mmsi;t;la;lo;v"] + [
        f"{r.ship.mmsi};{r.at:%Y-%m-%d %H:%M}:{late_s:02d};{r.lat:.5f};{r.lon:.5f};{r.sog_kn}"
        for r in reports
    ]
    mapping = home.root / "map.toml"
    mapping.write_text(
        '[columns]\nmmsi = "mmsi"\ntime = "strptime(t, \'%Y-%m-%d %H:%M:%S\')"\n'
        'lat = "la"\nlon = "lo"\nsog = "v"\n'
        '[options]\ndelimiter = ";"\n'
    )
    path = home.root / "second.csv"
    path.write_text("\n".join(lines) + "\n")
    assert not ingest(home, Settings(), "table", [path], mapping=mapping).failures


def detected(home: Home, settings: Settings, reports: Iterable[Report]) -> None:
    """Ingest and detect."""
    result = ingest(home, settings, "dma", write_days(home.root / "in", reports))
    assert not result.failures
    detect(home, settings)


def rows(home: Home, settings: Settings, query: str) -> list[dict[str, object]]:
    """The rows of a query on the events."""
    with connect(settings, home.work, home.events) as con:
        answer = con.execute(query)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def moved(reports: Iterable[Report], east_deg: float) -> Iterator[Report]:
    """The same reports further east, over the date line where it comes to that."""
    for report in reports:
        yield replace(report, lon=(report.lon + east_deg + 540) % 360 - 180)
