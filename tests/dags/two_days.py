"""Two Danish days of three ships, small enough to follow by eye.

ALFA lies at Ambarli's quay, then alongside BRAVO south of it from 06:00 to 12:00 on the first day; BRAVO
sails through the Bosphorus and is at Novorossiysk's quay on the second. CHARLIE passes, and is heard at
midnight, so that the days' border matters.
"""

import math
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

FIRST, SECOND = "2024-03-01", "2024-03-02"
STEP = timedelta(minutes=5)
HEADER = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,"
    "Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,"
    "Data source type,A,B,C,D"
)
MIDNIGHT = datetime(2024, 3, 1)  # noqa: DTZ001 (the file's times have no zone)

# Hours since the first midnight, latitude, longitude; straight between.
ALFA = [(0, 40.966, 28.675), (4, 40.966, 28.675), (6, 40.85, 28.75), (12, 40.85, 28.75), (24, 40.2, 26.6)]
BRAVO = [
    (0, 40.6, 28.2), (6, 40.8505, 28.75), (12, 40.8505, 28.75), (14, 40.98, 28.98), (16, 41.25, 29.14),
    (43, 44.6, 37.85), (44, 44.716, 37.8), (48, 44.716, 37.8),
]  # fmt: skip
CHARLIE = [(0, 43.0, 30.0), (48, 43.0, 38.0)]
SHIPS = (
    (249000001, 9074729, "ALFA", "Cargo", 9.5, "TRIST", ALFA),
    (273000002, 9319466, "BRAVO", "Cargo", 6.1, "RUNVS", BRAVO),
    (271000003, None, "CHARLIE", "Tanker", 7.0, "", CHARLIE),
)


def write_days(folder: Path) -> list[Path]:
    """Write both days as the Danish authority names them; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_day(folder, number) for number in (0, 1)]


def write_day(folder: Path, number: int) -> Path:
    """Write the first (0) or second (1) day."""
    lines = [HEADER]
    moment = MIDNIGHT + timedelta(days=number)
    while moment < MIDNIGHT + timedelta(days=number + 1):
        lines += [row(moment, *ship) for ship in SHIPS if ship[-1][-1][0] > hours(moment)]
        moment += STEP
    path = folder / f"aisdk-{(FIRST, SECOND)[number]}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def hours(moment: datetime) -> float:
    """Hours since the first midnight."""
    return (moment - MIDNIGHT) / timedelta(hours=1)


def row(
    moment: datetime, mmsi: int, imo: int | None, name: str, kind: str, draught_m: float, to: str, way: list
) -> str:
    """One report as a line of the CSV."""
    lat, lon, sog_kn = where(way, hours(moment))
    status = "Under way using engine" if sog_kn > 0.5 else "Moored"
    return (
        f"{moment:%d/%m/%Y %H:%M:%S},Class A,{mmsi},{lat:.6f},{lon:.6f},{status},,{sog_kn:.1f},,,"
        f"{imo or 'Unknown'},Unknown,{name},{kind},,20,150,GPS,{draught_m},{to or 'Unknown'},,AIS,,,,"
    )


def where(way: list, at_h: float) -> tuple[float, float, float]:
    """Latitude, longitude and speed in knots on a way."""
    for (from_h, lat_1, lon_1), (to_h, lat_2, lon_2) in pairwise(way):
        if from_h <= at_h <= to_h:
            part = (at_h - from_h) / (to_h - from_h)
            east = (lon_2 - lon_1) * math.cos(math.radians((lat_1 + lat_2) / 2))
            speed_kn = 60 * math.hypot(lat_2 - lat_1, east) / (to_h - from_h)
            return lat_1 + part * (lat_2 - lat_1), lon_1 + part * (lon_2 - lon_1), speed_kn
    raise ValueError(f"not on its way at {at_h} h")
