"""The sea areas that a world-wide stream is asked for: `regions.csv` here, or the one in the home folder."""

import csv
from dataclasses import dataclass
from importlib import resources
from typing import IO

from pipeline.errors import TransshipError
from pipeline.home import Home

NAME = "regions.csv"


@dataclass(frozen=True)
class Region:
    """A box in WGS84 degrees, edges included."""

    name: str
    south: float
    west: float
    north: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a position lies in it."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east


def regions(home: Home) -> tuple[Region, ...]:
    """The regions to listen to; a `regions.csv` in the home folder takes the place of ours.

    Raises TransshipError that names the line where a box makes no sense.
    """
    own = home.root / NAME
    try:
        if own.is_file():
            with own.open(encoding="utf-8-sig", newline="") as text:
                return _read(text, str(own))
        with resources.files("pipeline.collecting").joinpath(NAME).open(encoding="utf-8") as text:
            return _read(text, NAME)
    except (OSError, UnicodeDecodeError) as error:
        raise TransshipError(f"{own}: cannot be read ({error})") from error


def _read(text: IO[str], label: str) -> tuple[Region, ...]:
    found = []
    for number, row in enumerate(csv.DictReader(text), start=2):
        try:
            box = Region(row["region"], *(float(row[side]) for side in ("south", "west", "north", "east")))
        except (KeyError, TypeError, ValueError) as error:
            raise TransshipError(
                f"{label}, line {number}: not region,south,west,north,east in degrees"
            ) from error
        if not (box.name and -90 <= box.south < box.north <= 90 and -180 <= box.west < box.east <= 180):
            raise TransshipError(f"{label}, line {number}: the box of {box.name!r} is not on the globe")
        found.append(box)
    if not found:
        raise TransshipError(f"{label}: holds no region")
    return tuple(found)
