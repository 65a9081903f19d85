"""Real files of every form: every row is kept or counted, and what they hold is what their readers know."""

import csv
import gzip
import zlib
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.ingest.conftest import Lake, rejected

MAPPINGS = PROJECT / "docs" / "mappings"


def n_records(path: Path) -> int:
    """Data rows of a CSV (quotes respected), or lines of JSON, counted without the engine."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    if ".json" in path.name:
        return sum(bool(line.strip()) for line in text.splitlines())
    return sum(1 for _ in csv.reader(text.splitlines())) - 1


@pytest.mark.parametrize(
    ("source", "pattern", "mapping", "n_files", "reasons"),
    [
        ("dma", "dma/*.csv*", None, 2, {"repeat", "not_a_ship", "bad_mmsi", "no_position", "bad_position"}),
        ("marinecadastre", "noaa/*.csv", None, 1, {"not_a_ship", "bad_mmsi"}),
        ("table", "evergiven/*.gz", "evergiven.toml", 1, {"repeat"}),
        ("table", "gibraltar/*.gz", "gibraltar.toml", 1, {"not_a_ship", "bad_mmsi"}),
        ("table", "baltic-2018/*.gz", "baltic-2018.toml", 1, set()),
        ("table", "black-sea/*.gz", "black-sea.toml", 1, set()),
        ("table", "aisstream/*.gz", "aisstream-snapshot.toml", 1, {"bad_time", "not_a_ship"}),
        ("table", "gfw-tracks/*.gz", "gfw-tracks.toml", 3, {"repeat", "bad_lat", "bad_position"}),
        (
            *("table", "spire/*.gz", "spire.toml", 1),
            {"not_a_ship", "bad_mmsi", "no_position", "bad_position", "bad_lat"},
        ),
    ],
)
def test_every_row_is_kept_or_counted(
    lake: Lake,
    shared_dir: Path,
    source: str,
    pattern: str,
    mapping: str | None,
    n_files: int,
    reasons: set[str],
) -> None:
    paths = sorted((shared_dir / "data" / "ais").glob(pattern))
    result = lake.read(*paths, source=source, mapping=MAPPINGS / mapping if mapping else None)
    assert result.failures == []
    assert result.files_read == len(paths) == n_files
    assert result.n_rows == sum(n_records(path) for path in paths)
    found = set()
    for manifest in lake.manifests():
        found |= set(rejected(manifest))
        assert manifest["n_kept"] > 0.5 * manifest["n_rows"]
    assert found == reasons
    assert len(lake.rows(columns="mmsi")) == result.n_kept


def test_the_iranian_tanker_bound_for_st_petersburg(lake: Lake, shared_dir: Path) -> None:
    """NYRA2 in the Kattegat on 26 April 2026, as the data's own description says."""
    lake.read(*sorted((shared_dir / "data" / "ais" / "dma").glob("*2026*.csv.gz")))
    said = lake.rows("statics", "imo, name, destination")
    assert [row[1:] for row in said if row[0] == 9241487] == [("NYRA2", "RU LED")]


def test_draught_and_size_of_a_ship_that_loaded(lake: Lake, shared_dir: Path) -> None:
    """An excerpt's container ship whose crew typed another draught in between."""
    paths = sorted((shared_dir / "data" / "ais" / "gibraltar").glob("*.gz"))
    lake.read(*paths, source="table", mapping=MAPPINGS / "gibraltar.toml")
    spans = lake.rows("statics", "first_at, mmsi, ship_type, length_m, width_m, draught_m, n_reports")
    with gzip.open(paths[0], "rt") as text:
        sent = sorted(
            (row["TIMESTAMP_UTC"], float(row["DRAUGHT_METERSx10"]) / 10)
            for row in csv.DictReader(text, delimiter=";")
            if row["MMSI"] == "305575000"
        )
    changes = [
        draught for place, (_, draught) in enumerate(sent) if not place or draught != sent[place - 1][1]
    ]
    assert len(changes) > 1
    said = [row[2:] for row in spans if row[1] == 305575000]
    assert [draught for *_, draught, _ in said] == changes
    assert sum(n_reports for *_, n_reports in said) == len(sent)
    assert {(row[0], round(row[1], 1), round(row[2], 1)) for row in said} == {("cargo", 140.6, 23.2)}


def test_a_real_file_cut_anywhere_is_refused(lake: Lake, shared_dir: Path) -> None:
    (path,) = sorted((shared_dir / "data" / "ais" / "dma").glob("*2026*.csv.gz"))
    whole = path.read_bytes()
    assert zlib.decompressobj(31).decompress(whole)
    for share in (0.1, 0.5, 0.99):
        cut = lake.write("aisdk-2026-04-26_cut.csv.gz", whole[: int(len(whole) * share)])
        (failure,) = lake.read(cut).failures
        assert str(cut) in failure
    assert lake.stored() == []
