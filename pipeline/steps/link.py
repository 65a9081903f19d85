"""Events to links: candidates at hubs, their terms in log odds, the probability, the evidence as sentences.

Reads `work/events.duckdb`, writes `work/links.duckdb` whole. The model stands in docs/methods.md, its weights
in pipeline/linking/weights.csv.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import duckdb

from pipeline import gazetteer, runs
from pipeline.destinations import Destinations
from pipeline.engine import connect, create, literal
from pipeline.errors import TransshipError
from pipeline.files import make_folder, replacing
from pipeline.home import Home
from pipeline.progress import Progress, Quiet
from pipeline.settings import Settings

# What linking reads of the events.
READ = ("vessels", "port_calls", "encounters", "russia_arrivals", "static_changes")
TERMS = (
    "prior",
    "rivals",
    "meeting",
    "duration",
    "wait",
    "terminal",
    "draught_from",
    "draught_to",
    "origin_from",
    "origin_to",
    "way",
    "way_draught",
    "arrival_draught",
    "types",
    "destination",
)
DRAUGHT_DAYS = 3


@dataclass(frozen=True)
class LinkResult:
    """What one run did: candidates weighed, and links kept by pattern."""

    n_candidates: int
    n_links: Mapping[str, int]


def link(home: Home, settings: Settings, *, progress: Progress | None = None) -> LinkResult:
    """Weigh every pair at a hub against the Russian arrivals that followed; keep those of links.min_score.

    Raises TransshipError where nothing was detected yet.
    """
    say = progress or Quiet()
    if not home.events.is_file():
        raise TransshipError(f"{home.work} holds no events yet; run `transship detect` first")
    places = gazetteer.prepare(home)
    scratch = make_folder(home.work / "scratch")
    with runs.recorded(home, "link") as run, replacing(home.links) as temporary, say.task("links"):
        with connect(settings, scratch, temporary) as con:
            places.attach(con)
            try:
                con.execute(f"ATTACH {literal(str(home.events))} AS events (READ_ONLY)")
                for table in READ:
                    con.execute(f"CREATE TEMP TABLE {table} AS FROM events.{table}")
            except (duckdb.IOException, duckdb.CatalogException) as error:
                raise TransshipError(f"{home.events}: {str(error).splitlines()[0]}") from error
            result = weigh(con, settings)
            con.execute("DETACH events")
            con.execute("CHECKPOINT")
        run.rows_out = sum(result.n_links.values())
    return result


def weigh(con: duckdb.DuckDBPyConnection, settings: Settings) -> LinkResult:
    """Make `transshipment_links` and `link_evidence` from the events and the gazetteer that `con` holds."""
    parameters = settings.parameters("links")
    weights = literal(str(resources.files("pipeline.linking").joinpath("weights.csv")))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE weights AS
        SELECT pattern, kind, level, CAST(weight AS DOUBLE) AS weight FROM read_csv({weights}, header = true)
    """)
    create(con, "links/sts_candidates", parameters, temporary=True)
    create(con, "links/relay_candidates", parameters, temporary=True)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE candidates AS FROM sts_candidates UNION ALL FROM relay_candidates"
    )
    _moments(con)
    for name in ("links/draughts", "links/ways", "links/origins"):
        create(con, name, parameters, temporary=True)
    _destinations(con)
    create(con, "links/features", parameters, temporary=True)
    create(con, "links/scored", parameters, temporary=True)
    create(con, "links/transshipment_links", parameters, "made_links", temporary=True)
    # JSON is the engine's own type: the terms become one document a link here, and stay columns in the SQL.
    pairs = ", ".join(f"'{term}', w_{term}" for term in TERMS)
    columns = ", ".join(f"w_{term}" for term in TERMS)
    con.execute(f"""
        CREATE OR REPLACE TABLE transshipment_links AS
        SELECT * EXCLUDE ({columns}, log_odds, is_noncommercial),
            json_object({pairs}) AS score_parts, is_noncommercial
        FROM made_links ORDER BY link_id
    """)
    create(con, "links/link_evidence", parameters)
    con.execute("""
        CREATE TABLE IF NOT EXISTS link_history (
            link_id VARCHAR, version INTEGER, score DOUBLE, status VARCHAR, changed_at TIMESTAMP, why VARCHAR)
    """)
    (n_candidates,) = con.execute("SELECT count(*) FROM candidates").fetchone() or (0,)
    kept = con.execute(
        "SELECT pattern, count(*) FROM transshipment_links GROUP BY pattern ORDER BY 1"
    ).fetchall()
    return LinkResult(int(n_candidates), {str(pattern): int(n) for pattern, n in kept})


def _moments(con: duckdb.DuckDBPyConnection) -> None:
    """Meetings and calls whose draughts are asked for, each until the ship's next call or DRAUGHT_DAYS."""
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE moments AS
        WITH asked AS (
            SELECT DISTINCT from_vessel_id AS vessel_id, from_start_t_s AS start_t_s, from_end_t_s AS end_t_s
            FROM candidates
            UNION
            SELECT DISTINCT to_vessel_id, to_start_t_s, to_end_t_s FROM candidates
        )
        SELECT a.vessel_id, a.start_t_s, a.end_t_s,
            greatest(a.end_t_s, least(a.end_t_s + {DRAUGHT_DAYS} * 86400, coalesce(min(
                date_diff('second', TIMESTAMP '1970-01-01 00:00:00', p.arrived_at)),
                a.end_t_s + {DRAUGHT_DAYS} * 86400))) AS until_t_s
        FROM asked AS a
        LEFT JOIN port_calls AS p ON a.vessel_id = p.vessel_id
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', p.arrived_at) > a.end_t_s
        GROUP BY a.vessel_id, a.start_t_s, a.end_t_s
    """)


def _destinations(con: duckdb.DuckDBPyConnection) -> None:
    resolver = Destinations(dict(con.execute("SELECT port_id, name FROM ports").fetchall()))
    texts = con.execute("SELECT DISTINCT destination FROM draughts WHERE destination IS NOT NULL").fetchall()
    found = resolver.resolve_all(str(text) for (text,) in texts)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE destinations AS"
        " SELECT unnest($1::VARCHAR[]) AS text, unnest($2::VARCHAR[]) AS port_id",
        [list(found), list(found.values())],
    )
