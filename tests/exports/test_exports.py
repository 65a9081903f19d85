"""Links, ships and events as files: what stands in them, and that no ship's name does harm in any."""

import csv
import json
import struct
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest

from pipeline import exports
from pipeline.engine import connect
from pipeline.exports import kml
from pipeline.schema import COLUMNS, definition
from pipeline.settings import Settings
from pipeline.text import plain

T0 = datetime(2026, 3, 1)  # noqa: DTZ001 - the tables are in UTC without a zone
NAMES = [
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "A\r\nBcc: x@y", "\u05e9\u05dc\u05d5\u05dd",
    "\x01\x1b[31m\x07", "\u202egnp.exe", "-2+3", "@SUM(A1)", "\t=1", "]]>&amp;'\"", "\uff1d1\uffff",
]  # fmt: skip
KML_NS = "{http://www.opengis.net/kml/2.2}"
Insert = Callable[..., None]


@pytest.fixture
def con(settings: Settings, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Empty tables of the contract, with one hub and one Russian port."""
    with connect(settings, tmp_path / "scratch") as con:
        for table in COLUMNS:
            con.execute(f"CREATE TABLE {table} ({definition(table)})")
        con.execute("""
            INSERT INTO hubs (hub_id, name, kind, country, lat, lon)
            VALUES ('MAPTM', 'Tanger Med', 'port', 'MA', 35.9, -5.5);
            INSERT INTO ports (port_id, name, country, controlled_by, lat, lon) VALUES
                ('MAPTM', 'Tanger Med', 'MA', 'MA', 35.9, -5.5),
                ('RULED', 'St Petersburg', 'RU', 'RU', 59.9, 30.2),
                ('DKAAR', 'Aarhus', 'DK', 'DK', 56.1, 10.2);
            INSERT INTO source_files (file_id, source, licence, attribution)
            VALUES ('f', 'dma', 'free', 'Danish Maritime Authority')
        """)
        yield con


@pytest.fixture
def insert(con: duckdb.DuckDBPyConnection) -> Insert:
    """Add a row of these values."""

    def add(table: str, **row: Any) -> None:
        columns = ", ".join(row)
        con.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})", list(row.values())
        )

    return add


def ship(insert: Insert, n: int, name: str | None, **more: Any) -> None:
    """A ship with one identity."""
    mmsi = 311000400 + n
    known = {"vessel_id": f"v{n}", "mmsi": mmsi, "name": name, "flag": "BS", **more}
    insert("vessels", **known, is_noncommercial=False, n_positions=1)
    insert("vessel_identities", **known, valid_from=T0, valid_to=T0, is_noncommercial=False)


def link(insert: Insert, n: int, a: int, b: int, **more: Any) -> None:
    """A relay at Tanger Med that arrived in St Petersburg."""
    row = {
        "link_id": f"l{n}", "pattern": "port_relay", "hub_id": "MAPTM", "status": "arrived", "review": "none",
        "transfer_started_at": T0, "transfer_ended_at": T0 + timedelta(days=2), "score": 0.5, "hops": 1,
        "from_vessel_id": f"v{a}", "from_name": NAMES[a % len(NAMES)], "from_mmsi": 311000400 + a,
        "to_vessel_id": f"v{b}", "to_name": NAMES[b % len(NAMES)], "to_mmsi": 311000400 + b,
        "russia_port_id": "RULED", "arrived_at": T0 + timedelta(days=11), "is_noncommercial": False, **more,
    }  # fmt: skip
    insert("transshipment_links", **row)


def call(insert: Insert, n: int, of: int, port: str = "MAPTM", **more: Any) -> None:
    row = {
        "port_call_id": f"c{n}", "vessel_id": f"v{of}", "mmsi": 311000400 + of, "port_id": port,
        "kind": "berth", "arrived_at": T0 + timedelta(days=n),
        "departed_at": T0 + timedelta(days=n, hours=9), "lat": 35.89, "lon": -5.5,
        "witness": "ais", "is_noncommercial": False, **more,
    }  # fmt: skip
    insert("port_calls", **row)


@pytest.fixture
def hostile(con: duckdb.DuckDBPyConnection, insert: Insert, tmp_path: Path) -> Path:
    """The exports of ships with names to do harm by, each in a link, a call and a meeting."""
    for n, name in enumerate(NAMES):
        ship(insert, n, name)
        call(insert, n, n)
        link(insert, n, n, (n + 1) % len(NAMES))
    exports.write(con, tmp_path / "exports")
    return tmp_path / "exports"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def features(path: Path) -> dict[str, Any]:
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["type"] == "FeatureCollection"
    return {feature["id"]: feature for feature in read["features"]}


def entities(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_no_formula_in_csv(hostile: Path) -> None:
    for kind in ("links", "ships", "events"):
        for row in rows(hostile / f"{kind}.csv"):
            for column, cell in row.items():
                is_number = column in {"lat", "lon", "to_lat", "to_lon"}
                assert is_number or not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")), (
                    column,
                    cell,
                )
    names = {row["vessel_id"]: row["name"] for row in rows(hostile / "ships.csv")}
    assert names["v1"] == "'=cmd|' /C calc'!A0"
    assert float(rows(hostile / "ships.csv")[0]["lon"]) == -5.5


def test_nothing_hidden_in_any_text(hostile: Path) -> None:
    for path in hostile.iterdir():
        if path.suffix != ".parquet":
            text = path.read_bytes().decode("utf-8").replace("\n", "")
            assert [c for c in text if ord(c) < 32 or c in "\u202e\u2028\x7f"] == [], path.name
    with duckdb.connect() as con:
        names = con.execute(f"SELECT name FROM read_parquet('{hostile}/ships.parquet')").fetchall()
    assert len(names) == len(NAMES)
    assert [name for (name,) in names if plain(name) != name] == []


def test_no_markup_in_kml(hostile: Path) -> None:
    for kind in ("links", "ships", "events"):
        text = (hostile / f"{kind}.kml").read_text(encoding="utf-8")
        assert "script>" not in text
        root = ElementTree.fromstring(text)  # noqa: S314 - our own file
        places = root.findall(f".//{KML_NS}Placemark")
        assert len(places) == len(NAMES)
        # Viewers read names and descriptions as HTML once more.
        assert not any("<" in (element.text or "") for element in root.iter())


def test_a_link_on_the_map(hostile: Path) -> None:
    feature = features(hostile / "links.geojson")["l3"]
    assert feature["geometry"] == {"type": "LineString", "coordinates": [[-5.5, 35.9], [30.2, 59.9]]}
    told = feature["properties"]
    assert told["transfer_started_at"] == "2026-03-01T00:00:00Z"
    assert told["told"].startswith(
        "Possible transfer (port_relay) at Tanger Med on 2026-03-01:"
        " from \u05e9\u05dc\u05d5\u05dd (MMSI 311000403) to "
    )
    assert told["told"].endswith(
        "which arrived at St Petersburg on 2026-03-12. Score 50 in 100: a lead to check, not a verdict;"
        " status arrived, review none."
    )


def test_geoparquet_says_what_it_is(hostile: Path) -> None:
    with duckdb.connect() as con:
        (geo,) = con.execute(
            f"SELECT decode(value) FROM parquet_kv_metadata('{hostile}/links.parquet')"
            " WHERE key = 'geo'::BLOB"
        ).fetchone() or ("",)
        told = json.loads(geo)
        assert told["primary_column"] == "geometry"
        assert told["columns"]["geometry"]["encoding"] == "WKB"
        assert told["columns"]["geometry"]["geometry_types"] == ["LineString"]
        ((wkb,),) = con.execute(
            f"SELECT st_aswkb(geometry) FROM read_parquet('{hostile}/links.parquet') WHERE link_id = 'l1'"
        ).fetchall()
    assert struct.unpack("<BIIdddd", bytes(wkb)) == (1, 2, 2, -5.5, 35.9, 30.2, 59.9)


def test_geoparquet_in_geopandas(hostile: Path) -> None:
    pytest.importorskip(
        "pyarrow", reason="geopandas reads Parquet by pyarrow, which the project does not need"
    )
    geopandas = pytest.importorskip("geopandas", reason="geopandas is not installed")
    frame = geopandas.read_parquet(hostile / "links.parquet")
    assert frame.crs == "OGC:CRS84"
    assert set(frame.geometry.geom_type) == {"LineString"}


def test_over_the_date_line_there_is_no_line_around_the_world(
    con: duckdb.DuckDBPyConnection, insert: Insert, tmp_path: Path
) -> None:
    ship(insert, 1, "A")
    gap = {"vessel_id": "v1", "mmsi": 311000401, "off_at": T0, "off_lat": 60.0, "on_lat": 61.0}
    insert("ais_gaps", gap_id="over", off_lon=179.0, on_lon=-179.0, **gap)
    insert("ais_gaps", gap_id="same", off_lon=10.0, on_lon=12.0, **gap)
    insert("ais_gaps", gap_id="lasting", off_lon=10.0, on_lon=None, **{**gap, "on_lat": None})
    link(insert, 1, 1, 1)
    exports.write(con, tmp_path / "exports")
    kinds = {key: f["geometry"]["type"] for key, f in features(tmp_path / "exports/events.geojson").items()}
    assert kinds == {"over": "MultiPoint", "same": "LineString", "lasting": "Point"}


def test_maps_hold_what_matters_and_tables_hold_all(
    con: duckdb.DuckDBPyConnection, insert: Insert, tmp_path: Path
) -> None:
    for n in range(5):
        ship(insert, n, f"SHIP {n}")
    call(insert, 0, 0, "DKAAR")  # nothing to do with anything
    call(insert, 1, 1, "MAPTM")  # at a hub
    call(insert, 2, 2, "RULED")  # in Russia
    call(insert, 3, 3, "DKAAR")  # of a listed ship
    call(insert, 4, 4, "DKAAR")  # of a ship with a name like one on a list
    for n, is_lead in ((3, False), (4, True)):
        insert(
            "screening_hits",
            hit_id=f"h{n}",
            vessel_id=f"v{n}",
            list="ofac",
            is_lead=is_lead,
            is_sanction=True,
        )
    exports.write(con, tmp_path / "exports")
    assert {row["event_id"] for row in rows(tmp_path / "exports/events.csv")} == {f"c{n}" for n in range(5)}
    assert set(features(tmp_path / "exports/events.geojson")) == {"c1", "c2", "c3"}
    assert set(features(tmp_path / "exports/ships.geojson")) == {"v1", "v2", "v3"}
    ids = {e["id"] for e in entities(tmp_path / "exports/entities.ftm.json")}
    assert {i for i in ids if i.startswith("transship-vessel-")} == {
        f"transship-vessel-v{n}" for n in (1, 2, 3)
    }


def test_followthemoney(con: duckdb.DuckDBPyConnection, insert: Insert, tmp_path: Path) -> None:
    ship(insert, 1, "NEW NAME", imo=9074729)
    insert("vessel_identities", vessel_id="v1", mmsi=273000101, name="OLD NAME", flag="RU", valid_to=T0)
    ship(insert, 2, None)
    insert(
        "encounters", encounter_id="e1", vessel_id_1="v1", mmsi_1=311000401, vessel_id_2="v2",
        mmsi_2=311000402, started_at=T0, ended_at=T0 + timedelta(hours=5), lat=35.9, lon=-5.4,
        hub_id="MAPTM", kind="transfer",
    )  # fmt: skip
    insert(
        "screening_hits", hit_id="h1", vessel_id="v1", list="eu", entity_id="eu-1", entity_name="OLD NAME",
        is_lead=False, is_sanction=True, listed_on=T0, url="https://eur-lex.europa.eu/x", reason="oil",
        matched_identity="IMO 9074729",
    )  # fmt: skip
    link(insert, 1, 1, 2, score=0.834)
    exports.write(con, tmp_path / "exports")
    read = {e["id"]: (e["schema"], e["properties"]) for e in entities(tmp_path / "exports/entities.ftm.json")}
    schema, vessel = read["transship-vessel-v1"]
    assert schema == "Vessel"
    assert (vessel["name"], vessel["previousName"], vessel["imoNumber"]) == (
        ["NEW NAME"],
        ["OLD NAME"],
        ["IMO9074729"],
    )
    assert (vessel["mmsi"], vessel["flag"], vessel["pastFlags"]) == (
        ["311000401", "273000101"],
        ["bs"],
        ["ru"],
    )
    assert vessel["topics"] == ["sanction"]
    assert read["transship-vessel-v2"][1]["name"] == ["MMSI 311000402"]
    assert read["transship-hit-h1"][1]["listingDate"] == ["2026-03-01"]
    assert read["transship-event-e1"][0] == "Event"
    assert read["transship-event-e1-v2"][1]["object"] == ["transship-event-e1"]
    schema, transfer = read["transship-link-l1"]
    assert (schema, transfer["subject"], transfer["object"]) == (
        "UnknownLink", ["transship-vessel-v1"], ["transship-vessel-v2"]
    )  # fmt: skip
    assert transfer["role"] == ["possible transfer of cargo, probability 0.83 by judgement"]
    # Whatever is referred to is there.
    for _, said in read.values():
        for name in ("subject", "object", "entity"):
            assert set(said.get(name, ())) <= set(read)


def test_followthemoney_by_its_own_package(hostile: Path) -> None:
    model = pytest.importorskip(
        "followthemoney", reason="followthemoney is not installed (it needs pyicu, which has no wheels)"
    ).model
    for entity in entities(hostile / "entities.ftm.json"):
        schema = model.get(entity["schema"])
        assert set(entity["properties"]) <= set(schema.properties)
        assert set(schema.required) <= set(entity["properties"])
        schema.validate(entity)
        # Cleaning takes nothing away.
        cleaned = model.get_proxy(entity, cleaned=False).to_dict()
        assert set(cleaned["properties"]) == set(entity["properties"]), entity


def test_a_kml_says_when_it_does_not_hold_all(
    con: duckdb.DuckDBPyConnection, insert: Insert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kml, "MOST", 2)
    ship(insert, 1, "A")
    for n in range(4):
        link(insert, n, 1, 1, score=n / 10)
    exports.write(con, tmp_path / "exports")
    text = (tmp_path / "exports/links.kml").read_text(encoding="utf-8")
    assert "the first 2 of 4" in text
    assert text.count("<Placemark>") == 2
    assert "<value>l3</value>" in text


def test_nothing_found_is_empty_files(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    exports.write(con, tmp_path / "exports")
    assert features(tmp_path / "exports/links.geojson") == {}
    assert rows(tmp_path / "exports/events.csv") == []
    ElementTree.parse(tmp_path / "exports/ships.kml")  # noqa: S314
    assert entities(tmp_path / "exports/entities.ftm.json") == []
    assert "dma: free; Danish Maritime Authority" in (tmp_path / "exports/README.txt").read_text(
        encoding="utf-8"
    )
