"""Any table by a mapping: what the contract says of columns, types, nulls, times and options."""

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import TransshipError
from tests.ingest.conftest import Lake, rejected

PLAIN = '[columns]\nmmsi = "mmsi"\ntime = "time"\nlat = "lat"\nlon = "lon"\n'
ROW = "219000606,2026-04-01 10:00:00,56.5,11.25"


def mapped(lake: Lake, text: str | bytes, mapping: str = PLAIN, name: str = "a.csv") -> dict[str, int]:
    """Read a table; returns its rejected rows by reason."""
    result = lake.read(lake.write(name, text), source="table", mapping=lake.write("map.toml", mapping))
    assert result.failures == []
    return rejected(lake.manifest())


def failure(lake: Lake, text: str, mapping: str = PLAIN) -> str:
    result = lake.read(lake.write("a.csv", text), source="table", mapping=lake.write("map.toml", mapping))
    (line,) = result.failures
    assert lake.stored() == []
    return line


def test_all_columns(lake: Lake) -> None:
    columns = {
        "mmsi": "ID", "time": "t", "lat": "y", "lon": "x", "sog": "v / 10", "cog": "c", "heading": "h",
        "nav_status": "st", "imo": "imo", "name": "upper(n)", "callsign": "cs", "ship_type": "ty",
        "draught": "d / 10.0", "destination": "dest", "length": "a + b", "width": "w",
    }  # fmt: skip
    mapping = "[columns]\n" + "".join(f'{key} = "{value}"\n' for key, value in columns.items())
    text = (
        "ID;t;y;x;v;c;h;st;imo;n;cs;ty;d;dest;a;b;w\n"
        "273123450;2026-04-01T10:00:00Z;56.5;11.25;123;181.5;511;5;9074729;neva;UBCD1;80;104;RU LED;100;"
        "83;32\n"
    )
    assert mapped(lake, text, mapping) == {}
    ten = datetime.fromisoformat("2026-04-01 10:00:00")
    assert lake.rows() == [
        (
            *(273123450, ten, Decimal("56.500000"), Decimal("11.250000")),
            *(pytest.approx(12.3), pytest.approx(181.5), None, 5),
        )
    ]
    assert lake.rows("statics") == [
        (273123450, ten, ten, 9074729, "NEVA", "UBCD1", "tanker", 183.0, 32.0, 10.4, "RU LED", 1)
    ]
    assert "source=table/" in lake.manifest()["positions"]["2026-04-01"]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-04-01T10:00:00Z", "10:00:00"),
        ("2026-04-01T10:00:00.250000Z", "10:00:00.250000"),
        ("2026-04-01 10:00:00+03:00", "07:00:00"),
        ("2026-04-01T10:00:00-0130", "11:30:00"),
        ("2026-04-01 10:00:00", "10:00:00"),
    ],
)
def test_times_become_utc(lake: Lake, text: str, utc: str) -> None:
    assert mapped(lake, f"mmsi,time,lat,lon\n219000606,{text},56.5,11.25\n") == {}
    assert lake.rows(columns="time") == [(datetime.fromisoformat(f"2026-04-01 {utc}"),)]


def test_zone_within_an_expression(lake: Lake) -> None:
    mapping = PLAIN.replace('"time"', "\"strptime(time, '%d/%m/%Y %H:%M:%S %z')\"")
    mapped(lake, "mmsi,time,lat,lon\n219000606,01/04/2026 10:00:00 +0300,56.5,11.25\n", mapping)
    assert lake.rows(columns="time") == [(datetime.fromisoformat("2026-04-01 07:00:00"),)]


def test_ships_that_are_numbered_otherwise(lake: Lake) -> None:
    mapping = PLAIN.replace('"mmsi"', '"200000000 + ID"')
    assert mapped(lake, "ID,time,lat,lon\n1,2026-04-01,56.5,11.25\n", mapping) == {}
    assert lake.rows(columns="mmsi") == [(200000001,)]


