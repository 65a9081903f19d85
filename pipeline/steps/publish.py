"""What people open: events, links and places in one read-only database, and as exports; swapped in by rename.

Readers keep what they have open; nobody waits for anybody. Reads `work/`, writes `published/`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline import __version__, exports, gazetteer, manifests, reviews, runs
from pipeline.engine import connect, create, explain_engine_error, literal
from pipeline.errors import TransshipError
from pipeline.files import make_folder, replacing
from pipeline.home import Home
from pipeline.progress import Progress, Quiet
from pipeline.schema import COLUMNS, COMMENTS, TABLE_COMMENTS, definition, select_list
from pipeline.screening import copies
from pipeline.settings import Settings
from pipeline.sources.sightings import is_noncommercial
from pipeline.steps.detect import detect_without_noncommercial
from pipeline.steps.link import link
from pipeline.steps.screen import write_hits

FROM_EVENTS = (
    "vessels",
    "vessel_identities",
    "port_calls",
    "call_witnesses",
    "declared_ports",
    "encounters",
    "loitering",
    "ais_gaps",
    "position_flags",
    "russia_arrivals",
    "gfw_events",
    "gfw_comparison",
    "coverage",
    "feed_holes",
    "vessel_files",
)
FROM_LINKS = ("transshipment_links", "link_evidence", "link_history")
FROM_SCREENING = ("screening_hits",)
FROM_GAZETTEER = ("ports", "terminals", "hubs")
# Made here of what the steps before left.
MARTS = ("russian_ships_at_hubs",)
CAUTIONS = (
    "A link is a lead for a person to check, never a verdict.",
    "Scores are calibrated on invented ships, and unverified on real ones.",
    "No free archive of positions covers Morocco; absence of a ship here is not absence of the ship.",
)


@dataclass(frozen=True)
class PublishResult:
    """Where the database and the exports lie, and the rows by table."""

    database: Path
    exports: Path
    rows: Mapping[str, int]


@dataclass(frozen=True)
class _Commercial(Home):
    """A home whose events and links rest on no data that is licensed for non-commercial use."""

    @property
    def events(self) -> Path:
        """Made from the same days."""
        return self.work / "commercial" / "events.duckdb"

    @property
    def links(self) -> Path:
        """Made from these events."""
        return self.work / "commercial" / "links.duckdb"

    @property
    def screening(self) -> Path:
        """What lists free for commercial use say of these ships."""
        return self.work / "commercial" / "screening.duckdb"

    @property
    def history(self) -> Path:
        """What these links said: the others' scores rest on what must not be told here."""
        return self.root / "kept" / "history-commercial.sqlite"


def publish(
    home: Home, settings: Settings, *, commercial: bool = False, progress: Progress | None = None
) -> PublishResult:
    """Write `published/transship.duckdb` anew and swap it in; a TransshipError where there is nothing yet.

    With `commercial` it is what it would be had nothing been read whose licence forbids commercial use.
    """
    say = progress or Quiet()
    for path, step in ((home.events, "detect"), (home.links, "link")):
        if not path.is_file():
            raise TransshipError(f"{path} is missing; run `transship {step}` first")
    listed = manifests.load(home)
    lists = copies(home)
    licences = [manifest["licence"] for manifest in listed] + [copy.facts.get("licence") for copy in lists]
    if commercial and any(map(is_noncommercial, licences)):
        # Not by leaving rows out: what is left would still be scored against them, and named by them.
        listed = [manifest for manifest in listed if not is_noncommercial(manifest["licence"])]
        home = _Commercial(home.root)
        detect_without_noncommercial(Home(home.root), settings, home.events)
        free = [copy for copy in lists if not copy.is_noncommercial]
        write_hits(home, settings, free, home.screening, progress=say)
        link(home, settings, progress=say)
    places = gazetteer.prepare(home)
    scratch = make_folder(home.work / "scratch")
    with (
        runs.recorded(home, "publish") as run,
        say.task("publish"),
        replacing(home.database) as temporary,
        replacing(home.exports) as exported,
        connect(settings, scratch) as con,
    ):
        places.attach(con)
        con.execute(f"ATTACH {literal(str(temporary))} AS out (STORAGE_VERSION 'v1.4.0')")
        try:
            con.execute(f"ATTACH {literal(str(home.events))} AS events (READ_ONLY)")
            con.execute(f"ATTACH {literal(str(home.links))} AS links (READ_ONLY)")
            rows = _fill(con, home, settings, [*listed, *_attach_screening(con, home, listed)])
        except (duckdb.IOException, duckdb.CatalogException) as error:
            raise TransshipError(
                f"{explain_engine_error(error)}; then run `transship detect` and `transship link` again"
            ) from error
        exports.write(con, exported)
        run.rows_out = sum(rows.values())
        con.execute("CHECKPOINT out")
        con.execute("DETACH out")
    return PublishResult(home.database, home.exports, rows)


