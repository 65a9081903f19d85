"""KML 2.2 for maps such as Google Earth: placemarks with a time, their facts as data (OGC 07-147r2)."""

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import duckdb

# Viewers grow slow beyond some ten thousand placemarks.
MOST = 20_000
# Descriptions, and by some viewers names, are shown as HTML: no markup may come of a ship's name.
# XML knows no U+FFFE and U+FFFF.
NO_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a", "\ufffe": " ", "\uffff": " "})
# Per kind: title, which rows come first, name of a placemark, its begin and end.
KINDS = {
    "links": (
        "Possible transfers", "score DESC, link_id", ("from_name", "to_name"), "transfer_started_at",
        "arrived_at",
    ),
    "ships": (
        "Ships, at their latest event", "last_event_at DESC, vessel_id", ("name",), "last_event_at", None
    ),
    "events": ("Events", "started_at DESC, event_id", ("name", "other_name"), "started_at", "ended_at"),
}  # fmt: skip


def document(con: duckdb.DuckDBPyConnection, kind: str) -> Iterator[str]:
    """The lines of one file; what has no place is left out, and of the rest the first MOST are in it."""
    title, order, names, begin, end = KINDS[kind]
    selection = "lat IS NOT NULL" + ("" if kind == "links" else " AND is_selected")
    (n_all,) = con.execute(f"SELECT count(*) FROM {kind}_export WHERE {selection}").fetchone() or (0,)
    answer = con.execute(f"SELECT * FROM {kind}_export WHERE {selection} ORDER BY {order} LIMIT {MOST}")
    columns = [column[0] for column in answer.description or ()]
    held = f"{n_all:,}" if n_all <= MOST else f"the first {MOST:,} of {n_all:,}"
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<kml xmlns="http://www.opengis.net/kml/2.2">'
    yield f"<Document><name>{title}</name><description>{held}; leads to check, no verdicts</description>"
    while rows := answer.fetchmany(1000):
        for row in rows:
            yield _placemark(dict(zip(columns, row, strict=True)), names, begin, end)
    yield "</Document></kml>"


def _placemark(row: dict[str, Any], names: tuple[str, ...], begin: str, end: str | None) -> str:
    name = (
        " / ".join(str(row[column]) for column in names if row.get(column)) or f"MMSI {row.get('mmsi', '?')}"
    )
    data = "".join(
        f"<Data name={quoteattr(column)}><value>{_text(_shown(value))}</value></Data>"
        for column, value in row.items()
        if value is not None and column not in {"told", "is_selected", "lat", "lon", "to_lat", "to_lon"}
    )
    first = row[begin]
    last = row[end] if end else None
    span = f"<begin>{_shown(first)}</begin>" if first else ""
    span += f"<end>{_shown(last)}</end>" if last else ""
    return (
        f"<Placemark><name>{_text(name)}</name><description>{_text(row['told'])}</description>"
        f"{f'<TimeSpan>{span}</TimeSpan>' if span else ''}<ExtendedData>{data}</ExtendedData>"
        f"{_place(row)}</Placemark>"
    )


def _place(row: dict[str, Any]) -> str:
    start = f"{row['lon']},{row['lat']}"
    if row.get("to_lat") is None:
        return f"<Point><coordinates>{start}</coordinates></Point>"
    return f"<LineString><coordinates>{start} {row['to_lon']},{row['to_lat']}</coordinates></LineString>"


def _shown(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if hasattr(value, "strftime") else str(value)


def _text(value: Any) -> str:
    """A text that is no markup, neither as XML nor once more as HTML."""
    return escape(str(value).translate(NO_MARKUP))
