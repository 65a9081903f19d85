"""Sources that give events and no positions: what their readers hand to the ingest step.

A reader is `read(member, now) -> Reading`. Four lake tables can be filled, one Parquet each of a file:

- `visits`: a stay of a ship in a port as a witness tells it; they become port calls of their own right.
- `events`: all events of Global Fishing Watch as sent, port visits too, to be held against ours.
- `identities`: which name, call sign, MMSI and IMO number a ship had over a span.
- `declarations`: the port before or after a visit (`relation` previous, next) as its agent declared it.

docs/gfw.md says what each column holds.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from geo.countries import ISO2
from pipeline.sources.base import Member
from pipeline.sources.identity import flags
from pipeline.text import plain

Row = dict[str, Any]
DEGREES = "DECIMAL(9, 6)"
TABLES: dict[str, dict[str, str]] = {
    "visits": {
        "witness": "VARCHAR",
        "visit_id": "VARCHAR",
        "ship_ref": "VARCHAR",
        "mmsi": "BIGINT",
        "imo": "BIGINT",
        "name": "VARCHAR",
        "callsign": "VARCHAR",
        "flag": "VARCHAR",
        "ship_type": "VARCHAR",
        "port_id": "VARCHAR",
        "place": "VARCHAR",
        "kind": "VARCHAR",
        "started_at": "TIMESTAMP",
        "ended_at": "TIMESTAMP",
        "confidence": "INTEGER",
        "lat": DEGREES,
        "lon": DEGREES,
        "lat_2": DEGREES,
        "lon_2": DEGREES,
        "lat_3": DEGREES,
        "lon_3": DEGREES,
        "lat_4": DEGREES,
        "lon_4": DEGREES,
        "is_noncommercial": "BOOLEAN",
        "file_id": "VARCHAR",
    },
    "events": {
        "event_id": "VARCHAR",
        "kind": "VARCHAR",
        "ship_ref": "VARCHAR",
        "mmsi": "BIGINT",
        "name": "VARCHAR",
        "flag": "VARCHAR",
        "ship_type": "VARCHAR",
        "other_ref": "VARCHAR",
        "other_mmsi": "BIGINT",
        "other_name": "VARCHAR",
        "other_flag": "VARCHAR",
        "other_type": "VARCHAR",
        "started_at": "TIMESTAMP",
        "ended_at": "TIMESTAMP",
        "lat": DEGREES,
        "lon": DEGREES,
        "place": "VARCHAR",
        "confidence": "INTEGER",
        "duration_h": "DOUBLE",
        "median_distance_km": "DOUBLE",
        "median_speed_kn": "DOUBLE",
        "distance_km": "DOUBLE",
        "off_lat": DEGREES,
        "off_lon": DEGREES,
        "on_lat": DEGREES,
        "on_lon": DEGREES,
        "is_intentional": "BOOLEAN",
        "is_noncommercial": "BOOLEAN",
        "file_id": "VARCHAR",
    },
    "identities": {
        "ship_ref": "VARCHAR",
        "mmsi": "BIGINT",
        "imo": "BIGINT",
        "name": "VARCHAR",
        "callsign": "VARCHAR",
        "flag": "VARCHAR",
        "ship_type": "VARCHAR",
        "length_m": "DOUBLE",
        "valid_from": "TIMESTAMP",
        "valid_to": "TIMESTAMP",
        "is_noncommercial": "BOOLEAN",
        "file_id": "VARCHAR",
    },
    "declarations": {
        "witness": "VARCHAR",
        "call_ref": "VARCHAR",
        "visit_id": "VARCHAR",
        "relation": "VARCHAR",
        "declared_text": "VARCHAR",
        "declared_at": "TIMESTAMP",
        "is_noncommercial": "BOOLEAN",
        "file_id": "VARCHAR",
    },
}
NO_WORDS = {"", "0", "-", "N/A", "NONE", "NULL", "UNKNOWN", "UNDEFINED"}


@dataclass
class Reading:
    """What a file holds: rows for the lake's tables, how many entries gave one, why the others did not."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    n_kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    # The span of the entries kept.
    first_at: datetime | None = None
    last_at: datetime | None = None

    def keep(self, *moments: datetime | None) -> None:
        """Count an entry whose rows were added."""
        self.n_kept += 1
        known = [moment for moment in moments if moment is not None]
        self.first_at = min([*known, *filter(None, [self.first_at])], default=None)
        self.last_at = max([*known, *filter(None, [self.last_at])], default=None)

    def reject(self, reason: str, example: object, n_rows: int = 1) -> None:
        """Count entries that were not used, with one of them as it came."""
        if n_rows:
            self.rejected[reason] += n_rows
            said = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
            self.examples.setdefault(reason, plain(said)[:200])

    @property
    def n_rows(self) -> int:
        """All entries."""
        return self.n_kept + sum(self.rejected.values())


Reader = Callable[[Member, datetime], Reading]


def within(entry: Any, *names: str) -> Any:
    """What stands under these names, one within the other; None where one is missing."""
    for name in names:
        if not isinstance(entry, Mapping):
            return None
        entry = entry.get(name)
    return entry


def number(value: Any) -> float | None:
    """A number, also one sent as text; None for anything else and for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> int | None:
    """A whole number, also one sent as text."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def yes(value: Any) -> bool:
    """Whether a flag is set, also one sent as text."""
    return value is True or str(value).strip().lower() in {"true", "1"}


def moment(value: Any) -> datetime | None:
    """A time in ISO 8601 as UTC without a zone, as the engine has it; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def words(value: Any) -> str | None:
    """Text as one line without hidden characters and what stands behind '@'; None where it says nothing."""
    if not isinstance(value, str):
        return None
    found = " ".join(plain(value.split("@")[0]).split())
    return None if found.upper() in NO_WORDS else found


def position(holder: Any) -> tuple[float, float] | None:
    """`lat` and `lon` of an object, degrees; None where they are no place on the globe, or the point 0, 0."""
    lat, lon = number(within(holder, "lat")), number(within(holder, "lon"))
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180) or lat == lon == 0:
        return None
    return lat, lon


def ship_mmsi(value: Any) -> int | None:
    """A ship's MMSI (ITU-R M.585-9, as listed in mid.csv); None for what is none."""
    mmsi = whole(value)
    if mmsi is None or mmsi // 1_000_000 not in flags() or len(set(str(mmsi))) == 1:
        return None
    return mmsi


def ship_imo(value: Any) -> int | None:
    """An IMO number with a true check digit (IMO A.1117(30)); None for what is none."""
    imo = whole(str(value).upper().removeprefix("IMO")) if value is not None else None
    if imo is None or not 1_000_000 <= imo <= 9_999_999:
        return None
    digits = [int(digit) for digit in str(imo)]
    weighted = sum(digit * weight for digit, weight in zip(digits[:6], range(7, 1, -1), strict=True))
    return imo if weighted % 10 == digits[6] else None


def country(value: Any) -> str | None:
    """A country's code of three letters, or of two, as ISO 3166-1 alpha-2."""
    code = str(value or "").strip().upper()
    return ISO2.get(code) or (code if code in ISO2.values() else None)


def is_noncommercial(licence: str | None) -> bool:
    """Whether a licence forbids commercial use, by its name."""
    said = (licence or "").upper().replace("-", " ").split()
    return "NC" in said or "NONCOMMERCIAL" in said or "NON COMMERCIAL" in " ".join(said)
