"""Every file of real AIS data has a reader or a mapping, and every row of it is kept or counted."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from pipeline.sources import nmea
from tests.conftest import PROJECT
from tests.ingest.conftest import Lake

MAPPINGS = PROJECT / "docs" / "mappings"
# First match counts: a file's place, the source that reads it, its mapping in docs/mappings.
READERS = (
    ("dma/nmea-*", "nmea", None),
    ("dma/*", "dma", None),
    ("noaa/*", "marinecadastre", None),
    ("digitraffic/*", "digitraffic", None),
    ("barentswatch/*", "barentswatch", None),
    ("orbcomm-nmea/*", "nmea", None),
    ("aisstream/snapshot-*", "table", "aisstream-snapshot.toml"),
    ("baltic-2018/*", "table", "baltic-2018.toml"),
    ("black-sea/*", "table", "black-sea.toml"),
    ("evergiven/*", "table", "evergiven.toml"),
    ("gfw-tracks/*", "table", "gfw-tracks.toml"),
    ("gibraltar/*", "table", "gibraltar.toml"),
    ("spire/*", "table", "spire.toml"),
)
# An error's body, recorded with the answers: it holds no report, and is refused by name.
NO_REPORTS = "barentswatch/post_ais_none_included.txt"


def text_of(path: Path) -> str:
    """A file's text, unpacked."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig", "replace")


def n_records(path: Path, source: str) -> int:
    """The rows of a file by its form alone, without the readers and the engine."""
    text = text_of(path)
    if source == "nmea":
        return sum(1 for _ in nmea.messages(line.encode("utf-8", "replace") for line in text.splitlines()))
    if source in {"digitraffic", "barentswatch"}:
        body = text.replace("\r\n", "\n").partition("\n\n")[2] if text.startswith("HTTP/") else text
        try:
            data = json.loads(body)
        except ValueError:
            # Server-sent events: a line that begins with a colon is a comment.
            events = (line.removeprefix("data:").strip() for line in body.splitlines())
            return sum(bool(event) and not event.startswith(":") for event in events)
        if isinstance(data, dict):
            data = next(data[name] for name in ("features", "portCalls", "vessels") if name in data)
        return len(data)
    if ".json" in path.name:
        return sum(bool(line.strip()) for line in text.splitlines())
    return sum(1 for _ in csv.reader(text.splitlines())) - 1


def test_every_file_has_a_reader_and_every_row_is_kept_or_counted(lake: Lake, shared_dir: Path) -> None:
    folder = shared_dir / "data" / "ais"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(paths) >= 20
    for path in paths:
        name = path.relative_to(folder).as_posix()
        found = [(source, mapping) for place, source, mapping in READERS if path.match(f"ais/{place}")]
        assert found, f"{name} has no reader"
        source, mapping = found[0]
        result = lake.read(path, source=source, mapping=MAPPINGS / mapping if mapping else None)
        if name == NO_REPORTS:
            (failure,) = result.failures
            assert str(path) in failure
            continue
        assert result.failures == [], name
        (manifest,) = [one for one in lake.manifests() if one["path"] == str(path.resolve())]
        assert manifest["n_rows"] == n_records(path, source), name
        n_counted = sum(reason["n_rows"] for reason in manifest["rejected"])
        assert manifest["n_rows"] == manifest["n_kept"] + n_counted, name
        assert manifest["n_rejected"] == n_counted, name


@pytest.mark.parametrize("collected_at", ["2025-12-12T12:31:24.532392+00:00", None])
def test_positions_without_a_time_give_identities_alone(lake: Lake, collected_at: str | None) -> None:
    """A collector's join of Digitraffic's answers: who is certain, where and whither is not."""
    ship = {
        "mmsi": 273274000, "name": "VOLGONEFT-102", "lon": 30.19, "lat": 59.88, "sog": 5.3, "cog": 74.9,
        "heading": 76, "ship_type": 80, "destination": "SPB", "eta": "1",
    }  # fmt: skip
    ships = [ship, {**ship, "mmsi": 5}, {**ship, "mmsi": 230112970, "name": ""}]
    path = lake.write("joined.json", json.dumps({"timestamp": collected_at, "vessels": ships}))
    result = lake.read(path, source="digitraffic")
    if collected_at is None:
        assert "field 'timestamp'" in result.failures[0]
        return
    assert (result.failures, result.n_rows, result.n_kept) == ([], 3, 0)
    reasons = {reason["reason"]: reason["n_rows"] for reason in lake.manifest()["rejected"]}
    assert reasons == {"bad_mmsi": 1, "no_position": 2}
    said = lake.rows("statics", "mmsi, first_at::VARCHAR, name, ship_type, destination")
    assert said == [
        (230112970, "2025-12-12 12:31:24", None, "tanker", None),
        (273274000, "2025-12-12 12:31:24", "VOLGONEFT-102", "tanker", None),
    ]