def test_columns_are_typed_over_the_whole_file(lake: Lake) -> None:
    """The last of many rows makes a text of a number; a date stays text all the same."""
    lines = [f"{219000000 + n},2026-04-01,56.5,11.25,{n},{n},{n}" for n in range(30_000)]
    lines.append("219999999,2026-04-01,56.5,11.25,0.5,x,")
    mapping = PLAIN + 'name = "typeof(a) || typeof(b) || typeof(c) || typeof(time)"\n'
    mapped(lake, "mmsi,time,lat,lon,a,b,c\n" + "\n".join(lines) + "\n", mapping)
    assert set(lake.rows("statics", "name")) == {("DOUBLEVARCHARBIGINTVARCHAR",)}


def test_digits_with_underscores_are_text(lake: Lake) -> None:
    mapping = PLAIN.replace('"time"', "\"strptime(time, '%Y%m%d_%H%M%S')\"")
    assert mapped(lake, "mmsi,time,lat,lon\n219000606,20260401_100000,56.5,11.25\n", mapping) == {}


def test_nulls_and_failing_expressions(lake: Lake) -> None:
    text = (
        "mmsi,time,lat,lon,sog,name\n"
        f"{ROW},1.5,A\n"
        "NULL,2026-04-01 10:00:00,56.5,11.25,1.5,A\n"
        "ship,2026-04-01 10:00:00,56.5,11.25,1.5,A\n"
        "219000607,None,56.5,11.25,1.5,A\n"
        "219000608,yesterday,56.5,11.25,1.5,A\n"
        "219000609,2026-04-01 10:00:00,north,11.25,1.5,A\n"
        "219000610,2026-04-01 10:00:00,56.5,,1.5,A\n"
        "219000611,2026-04-01 10:00:00,,,1.5,A\n"
        "219000612,2026-04-01 10:00:00,,,1.5,\n"
        "219000613,2026-04-01 10:00:00,5650,11.25,1.5,A\n"
        "219000614,2026-04-01 10:00:00,56.5,11.25,fast,None\n"
    )
    assert mapped(lake, text, PLAIN + 'sog = "CAST(sog AS DOUBLE) -- knots"\nname = "name"\n') == {
        "bad_mmsi": 2,
        "bad_time": 2,
        "bad_lat": 2,
        "bad_lon": 1,
        "no_position": 1,
        "bad_position": 1,
    }
    assert lake.rows(columns="mmsi, sog_kn") == [(219000606, 1.5), (219000614, None)]
    assert lake.rows("statics", "mmsi") == [(219000606,), (219000611,)]


def test_own_null_words_delimiter_and_partition(lake: Lake) -> None:
    options = '[options]\ndelimiter = "^"\nnull_words = ["n/a"]\nsource = "vendor-1"\n'
    text = "mmsi^time^lat^lon^v\n219000606^2026-04-01 10:00:00^56.5^11.25^n/a\n"
    assert mapped(lake, text, PLAIN + 'sog = "v"\n' + options) == {}
    assert lake.manifest()["source"] == "vendor-1"
    assert lake.manifest()["positions"] == {
        "2026-04-01": f"positions/source=vendor-1/date=2026-04-01/{lake.manifest()['file_id']}.parquet"
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(lake: Lake, delimiter: str) -> None:
    assert mapped(lake, f"mmsi,time,lat,lon\n{ROW}\n".replace(",", delimiter)) == {}


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeffmmsi,time,lat,lon\r\n{ROW}\r\n",
        f",mmsi,time,lat,lon\n0,{ROW}\n",
        f"mmsi,time,lat,lon,lat\n{ROW},1\n",
        f'"mmsi","time","lat","lon"\n"{ROW}"\n'.replace(",", '","').replace('""', '"'),
        f"mmsi,time,lat,lon\n{ROW}",
    ],
)
def test_odd_headers_and_ends(lake: Lake, text: str) -> None:
    assert mapped(lake, text) == {}
    assert len(lake.rows()) == 1


