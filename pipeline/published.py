"""What a reader asks of the published database: a query, a score explained, all that is known of a ship."""

import json
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

import sql
from pipeline import reviews, story
from pipeline.errors import TransshipError
from pipeline.home import Home
from pipeline.text import plain


@dataclass(frozen=True)
class Answer:
    """Rows under their column names."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """One dictionary a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def only(self, columns: str) -> "Answer":
        """The columns of this list (blanks between), as far as they are there, in its order."""
        kept = [name for name in columns.split() if name in self.columns]
        places = [self.columns.index(name) for name in kept]
        return Answer(kept, [tuple(row[place] for place in places) for row in self.rows])


@contextmanager
def reading(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the published database that can change nothing and open no other file."""
    if not home.database.is_file():
        raise TransshipError(
            f"nothing is published in {home.root} yet: try `transship demo`, or ingest, detect, link, publish"
        )
    try:
        con = duckdb.connect(
            str(home.database),
            read_only=True,
            # No temporary folder either: a query must leave no trace beside the database.
            config={
                "enable_external_access": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "temp_directory": "",
            },
        )
    except duckdb.Error as error:
        raise TransshipError(
            f"{home.database} cannot be opened ({_first_line(error)}): run `transship publish` again"
        ) from error
    with con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET enable_progress_bar = false")
        con.execute("SET lock_configuration = true")
        yield con


def query(home: Home, statement: str) -> Answer:
    """Run one read-only statement on the published database."""
    with reading(home) as con:
        try:
            return _ask(con, statement)
        except duckdb.Error as error:
            raise TransshipError(f"the query failed: {_first_line(error)}") from error


@dataclass(frozen=True)
class Explanation:
    """One link, the terms of its score in log odds, and the facts behind them."""

    link: dict[str, Any]
    parts: dict[str, float]
    evidence: list[dict[str, Any]]
    setting: story.Setting
    # The files that the evidence rests on, each with the rows (ref_table, ref_id) that lead to it.
    files: list[dict[str, Any]]

    @property
    def log_odds(self) -> float:
        """The sum of all terms."""
        return math.fsum(self.parts.values())

    @property
    def probability(self) -> float:
        """What the sum says, before candidates for the same cargo compete."""
        return 1 / (1 + math.exp(-self.log_odds))

    @property
    def paragraph(self) -> str:
        """The link in plain English, in three parts with a blank line between."""
        return "\n\n".join(story.paragraphs(self.link, self.evidence, self.setting))

    def told(self) -> Iterator[str]:
        """All of it for a person, in lines: the paragraph, the arithmetic, the files."""
        for part in story.paragraphs(self.link, self.evidence, self.setting):
            yield from textwrap.wrap(plain(part), story.WIDTH)
            yield ""
        numbers: dict[tuple[str, str], list[int]] = {}
        for number, file in enumerate(self.files, 1):
            for row in file["rows"]:
                numbers.setdefault(row, []).append(number)
        yield "How the score comes about (log odds: + speaks for, - against; then where it"
        yield "stands so far; then the row that it rests on and [the files below])"
        yield from story.arithmetic(self.link, self.evidence, self.parts, numbers)
        if self.files:
            yield ""
            yield "Sources"
            yield from story.sources(self.files)


def explain(home: Home, link_id: str) -> Explanation:
    """The arithmetic of one link's score."""
    with reading(home) as con:
        found = _ask(con, "SELECT * FROM transshipment_links WHERE link_id = $1", [link_id]).records()
        if not found:
            raise TransshipError(
                f'no link {link_id}; see transship query "SELECT link_id, score FROM transshipment_links"'
            )
        evidence = _ask(
            con,
            """SELECT seq, kind, weight, statement, ref_table, ref_id
                FROM link_evidence WHERE link_id = $1 ORDER BY seq""",
            [link_id],
        ).records()
        (link,) = found
        given = reviews.newest(home).get(link_id)
        if given:
            link["review"] = given.verdict
        return Explanation(
            link, json.loads(link["score_parts"]), evidence, _setting(con, link), _files(con, evidence)
        )


def _setting(con: duckdb.DuckDBPyConnection, link: Mapping[str, Any]) -> story.Setting:
    """The rows around a link, empty where there is none."""

    def row(table: str, key: str, column: str) -> dict[str, Any]:
        if link.get(column) is None or table not in _tables(con):
            return {}
        found = _ask(con, f"SELECT * FROM {table} WHERE {key} = $1", [link[column]]).records()
        return found[0] if found else {}

    return story.Setting(
        row("hubs", "hub_id", "hub_id"),
        row("ports", "port_id", "russia_port_id"),
        row("ports", "port_id", "origin_port_id"),
        row("vessels", "vessel_id", "from_vessel_id"),
        row("vessels", "vessel_id", "to_vessel_id"),
        row("encounters", "encounter_id", "encounter_id"),
        row("port_calls", "port_call_id", "from_port_call_id"),
        row("port_calls", "port_call_id", "to_port_call_id"),
        row("russia_arrivals", "arrival_id", "arrival_id"),
        _ask(
            con,
            """SELECT link_id, pattern, from_name, from_mmsi, score FROM transshipment_links
                WHERE arrival_id = $1 AND pattern <> 'chain' ORDER BY score DESC, link_id""",
            [link["arrival_id"]],
        ).records()
        if link.get("arrival_id")
        else [],
    )


def _files(con: duckdb.DuckDBPyConnection, evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The files behind the rows that evidence refers to, by source and time."""
    tables = _tables(con)
    if not {"vessel_files", "source_files"} <= tables:
        return []
    rows: dict[str, list[tuple[str, str]]] = {}
    for table, ref in dict.fromkeys((e["ref_table"], e["ref_id"]) for e in evidence if e["ref_table"]):
        file_ids: list[Any] = []
        if table in story.FILES:
            file_ids += [name for (name,) in _ask(con, story.FILES[table], [ref]).rows]
        for span in _ask(con, story.SPANS[table], [ref]).rows if table in story.SPANS else ():
            file_ids += [name for (name,) in _ask(con, story.REPORTS, span).rows]
        for file_id in sorted(set(filter(None, file_ids))):
            rows.setdefault(file_id, []).append((table, ref))
    known = {
        row["file_id"]: row
        for row in _ask(
            con,
            "SELECT * FROM source_files WHERE list_contains($1::VARCHAR[], file_id)",
            [list(rows)],
        ).records()
    }
    files = [{**known[file_id], "rows": rows[file_id]} for file_id in rows if file_id in known]
    return sorted(files, key=lambda file: (file["source"], str(file["first_at"] or ""), file["file_id"]))


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}


def lead_times(home: Home, min_score: float) -> Answer:
    """How many days before the arrival each arrived link had first been told, at `min_score` or more.

    Links first told when their ship had arrived have no row.
    """
    with reading(home) as con:
        return _ask(con, sql.read("checks/lead_times"), {"min_score": min_score})


# What `transship ship` shows of each of a ship's vessel_ids, in this order.
SHIP_SECTIONS = {
    "vessels": "SELECT * FROM vessels WHERE vessel_id = $1",
    "vessel_identities": "SELECT * FROM vessel_identities WHERE vessel_id = $1 ORDER BY valid_from, mmsi",
    "port_calls": "SELECT * FROM port_calls WHERE vessel_id = $1 ORDER BY arrived_at",
    "encounters": "SELECT * FROM encounters WHERE $1 IN (vessel_id_1, vessel_id_2) ORDER BY started_at",
    "loitering": "SELECT * FROM loitering WHERE vessel_id = $1 ORDER BY started_at",
    "ais_gaps": "SELECT * FROM ais_gaps WHERE vessel_id = $1 ORDER BY off_at",
    "position_flags": "SELECT * FROM position_flags WHERE vessel_id = $1 ORDER BY started_at, kind",
    "declared_ports": "SELECT * FROM declared_ports WHERE vessel_id = $1 ORDER BY declared_at, relation",
    "russia_arrivals": "SELECT * FROM russia_arrivals WHERE vessel_id = $1 ORDER BY arrived_at",
    "screening_hits": """SELECT * FROM screening_hits WHERE vessel_id = $1
        ORDER BY is_lead, match_score DESC, hit_id""",
    "russian_ships_at_hubs": "SELECT * FROM russian_ships_at_hubs WHERE vessel_id = $1 ORDER BY arrived_at",
    "transshipment_links": """SELECT * FROM transshipment_links WHERE $1 IN (from_vessel_id, to_vessel_id)
        ORDER BY score DESC, link_id""",
}
# Of these, what a person is shown; --json has all columns.
SHIP_COLUMNS = {
    "vessels": "mmsi imo name callsign flag ship_type length_m width_m last_seen_at n_positions",
    "vessel_identities": "valid_from valid_to mmsi imo name callsign flag n_reports",
    "port_calls": "arrived_at departed_at port_name country kind draught_in_m draught_out_m destination_text",
    "encounters": "started_at duration_h mmsi_1 mmsi_2 kind median_distance_m lat lon nearest_port_id",
    "loitering": "started_at duration_h lat lon distance_to_port_km",
    "ais_gaps": "off_at on_at duration_h distance_km is_suspicious",
    "position_flags": "started_at ended_at kind n_positions detail",
    "declared_ports": "declared_at last_declared_at source relation declared_text port_id",
    "russia_arrivals": "arrived_at port_id basis confidence port_basis p_no_transfer",
    "screening_hits": "list entity_name matched_identity is_lead is_sanction match_score listed_on url",
    "russian_ships_at_hubs": "arrived_at departed_at hub_id purpose why",
    "transshipment_links": "score status pattern hub_id from_name to_name russia_port_id arrived_at link_id",
}
FIND_SHIP = """
    SELECT DISTINCT vessel_id FROM (
        SELECT vessel_id, imo, mmsi, name FROM vessels
        UNION ALL SELECT vessel_id, imo, mmsi, name FROM vessel_identities
    ) WHERE CAST(imo AS VARCHAR) = $1 OR CAST(mmsi AS VARCHAR) = $1 OR upper(name) = upper($1)
    ORDER BY vessel_id"""


def ship(home: Home, words: str) -> dict[str, dict[str, Answer]]:
    """All that is known of the ships with this IMO number, MMSI or name: vessel_id to table to rows."""
    asked = words.strip().upper().removeprefix("IMO").removeprefix("MMSI").strip()
    with reading(home) as con:
        vessel_ids = [row[0] for row in _ask(con, FIND_SHIP, [asked]).rows]
        if not vessel_ids:
            raise TransshipError(f"no ship with the IMO number, MMSI or name {words!r} in {home.database}")
        present = {row[0] for row in _ask(con, "SELECT table_name FROM duckdb_tables()").rows}
        return {
            vessel_id: {
                table: answer
                for table, statement in SHIP_SECTIONS.items()
                if table in present and (answer := _ask(con, statement, [vessel_id])).rows
            }
            for vessel_id in vessel_ids
        }


def _ask(
    con: duckdb.DuckDBPyConnection, statement: str, values: Sequence[Any] | dict[str, Any] = ()
) -> Answer:
    statements = con.extract_statements(statement)
    if len(statements) != 1:
        raise TransshipError(f"one statement at a time, not {len(statements)}")
    result = con.execute(statements[0], values if isinstance(values, dict) else list(values))
    names: list[str] = []
    for column in result.description or ():
        # Two columns of one name would be one in JSON.
        name, n = column[0], 1
        while name in names:
            name, n = f"{column[0]}_{n}", n + 1
        names.append(name)
    return Answer(names, result.fetchall())


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
