"""Each list in its publisher's form, small enough to see what must be read."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.screening import Entry, Malformed, copies
from tests.screening.lists import FETCHED, annex, keep, keep_table, maritime, sdn_xml, uk_csv


def entries(home: Home) -> list[Entry]:
    """All ships of all copies."""
    return [entry for copy in copies(home) for entry in copy.read().entries]


def test_ofac_xml(empty_home: Home) -> None:
    keep(
        empty_home,
        "ofac",
        "sdn-{}.xml",
        sdn_xml(
            {"uid": 15036, "name": "ARTAVIL", "imo": 9187629, "mmsi": 572469210, "aka": ["SHONA", "ALPHA"]},
            {"uid": 4238, "name": "MAR AZUL", "program": "CUBA|SDGT"},
            {"uid": 1, "name": "A COMPANY", "kind": "Entity", "imo": 9074729},
            {"uid": 2, "name": "MISTYPED", "imo": 9187628},
        ),
    )
    (copy,) = copies(empty_home)
    assert copy.read().list_date == date(2026, 8, 7)
    artavil, azul, mistyped = copy.read().entries
    assert (artavil.entity_id, artavil.name, artavil.imos, artavil.mmsis, artavil.names) == (
        "ofac-15036", "ARTAVIL", (9187629,), (572469210,), ("SHONA", "ALPHA")
    )  # fmt: skip
    assert artavil.url == "https://sanctionssearch.ofac.treas.gov/Details.aspx?id=15036"
    assert (azul.imos, azul.mmsis, azul.program, azul.listed_on) == ((), (), "CUBA; SDGT", None)
    # A number whose check digit is wrong is no IMO number.
    assert mistyped.imos == ()


def test_ofac_csv_with_alt_and_comments(empty_home: Home) -> None:
    keep(empty_home, "ofac", "sdn-{}.csv", b"")
    (copy,) = copies(empty_home)
    first = "Former Vessel Flag Malta; Vessel Registration Identification IMO 9187629; f.k.a. 'NABI'; MM"
    keep_table(
        copy.path,
        [
            (
                15036,
                "ARTAVIL",
                "vessel",
                "IRAN] [NPWMD",
                "-0-",
                "5IM",
                "Tanker",
                "-0-",
                "-0-",
                "Iran",
                "-0-",
                first,
            ),
            (1, "A COMPANY", "-0-", "IRAN", *["-0-"] * 7, "Vessel Registration Identification IMO 9074729."),
        ],
    )
    keep_table(copy.path.with_name(copy.path.name.replace("sdn", "sdn_comments")), [(15036, "SI 572469210.")])
    keep_table(copy.path.with_name(copy.path.name.replace("sdn", "alt")), [(15036, 7, "fka", "SHONA", "-0-")])
    (artavil,) = copy.read().entries
    assert (artavil.imos, artavil.mmsis, artavil.names) == ((9187629,), (572469210,), ("SHONA", "NABI"))
    assert artavil.program == "IRAN; NPWMD"


def test_uk_csv_rows_of_one_ship_are_one(empty_home: Home) -> None:
    body = uk_csv(
        {
            "Unique ID": "RUS2176", "Name 6": "KOROLEV PROSPECT", "IMO number": "IMO9826902",
            "Date Designated": "31/07/2024", "Regime Name": "The Russia (Sanctions) Regulations 2019",
            "Sanctions Imposed": "Specified ship|Specified ship",
            "UK Statement of Reasons": "carries, \"oil\"\nfrom",
        },
        {"Unique ID": "RUS2176", "Name 6": "KOROLEV", "Name type": "Alias", "IMO number": "9826902"},
        {"Unique ID": "RUS1", "Name 6": "Ivanov", "Designation Type": "Individual"},
    )  # fmt: skip
    keep(empty_home, "uk", "uk-sanctions-list-{}.csv", body)
    (copy,) = copies(empty_home)
    content = copy.read()
    assert content.list_date == date(2026, 6, 24)
    (ship,) = content.entries
    assert (ship.entity_id, ship.name, ship.imos, ship.names) == (
        "RUS2176", "KOROLEV PROSPECT", (9826902,), ("KOROLEV",)
    )  # fmt: skip
    assert (ship.listed_on, ship.legal_point) == (date(2024, 7, 31), "Specified ship")
    assert ship.reason == 'carries, "oil" from'


def test_eu_annex_alone_is_read_and_its_marks_are_not(empty_home: Home) -> None:
    why = "Article 3s(2), point (b): transport crude oil or petroleum products"
    body = annex(
        ("1.", "Angara", "9179842", "Article 3s(2), point (a): defence goods", "25.6.2024"),
        ("284.", "View</p><p>(formerly Cup; Mug)", "9271327", f"{why}</p><p>under high risk", "21.5.2025"),
        ("648", "Kavya (formerly Hana)", "►C15 9187629 ◄", why, "24 April 2026"),
    )
    keep(empty_home, "eu", "annex-xlii-{}.html", body, version="20260724")
    (copy,) = copies(empty_home)
    content = copy.read()
    assert content.list_date == date(2026, 7, 24)
    angara, view, kavya = content.entries
    assert (angara.entity_id, angara.name, angara.imos, angara.legal_point, angara.listed_on) == (
        "eu-annex-xlii-1", "Angara", (9179842,), "3s(2)(a)", date(2024, 6, 25)
    )  # fmt: skip
    assert (view.name, view.names, view.legal_point) == ("View", ("Cup", "Mug"), "3s(2)(b)")
    assert view.reason == f"{why} under high risk"
    assert (kavya.entity_id, kavya.name, kavya.names, kavya.imos, kavya.listed_on) == (
        "eu-annex-xlii-648", "Kavya", ("Hana",), (9187629,), date(2026, 4, 24)
    )  # fmt: skip


def test_eu_asset_freezes_of_ships_and_not_of_companies(empty_home: Home) -> None:
    body = b"""<?xml version="1.0" encoding="UTF-8"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-08-05T16:47:04.449+02:00">
  <sanctionEntity designationDetails="" euReferenceNumber="EU.1.1" logicalId="1">
    <regulation regulationType="regulation" entryIntoForceDate="2018-04-20" publicationDate="2018-04-19"
      programme="PRK"><publicationUrl>https://eur-lex.europa.eu/x</publicationUrl></regulation>
    <subjectType code="enterprise" classificationCode="E"/>
    <nameAlias wholeName="PETREL 8" strong="true"/><nameAlias wholeName="PETREL EIGHT" strong="false"/>
    <identification identificationTypeCode="imo" number="9562233"/>
  </sanctionEntity>
  <sanctionEntity euReferenceNumber="EU.2.2" logicalId="2">
    <subjectType code="enterprise" classificationCode="E"/>
    <nameAlias wholeName="DARK FLEET SHIPPING LLC" strong="true"/>
    <identification identificationTypeCode="imo" number="9074729"/>
  </sanctionEntity>
  <sanctionEntity euReferenceNumber="EU.3.3" logicalId="3">
    <subjectType code="person" classificationCode="P"/><nameAlias wholeName="Ivan"/>
  </sanctionEntity>