def test_gzip_parquet_and_json_lines(lake: Lake, tmp_path: Path) -> None:
    text = f"mmsi,time,lat,lon\n{ROW}\n"
    parquet = tmp_path / "a.parquet"
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT 219000606 AS mmsi, TIMESTAMP '2026-04-01 10:00:00' AS time, 56.5 AS lat, "
            f"11.25 AS lon) TO '{parquet}' (FORMAT parquet)"
        )
    lines = (
        '{"mmsi": 219000606, "time": "2026-04-01T10:00:00Z", "lat": 56.5, "lon": 11.25, "more": {"a": [1]}}\n'
        "\n"
        '{"mmsi": 219000606, "time": "2026-04-01T10:00:01Z", "lat": null, "lon": ""}\n'
        '{"mmsi": 219000606, "ti\n'
        "[1, 2]\n"
    )
    mapping = lake.write("map.toml", PLAIN)
    paths = [
        lake.write("a.csv.gz", gzip.compress(text.encode())),
        parquet,
        lake.write("a.jsonl", lines),
        lake.write("b.json.gz", gzip.compress(lines.replace("10:00:00", "11:00:00").encode())),
    ]
    assert lake.read(*paths, source="table", mapping=mapping).failures == []
    assert [rejected(manifest) for manifest in lake.manifests() if manifest["rejected"]] == [
        {"bad_lat": 1, "unreadable": 2}
    ] * 2
    assert {row[:1] + row[2:4] for row in lake.rows()} == {(219000606, Decimal("56.5"), Decimal("11.25"))}
    assert len(lake.rows()) == 4


def test_another_mapping_reads_the_file_anew(lake: Lake) -> None:
    text = f"mmsi,time,lat,lon\n{ROW}\n"
    mapped(lake, text)
    other = (
        PLAIN.replace('"time"', '"CAST(time AS TIMESTAMP) + INTERVAL 1 DAY"') + '[options]\nsource = "b"\n'
    )
    mapped(lake, text, other)
    manifest = lake.manifest()
    assert list(manifest["positions"]) == ["2026-04-02"]
    assert lake.stored() == sorted(
        [f"lake/files/{manifest['file_id']}.json"]
        + [f"lake/{manifest['positions']['2026-04-02']}{end}" for end in ("", ".sha256")]
    )


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("[columns", "not TOML"),
        ('[columns]\nmmsi = "mmsi"\n', "[columns] lacks time, lat, lon"),
        (PLAIN + 'speed = "sog"\n', "unknown column speed"),
        (PLAIN + "sog = 1\n", "columns.sog must be an SQL expression in quotes"),
        (PLAIN + 'sog = "1 +"\n', "columns.sog: syntax error"),
        (PLAIN + "[options]\ndelim = 1\n", "unknown option delim"),
        (PLAIN + "[options]\ndelimiter = 1\n", "options.delimiter must be"),
        (PLAIN + '[options]\nnull_words = "x"\n', "options.null_words must be"),
        (PLAIN + '[options]\nsource = "../up"\n', "options.source must be"),
        (PLAIN + "[more]\n", "unknown table more"),
        (PLAIN + 'name = "mmsi, time"\n', "must be one expression"),
        (PLAIN + 'name = "1; DROP TABLE x"\n', "columns.name: Only SELECT"),
        (PLAIN + 'name = "1; SELECT 2"\n', "must be one expression"),
        (PLAIN + 'name = "1) FROM raw --"\n', "columns.name: syntax error"),
        (PLAIN + 'name = "1 FROM (SELECT 2)"\n', "must be one expression"),
        (PLAIN + "name = \"(SELECT content FROM read_text('/etc/hostname'))\"\n", "must be one expression"),
    ],
)
def test_a_wrong_mapping(lake: Lake, mapping: str, expected: str) -> None:
    with pytest.raises(TransshipError) as caught:
        mapped(lake, f"mmsi,time,lat,lon\n{ROW}\n", mapping)
    assert expected in str(caught.value)
    assert str(caught.value).startswith(f"{lake.folder / 'map.toml'}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("speed", 'Referenced column "speed" not found'),
        ("no_such_function(lat)", "no_such_function"),
        ("max(lat)", "does not fit"),
    ],
)
def test_a_mapping_for_another_file(lake: Lake, expression: str, expected: str) -> None:
    line = failure(lake, f"mmsi,time,lat,lon\n{ROW}\n", PLAIN + f'sog = "{expression}"\n')
    assert "the mapping does not fit it" in line
    assert expected in line
    assert "\n" not in line


def test_a_mapping_that_is_not_there(lake: Lake) -> None:
    with pytest.raises(TransshipError, match="the mapping cannot be read"):
        lake.read(lake.write("a.csv", "x"), source="table", mapping=lake.folder / "none.toml")
