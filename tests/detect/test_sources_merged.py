"""One report heard by two sources counts once, and the better clock tells its time."""

from pathlib import Path

from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from tests.detect.ships import Report, Ship, other_source, rows, sailing, write_days

A = Ship(311000701, "MIKE TEST")


def track() -> list[Report]:
    return [
        Report(A, round(r.minute), r.lat, r.lon, r.sog_kn) for r in sailing(A, 60, (36.0, -9.0), (37.0, -9.0))
    ]


def n_positions(home: Home) -> object:
    (vessel,) = rows(home, Settings(), "SELECT n_positions FROM vessels")
    return vessel["n_positions"]


def test_the_same_report_counts_once(home: Home, settings: Settings) -> None:
    ingest(home, settings, "dma", write_days(home.root / "in", track()))
    other_source(home, track(), late_s=4)
    detect(home, settings)
    assert n_positions(home) == len(track())
    tracks = rows(
        home, settings, f"SELECT second(time) AS s FROM read_parquet('{home.lake}/tracks/*/*.parquet')"
    )
    assert len(tracks) == len(track())
    assert {report["s"] for report in tracks} == {0}  # the Danish time, not the receiver's


def test_what_only_one_heard_stays(home: Home, settings: Settings) -> None:
    ingest(home, settings, "dma", write_days(home.root / "in", track()[::2]))
    other_source(home, track(), late_s=4)
    detect(home, settings)
    assert n_positions(home) == len(track())
    assert sorted(rows(home, settings, "SELECT DISTINCT source FROM coverage"), key=str) == [
        {"source": "dma"}, {"source": "table"},
    ]  # fmt: skip


def test_a_file_read_under_two_names_counts_once(home: Home, settings: Settings, tmp_path: Path) -> None:
    (day,) = write_days(home.root / "in", track())
    again = tmp_path / day.name
    again.write_text(day.read_text() + "\n")
    ingest(home, settings, "dma", [day, again])
    detect(home, settings)
    assert n_positions(home) == len(track())


def test_a_file_read_under_another_mapping_is_detected_anew(home: Home, settings: Settings) -> None:
    other_source(home, track())
    detect(home, settings)
    mapping = home.root / "map.toml"
    mapping.write_text(mapping.read_text().replace('mmsi = "mmsi"', 'mmsi = "mmsi + 1"'))
    ingest(home, settings, "table", [home.root / "second.csv"], mapping=mapping)
    assert detect(home, settings).n_days == 1
    assert rows(home, settings, "SELECT mmsi FROM vessels") == [{"mmsi": A.mmsi + 1}]
