"""One report heard by two sources counts once, and the better clock tells its time."""

from pathlib import Path

from pipeline.home import Home
from pipeline.settings import Settings
from pipeline.steps.detect import detect
from pipeline.steps.ingest import ingest
from tests.detect.ships import Report, Ship, rows, sailing, write_days

A = Ship(311000701, "MIKE TEST")


def other_source(home: Home, reports: list[Report], late_s: int) -> None:
    """The same reports as a table that a second receiver made: five decimals, and its own clock."""
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
