"""Small lists in the forms of their publishers, and a home in which they were fetched."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

from pipeline.fetching import FETCHERS
from pipeline.home import Home
from pipeline.raw import RawStore, stamp

FETCHED = datetime(2026, 9, 1, 12, tzinfo=UTC)

UK_HEADER = (
    "Last Updated,Unique ID,OFSI Group ID,UN Reference Number,Name 6,Name 1,Name 2,Name 3,Name 4,Name 5,"
    "Name type,Alias strength,Title,Name non-latin script,Non-latin script type,Non-latin script language,"
    "Regime Name,Designation Type,Designation source,Sanctions Imposed,Other Information,"
    "UK Statement of Reasons,Address Line 1,Address Line 2,Address Line 3,Address Line 4,Address Line 5,"
    "Address Line 6,Address Postal Code,Address Country,Phone number,Website,Email address,Date Designated,"
    "D.O.B,Nationality(/ies),National Identifier number,National Identifier additional information,"
    "Passport number,Passport additional information,Position,Gender,Town of birth,Country of birth,"
    "Type of entity,Subsidiaries,Parent company,Business registration number (s),IMO number,"
    "Current owner/operator (s),Previous owner/operator (s),Current believed flag of ship,Previous flags,"
    "Type of ship,Tonnage of ship,Length of ship,Year Built,Hull identification number (HIN)"
)
MARITIME_HEADER = "type,caption,imo,risk,countries,flag,mmsi,id,url,datasets,aliases"


def sdn_xml(*ships: Mapping[str, object], published: str = "08/07/2026") -> bytes:
    """OFAC's simple XML; a ship has uid, name, and where wanted imo, mmsi, aka, program, kind, remarks."""
    entries = []
    for ship in ships:
        numbers = [("Vessel Registration Identification", f"IMO {ship['imo']}")] if ship.get("imo") else []
        numbers += [("MMSI", str(ship["mmsi"]))] if ship.get("mmsi") else []
        ids = "".join(
            f"<id><uid>1</uid><idType>{kind}</idType><idNumber>{number}</idNumber></id>"
            for kind, number in numbers
        )
        akas = "".join(
            f"<aka><uid>2</uid><type>f.k.a.</type><category>strong</category><lastName>{escape(str(name))}"
            "</lastName></aka>"
            for name in ship.get("aka", ())  # type: ignore[attr-defined]
        )
        programs = "".join(
            f"<program>{escape(p)}</program>" for p in str(ship.get("program", "IRAN")).split("|")
        )
        entries.append(
            f"  <sdnEntry>\n    <uid>{ship['uid']}</uid>\n"
            f"    <lastName>{escape(str(ship['name']))}</lastName>\n"
            f"    <sdnType>{ship.get('kind', 'Vessel')}</sdnType>\n"
            f"    <programList>{programs}</programList>\n"
            f"    <idList>{ids}</idList>\n    <akaList>{akas}</akaList>\n  </sdnEntry>\n"
        )
    return (
        '<?xml version="1.0" standalone="yes"?>\n'
        '<sdnList xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML">\n'
        f"  <publshInformation><Publish_Date>{published}</Publish_Date>"
        f"<Record_Count>{len(ships)}</Record_Count></publshInformation>\n" + "".join(entries) + "</sdnList>\n"
    ).encode()


def uk_csv(*rows: Mapping[str, str], report: str = "24-Jun-2026") -> bytes:
    """The UK list: a banner, the header, and the columns given of each row."""
    out = io.StringIO()
    out.write(f"Report Date: {report}\r\n")
    writer = csv.DictWriter(out, UK_HEADER.split(","), restval="")
    writer.writeheader()
    writer.writerows({"Designation Type": "Ship", "Name type": "Primary Name", **row} for row in rows)
    return ("\ufeff" + out.getvalue()).encode()


def annex(*rows: tuple[str, ...], other: str = "") -> bytes:
    """Annex XLII between two other annexes, as the consolidated text has it; a row is its five cells."""
    body = "".join(
        "<tr>" + "".join(f'<td><p class="tbl-norm">{cell}</p></td>' for cell in row) + "</tr>\n"
        for row in rows
    )
    header = "".join(
        f"<th><p>{name}</p></th>"
        for name in ("", "Vessel name", "IMO number", "Grounds for inclusion", "Date of application")
    )
    return (
        '<html><body>\n<div><p class="title-annex-1">ANNEX XLI</p><div class="centered"><table>'
        "<tr><td><p>1.</p></td><td><p>No ship of ours</p></td><td><p>9074729</p></td></tr></table>"
        "</div></div>\n"
        '<div><p class="title-annex-1">ANNEX XLII</p>\n<p class="modref">▼M50</p>\n'
        '<p class="title-annex-2">List of vessels referred to in Article 3s</p>\n'
        f'<div class="centered"><table>\n<tr>{header}</tr>\n'
        f'<tr><td colspan="5"><p class="modref">▼M57</p></td></tr>\n{body}</table></div></div>\n'
        f'<div><p class="title-annex-1">ANNEX XLIV</p>{other}</div></body></html>\n'
    ).encode()


def maritime(*rows: Mapping[str, str]) -> bytes:
    """OpenSanctions' table of ships."""
    out = io.StringIO()
    writer = csv.DictWriter(
        out, MARITIME_HEADER.split(","), restval="", quoting=csv.QUOTE_ALL, lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows({"type": "VESSEL", "risk": "sanction", **row} for row in rows)
    return out.getvalue().encode()


def keep(home: Home, source: str, name: str, body: bytes, *, at: datetime = FETCHED, **extra: object) -> Path:
    """What `fetch` would have kept; `{}` in the name is the time."""
    about = FETCHERS[source].source
    return RawStore(home, source).keep(
        name.format(stamp(at)),
        body,
        url=f"https://example.org/{source}",
        licence=about.licence,
        attribution=about.attribution,
        fetched_at=at,
        extra=extra,
    )


def keep_table(path: Path, rows: Iterable[tuple[object, ...]]) -> None:
    """Rows without a header, as OFAC's CSVs are, with the end that DOS gave them."""
    lines = [",".join(f'"{cell}"' if cell != "-0-" else "-0- " for cell in row) for row in rows]
    path.write_bytes("\r\n".join(lines).encode("cp1252") + b"\r\n\x1a")
