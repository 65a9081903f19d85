"""Destination text to port: what crews type, and what must stay unresolved."""

import pytest

from pipeline.destinations import Destinations

PORTS = {
    "RULED": "St Petersburg", "RUULU": "Ust-Luga", "RUNVS": "Novorossiysk", "RUMMK": "Murmansk",
    "RUPRI": "Primorsk",
    "MAPTM": "Tanger Med", "MACAS": "Casablanca", "USPIE": "St Petersburg (Florida)", "NLRTM": "Rotterdam",
    "ZZONE": "Twin", "ZZTWO": "Twin", "SNDKR": "Dakar",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("RU LED", "RULED"),
        ("RULED", "RULED"),
        ("MAPTM>RULED", "RULED"),
        ("MA PTM => RU-ULU", "RUULU"),
        ("FROM RULED TO NL RTM", "NLRTM"),
        ("SEGOT@@@@@RULED", None),
        ("UST-LUGA ANCH", "RUULU"),
        ("ST.PETERSBURG", "RULED"),
        ("S.PETERSBURG RUSSIA", "RULED"),
        ("NOVOROSSIJSK", "RUNVS"),
        ("TANGER MED", "MAPTM"),
        ("RULED<>NLRTM", None),
        ("FOR ORDERS", None),
        ("TWIN", None),
        ("RURAL", None),
        ("DAKAR", "SNDKR"),
        ("ARMED GUARDS ON BOARD", None),
        ("", None),
        (None, None),
    ],
)
def test_resolve(text: str | None, port: str | None) -> None:
    assert Destinations(PORTS).resolve(text) == port
