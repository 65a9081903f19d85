"""MarineCadastre in the form to 2024 and the one after."""

import zipfile
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest

from tests.ingest.conftest import Lake, rejected

OLD = (
    "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,"
    "Cargo,TransceiverClass\n"
    "636021061,2023-01-11T00:00:00,26.09241,-80.04806,8.8,272.7,270.0,MSC NAISHA III,IMO9307839,5LCB4,70,8.0,"
    "208.0,30.0,8.0,70.0,A\n"
    "367752440,2023-01-11T00:00:00,43.07917,-70.75733,0.0,360.0,511.0,SAN JOSE,,WDI9818,31,,,,,52.0,B\n"
)
NEW = (
    "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,vessel_type,status,"
    "length,width,draft,cargo,transceiver\n"
    "636021061,2023-01-11 00:00:00,-80.04806,26.09241,8.8,272.7,270,MSC NAISHA III,IMO9307839,5LCB4,70.0,8,"
    "208,30,8.0,70,A\n"
    "367752440,2023-01-11 00:00:00,-70.75733,43.07917,0.0,360.0,511,SAN JOSE,,WDI9818,31,,,,,52,B\n"
)
MIDNIGHT = datetime.fromisoformat("2023-01-11 00:00:00")


def check(lake: Lake) -> None:
    manifest = lake.manifest()
    assert rejected(manifest) == {}
    assert manifest["licence"] == "public domain"
    assert lake.rows() == [
        (*(367752440, MIDNIGHT, Decimal("43.079170"), Decimal("-70.757330"), 0.0, None, None, None),),
        (
            *(636021061, MIDNIGHT, Decimal("26.092410"), Decimal("-80.048060")),
            *(pytest.approx(8.8), pytest.approx(272.7), 270.0, 8),
        ),
    ]
    assert lake.rows("statics") == [
        (367752440, MIDNIGHT, MIDNIGHT, None, "SAN JOSE", "WDI9818", "towing", None, None, None, None, 1),
        (
            *(636021061, MIDNIGHT, MIDNIGHT, 9307839, "MSC NAISHA III", "5LCB4", "cargo", 208.0, 30.0, 8.0),
            *(None, 1),
        ),
    ]


def test_zipped_old_form_with_the_day_in_its_name(lake: Lake) -> None:
    path = lake.folder / "AIS_2023_01_11.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("AIS_2023_01_11.csv", OLD)
    assert lake.read(path, source="marinecadastre").failures == []
    check(lake)


def test_the_day_counts_in_underscores_too(lake: Lake) -> None:
    result = lake.read(lake.write("AIS_2023_03_11.csv", OLD), source="marinecadastre")
    assert "2 outside_day" in result.failures[0]


def zstd(lake: Lake, text: str, name: str) -> bytes:
    """The text compressed, by the only Zstandard at hand: the engine's."""
    plain, packed = lake.write(f"{name}.plain", text), lake.folder / name
    with duckdb.connect() as con:
        con.sql(
            f"SELECT * FROM read_csv('{plain}', columns = {{'line': 'VARCHAR'}}, "
            "auto_detect = false, header = false, delim = '\x01', quote = '', escape = '')"
        ).write_csv(str(packed), header=False, sep="\x01", quotechar="", escapechar="", compression="zstd")
    return packed.read_bytes()


def test_new_form_in_zstandard(lake: Lake) -> None:
    path = lake.write("ais-2023-01-11.csv.zst", zstd(lake, NEW, "packed.csv.zst"))
    assert lake.read(path, source="marinecadastre").failures == []
    check(lake)


@pytest.mark.parametrize("left_out", [1, 4, 20])
def test_zstandard_cut_short(lake: Lake, left_out: int) -> None:
    """The engine alone reads such a file without a word, up to the cut."""
    text = NEW + "".join(NEW.splitlines(keepends=True)[1].replace(":00:00", f":00:{s:02}") for s in range(60))
    path = lake.write("ais-2023-01-11.csv.zst", zstd(lake, text, "packed.csv.zst")[:-left_out])
    (failure,) = lake.read(path, source="marinecadastre").failures
    assert failure == f"{path}: the file is cut short; fetch it again"


def test_not_zstandard_at_all(lake: Lake) -> None:
    (failure,) = lake.read(lake.write("a.csv.zst", NEW), source="marinecadastre").failures
    assert "not a Zstandard file" in failure


def test_a_danish_file_is_refused(lake: Lake) -> None:
    (failure,) = lake.read(lake.write("a.csv", "# Timestamp,MMSI\n1,2\n"), source="marinecadastre").failures
    assert "not a MarineCadastre day: its columns are others" in failure