def _attach_screening(
    con: duckdb.DuckDBPyConnection, home: Home, listed: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Make the hits readable, none where no list was fetched; ships that are no longer there have none.

    Returns rows of `source_files` for the copies of lists that were read and are not among those `listed`.
    """
    for table in FROM_SCREENING:
        con.execute(f"CREATE TEMP TABLE {table} ({definition(table)})")
    if not home.screening.is_file():
        return []
    con.execute(f"ATTACH {literal(str(home.screening))} AS screening (READ_ONLY)")
    for table in FROM_SCREENING:
        con.execute(
            f"INSERT INTO temp.{table} SELECT {select_list(table)} FROM screening.main.{table}"
            " WHERE vessel_id IN (SELECT vessel_id FROM events.main.vessels)"
        )
    known = {manifest["sha256"] for manifest in listed}
    copies_read = con.execute("FROM screening.main.list_copies ORDER BY source, file_id")
    names = [column[0] for column in copies_read.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in copies_read.fetchall()]
    return [row for row in rows if row["sha256"] not in known]


def _fill(
    con: duckdb.DuckDBPyConnection, home: Home, settings: Settings, listed: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    for schema, tables in (
        ("events.main", FROM_EVENTS),
        ("links.main", FROM_LINKS),
        ("temp.main", (*FROM_SCREENING, *FROM_GAZETTEER)),
    ):
        for table in tables:
            key = ", ".join(f'"{name}"' for name, _ in COLUMNS[table][:2])
            con.execute(
                f"CREATE TABLE out.{table} AS"
                f" SELECT {select_list(table)} FROM {schema}.{table} ORDER BY {key}"
            )
    given = reviews.newest(home)
    con.execute(
        "UPDATE out.transshipment_links AS l SET review = r.verdict"
        " FROM (SELECT unnest($1::VARCHAR[]) AS link_id, unnest($2::VARCHAR[]) AS verdict) AS r"
        " WHERE l.link_id = r.link_id",
        [list(given), [review.verdict for review in given.values()]],
    )
    con.execute("""
        UPDATE out.russia_arrivals AS a SET p_no_transfer = c.p_no_transfer
        FROM links.main.arrival_chances AS c WHERE a.arrival_id = c.arrival_id
    """)
    for table in (*FROM_EVENTS, *FROM_LINKS):
        con.execute(f"CREATE TEMP VIEW {table} AS FROM out.{table}")
    for table in MARTS:
        create(con, f"marts/{table}", settings.parameters("hub_ships", "links"), temporary=True)
        con.execute(f"CREATE TABLE out.{table} AS SELECT {select_list(table)} FROM temp.{table} ORDER BY ALL")
    _source_tables(con, home, listed)
    _metadata(con)
    con.execute("CREATE TEMP VIEW source_files AS FROM out.source_files")
    rows = {}
    for table, comment in TABLE_COMMENTS.items():
        con.execute(f"COMMENT ON TABLE out.{table} IS {literal(comment)}")
        (n_rows,) = con.execute(f"SELECT count(*) FROM out.{table}").fetchone() or (0,)
        rows[table] = int(n_rows)
    for (table, column), comment in COMMENTS.items():
        con.execute(f'COMMENT ON COLUMN out.{table}."{column}" IS {literal(comment)}')
    return rows


def _source_tables(con: duckdb.DuckDBPyConnection, home: Home, listed: Sequence[Mapping[str, Any]]) -> None:
    """The tables that come from small files beside the lake: files read, rows rejected, steps run."""
    rejected = [
        {"file_id": manifest["file_id"], **reason}
        for manifest in listed
        for reason in manifest.get("rejected", ())
    ]
    for table, rows in (("source_files", listed), ("rejected_rows", rejected), ("runs", runs.load(home))):
        con.execute(f"CREATE TABLE out.{table} ({definition(table)})")
        names = [name for name, _ in COLUMNS[table]]
        if rows:
            con.executemany(
                f"INSERT INTO out.{table} VALUES ({', '.join('?' * len(names))})",
                [[None if row.get(name) == "" else row.get(name) for name in names] for row in rows],
            )


def _metadata(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE out.metadata (key VARCHAR, value VARCHAR)")
    facts = [("version", __version__)]
    facts += [(f"caution_{n}", caution) for n, caution in enumerate(CAUTIONS, 1)]
    for source, until in con.execute(
        "SELECT source, max(last_at) FROM out.source_files GROUP BY source HAVING max(last_at) IS NOT NULL"
        " ORDER BY source"
    ).fetchall():
        facts.append((f"data_until_{source}", str(until)))
    for source, licence, attribution in con.execute(
        "SELECT DISTINCT source, licence, attribution FROM out.source_files ORDER BY ALL"
    ).fetchall():
        facts += [
            (f"licence_{source}", str(licence or "")),
            (f"attribution_{source}", str(attribution or "")),
        ]
    con.executemany("INSERT INTO out.metadata VALUES (?, ?)", [list(fact) for fact in dict(facts).items()])