</export>"""
    keep(empty_home, "eu", "fsf-{}.xml", body)
    (ship,) = entries(empty_home)
    assert (ship.entity_id, ship.name, ship.names, ship.imos) == (
        "eu-fsf-EU.1.1", "PETREL 8", ("PETREL EIGHT",), (9562233,)
    )  # fmt: skip
    assert (ship.listed_on, ship.program, ship.legal_point) == (date(2018, 4, 19), "PRK", "asset freeze")
    assert ship.url == "https://eur-lex.europa.eu/x"


def test_opensanctions_table(empty_home: Home) -> None:
    body = maritime(
        {
            "caption": "ABADAN", "imo": "IMO9187629", "mmsi": "572469210;", "id": "ofac-15036",
            "datasets": "us_ofac_sdn;us_trade_csl", "aliases": "ALPHA;ARTAVIL",
            "url": "https://www.opensanctions.org/entities/ofac-15036",
        },
        {"caption": "ABADAN", "imo": "IMO9074729", "id": "ofac-15036", "datasets": "us_ofac_sdn"},
        {"caption": "BOUDREAUX TIDE", "imo": "IMO9427366", "risk": "mare.detained", "id": "abuja-1"},
        {"caption": "A COMPANY", "imo": "IMO9179842", "type": "ORGANIZATION", "id": "org-1"},
        {"caption": "NAMELESS NUMBER", "risk": "mare.shadow;sanction.linked", "id": "ua-1"},
    )  # fmt: skip
    keep(empty_home, "opensanctions", "maritime-{}.csv", body)
    abadan, tide, nameless = entries(empty_home)
    # Two rows of one id are one ship with two numbers.
    assert (abadan.imos, abadan.mmsis, abadan.names) == (
        (9187629, 9074729), (572469210,), ("ALPHA", "ARTAVIL")
    )  # fmt: skip
    assert (abadan.is_sanction, abadan.datasets) == (True, "us_ofac_sdn;us_trade_csl")
    assert (tide.is_sanction, tide.topics) == (False, "mare.detained")
    # What is linked to a sanction is none.
    assert (nameless.imos, nameless.is_sanction) == ((), False)


def test_opensanctions_entities_tell_the_day(empty_home: Home) -> None:
    body = (
        b'{"id":"s-1","schema":"Sanction","properties":{"entity":["v-1"],"listingDate":["2025-01-10"],'
        b'"startDate":["2025-02-01T00:00:00"]}}\n'
        b'{"id":"v-1","caption":"ABADAN","schema":"Vessel","datasets":["us_ofac_sdn"],"properties":'
        b'{"name":["ABADAN","SHONA"],"imoNumber":["IMO9187629"],"mmsi":["572469210"],"topics":["sanction"]}}\n'
        b'{"id":"p-1","caption":"Ivan","schema":"Person","properties":{"name":["Ivan"]}}\n'
    )
    keep(empty_home, "opensanctions", "entities-{}.ftm.json", body)
    (ship,) = entries(empty_home)
    assert (ship.entity_id, ship.imos, ship.mmsis, ship.names) == (
        "v-1",
        (9187629,),
        (572469210,),
        ("SHONA",),
    )
    assert (ship.listed_on, ship.is_sanction) == (date(2025, 1, 10), True)


def test_the_newest_copy_counts_whatever_its_name(empty_home: Home) -> None:
    keep(empty_home, "ofac", "sdn-z.xml", sdn_xml({"uid": 1, "name": "OLD"}))
    keep(empty_home, "ofac", "sdn-a.xml", sdn_xml({"uid": 2, "name": "NEW"}), at=FETCHED + timedelta(days=1))
    # Not whole: nothing stands beside it.
    (empty_home.raw / "ofac" / "sdn-zz.xml").write_bytes(b"<sdnList>")
    assert [entry.name for entry in entries(empty_home)] == ["NEW"]


SDN = sdn_xml({"uid": 1, "name": "ONE"}, {"uid": 2, "name": "TWO"})
UK = uk_csv({"Unique ID": "A1", "Name 6": "ONE"}, {"Unique ID": "A2", "Name 6": "TWO"})
BROKEN = {
    "ofac cut": ("ofac", "sdn-{}.xml", SDN[:-30], r"sdn-.*\.xml, line 1\d: no whole XML"),
    "ofac empty": ("ofac", "sdn-{}.xml", b"<sdnList>\n</sdnList>", r"line 1: no sdnEntry"),
    "ofac nameless": (
        "ofac", "sdn-{}.xml", SDN.replace(b"<uid>2</uid>\n", b""), r"line 1\d: a vessel without uid"
    ),
    "ofac csv": ("ofac", "sdn-{}.csv", b'1,"A","vessel"\r\n', r"\.csv, line 1: 3 cells where sdn.csv has 12"),
    "uk columns": ("uk", "l-{}.csv", UK.replace(b"IMO number", b"IMO"), r"line 2: .* no column 'IMO number'"),
    "uk cells": ("uk", "l-{}.csv", UK.replace(b"ONE", b"ONE,,"), r"line 3: 60 cells where the header has 58"),
    "uk quote": ("uk", "l-{}.csv", UK.replace(b"TWO", b'"TWO'), r"line 4: no CSV \(unexpected end of data\)"),
    "uk id": ("uk", "l-{}.csv", UK.replace(b"A2", b""), r"line 4: a ship without Unique ID"),
    "uk page": ("uk", "l-{}.csv", b"<html>Sorry</html>", r"line 1: the header has no column 'Unique ID'"),
    "eu no annex": ("eu", "a-{}.html", b"<html>\nANNEX XLI</html>", r"line 1: no heading ANNEX XLII"),
    "eu no ships": ("eu", "a-{}.html", annex(), r"line \d: Annex XLII has no row with an IMO number"),
    "eu no name": ("eu", "a-{}.html", annex(("1.", "", "9179842", "", "")), r"line \d: a ship's IMO number"),
    "eu freeze": ("eu", "f-{}.xml", b"<export>\n</export>", r"line 1: no sanctionEntity"),
    "table": ("opensanctions", "m-{}.csv", b'"a","b"\n', r"line 1: the header has no column 'type'"),
    "json": ("opensanctions", "e-{}.json", b'\n{"id": "a", "schema"', r"line 2: no entity in JSON"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "name", "body", "told"), BROKEN.values(), ids=BROKEN)
def test_a_malformed_list_names_file_and_line(
    empty_home: Home, source: str, name: str, body: bytes, told: str
) -> None:
    path = keep(empty_home, source, name, body)
    with pytest.raises(Malformed, match=told) as caught:
        entries(empty_home)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_entities_that_grow_without_end_are_refused(empty_home: Home) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    body = (
        f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]><sdnList><sdnEntry><uid>&l11;</uid></sdnEntry></sdnList>'
    )
    keep(empty_home, "ofac", "sdn-{}.xml", body.encode())
    with pytest.raises(Malformed, match="no whole XML"):
        entries(empty_home)


def test_what_a_list_writes_is_plain_text(empty_home: Home) -> None:
    keep(
        empty_home,
        "ofac",
        "sdn-{}.xml",
        sdn_xml({"uid": 1, "name": "A\u202eB\tC", "aka": ["x\u2028y"], "program": "P\u200e"}),
    )
    (ship,) = entries(empty_home)
    assert (ship.name, ship.names, ship.program) == ("A B C", ("x y",), "P")


def test_a_list_that_cannot_be_read(empty_home: Home, tmp_path: Path) -> None:
    path = keep(empty_home, "uk", "l-{}.csv", UK)
    (beside := path.with_name(path.name + ".json")).write_text("{", encoding="utf-8")
    with pytest.raises(Exception, match=str(beside.name)):
        copies(empty_home)
