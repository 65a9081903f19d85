"""Events to links: candidates at hubs, their terms in log odds, the probability, the evidence as sentences.

Reads `work/events.duckdb`, writes `work/links.duckdb` whole. The model stands in docs/methods.md, its weights
in pipeline/linking/weights.csv.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import duckdb
import pandas as pd

from pipeline import gazetteer, runs
from pipeline.destinations import Destinations
from pipeline.engine import connect, create, literal
from pipeline.errors import TransshipError
from pipeline.files import make_folder, replacing
from pipeline.home import Home
from pipeline.linking import history, outcomes
from pipeline.progress import Progress, Quiet
from pipeline.schema import definition
from pipeline.settings import Settings

# What linking reads of the events.
READ = ("vessels", "port_calls", "encounters", "russia_arrivals", "static_changes", "declared_ports")
# What more is read where it is there: evidence, without which links stand too.
ALSO = ("vessel_identities", "ais_gaps", "position_flags", "gfw_comparison")
# What every pattern's links have in common, as `scored_links`.
COMMON = (
    "link_id, stay_id, pattern, hub_id, encounter_id, from_port_call_id, to_port_call_id, arrival_id,"
    " from_vessel_id,"
    " from_mmsi, to_vessel_id, to_mmsi, from_start_t_s, from_end_t_s, to_start_t_s, to_end_t_s, arrived_t_s,"
    " russia_port_call_id, n_calls_between, way_port_call_id, origin_port_id, origin_port_call_id,"
    " to_origin_port_call_id, score"
)
TERMS = "link_id, CAST(seq AS INTEGER) AS seq, kind, weight, statement, ref_table, ref_id"
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
                for table in (*READ, *ALSO):
                    con.execute(f"CREATE TEMP TABLE {table} AS FROM events.{table}")
                if home.screening.is_file():
                    con.execute(f"ATTACH {literal(str(home.screening))} AS screening (READ_ONLY)")
                    con.execute("CREATE TEMP TABLE screening_hits AS FROM screening.screening_hits")
                    con.execute("DETACH screening")
            except (duckdb.IOException, duckdb.CatalogException) as error:
                raise TransshipError(f"{home.events}: {str(error).splitlines()[0]}") from error
            result = weigh(con, settings)
            history.follow(con, home.history, settings)
            con.execute("DETACH events")
            con.execute("CHECKPOINT")
        run.rows_out = sum(result.n_links.values())
    return result


def weigh(con: duckdb.DuckDBPyConnection, settings: Settings) -> LinkResult:
    """Make `transshipment_links` and `link_evidence` from the events and the gazetteer that `con` holds."""
    parameters = settings.parameters("links")
    _read_weights(con)
    _stays(con, settings)
    _relay_tables(con, settings)
    _sts_tables(con, settings)
    _ship_facts(con, settings)
    create(con, "links/sts_terms", parameters, temporary=True)
    _score(con, settings, "scored")
    for name in ("links/giver_terms", "links/taker_terms"):
        create(con, name, parameters, temporary=True)
    _score(con, settings, "relay_scored")
    create(con, "links/relay_terms", parameters, temporary=True)
    create(con, "links/arrival_chances", parameters)
    _chains(con, settings)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE scored_links AS
        SELECT {COMMON}, CAST(1 AS INTEGER) AS hops FROM scored
        UNION ALL SELECT {COMMON}, CAST(1 AS INTEGER) FROM relay_scored
        UNION ALL SELECT {COMMON}, hops FROM chain_links
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE waiting_links AS
        SELECT link_id, stay_id, p_given, score FROM scored WHERE arrival_id IS NULL
        UNION ALL SELECT link_id, stay_id, p_given, score FROM relay_scored WHERE arrival_id IS NULL
    """)
    create(con, "links/russia_terms", parameters, temporary=True)
    # In no order: millions of rows, and publish sorts them.
    con.execute(f"""
        CREATE OR REPLACE TABLE link_evidence AS
        SELECT link_id, CAST(seq AS INTEGER) AS seq, kind, CAST(weight_milli AS DOUBLE) / 1000e0 AS weight,
            statement, ref_table, ref_id
        FROM sts_terms WHERE link_id IN (SELECT link_id FROM scored)
        UNION ALL SELECT {TERMS} FROM relay_terms
        UNION ALL SELECT {TERMS} FROM chain_terms UNION ALL SELECT {TERMS} FROM russia_terms
    """)
    # By far the largest table here: its memory serves what follows.
    con.execute("DROP TABLE relay_terms")
    create(con, "links/transshipment_links", parameters, "made_links", temporary=True)
    # JSON is the engine's own type: the terms become one document a link here, and stay rows in the SQL.
    con.execute("""
        CREATE OR REPLACE TABLE transshipment_links AS
        SELECT m.* EXCLUDE (is_noncommercial), CAST(to_json(t.terms) AS JSON) AS score_parts,
            m.is_noncommercial
        FROM made_links AS m
        JOIN (
            SELECT link_id, map_from_entries(list((kind, weight) ORDER BY seq)) AS terms
            FROM link_evidence GROUP BY link_id
        ) AS t ON m.link_id = t.link_id
    """)
    (n_candidates,) = con.execute(
        "SELECT (SELECT count(*) FROM candidates) + (SELECT count(*) FROM relay_candidates)"
    ).fetchone() or (0,)
    kept = con.execute(
        "SELECT pattern, count(*) FROM transshipment_links GROUP BY pattern ORDER BY 1"
    ).fetchall()
    return LinkResult(int(n_candidates), {str(pattern): int(n) for pattern, n in kept})


def _score(con: duckdb.DuckDBPyConnection, settings: Settings, name: str) -> None:
    """Weigh candidates as if ship B did go to Russia (`p_given`), times the probability that it does."""
    create(con, f"links/{name}", settings.parameters("links"), "given", temporary=True)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {name} AS
        SELECT g.* REPLACE (g.score * o.p_russia AS score), g.score AS p_given
        FROM given AS g JOIN outcomes AS o ON g.stay_id = o.stay_id
        WHERE g.score * o.p_russia >= {settings.links.min_score}
    """)
    con.execute("DROP TABLE given")


def _read_weights(con: duckdb.DuckDBPyConnection) -> None:
    """`weights`: each level's weight in log odds, in whole thousandths, so that sums need no order."""
    path = literal(str(resources.files("pipeline.linking").joinpath("weights.csv")))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE weights AS
        SELECT pattern, kind, level, CAST(weight AS DOUBLE) AS weight,
            CAST(round(CAST(weight AS DOUBLE) * 1000) AS BIGINT) AS weight_milli
        FROM read_csv({path}, header = true)
    """)


def _chains(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """`chain_links` and `chain_terms`: from each last hop back over earlier hubs, hop by hop."""
    parameters = settings.parameters("links")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE tails AS
        SELECT link_id, link_id AS last_link_id, from_port_call_id AS call_id, to_port_call_id AS to_call_id,
            stay_id, arrival_id, arrived_t_s, russia_port_call_id, 1 AS hops, score,
            to_vessel_id || '|' || from_vessel_id AS path
        FROM relay_scored WHERE score >= {settings.links.chain_min_score}
    """)
    for hops in range(2, max(settings.links.max_hops, 2) + 1):
        create(con, "links/onward_calls", parameters, temporary=True)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE loading_calls AS SELECT DISTINCT port_call_id FROM onward_calls"
        )
        create(con, "links/relay_candidates", parameters, "first_pairs", temporary=True)
        create(con, "links/first_hops", parameters, temporary=True)
        create(con, "links/chains", parameters, temporary=True)
        if hops == 2:
            con.execute("CREATE OR REPLACE TEMP TABLE chain_links AS FROM chains")
        else:
            con.execute("INSERT INTO chain_links FROM chains")
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE tails AS
            SELECT link_id, last_link_id, from_port_call_id AS call_id, to_port_call_id AS to_call_id,
                stay_id, arrival_id, arrived_t_s, russia_port_call_id, hops, score, path
            FROM chains WHERE score >= {settings.links.chain_min_score}
        """)
    if settings.links.max_hops < 2:
        con.execute("DELETE FROM chain_links")
    create(con, "links/chain_terms", parameters, temporary=True)


def sts_levels(con: duckdb.DuckDBPyConnection, settings: Settings) -> pd.DataFrame:
    """The meetings before an arrival in Russia, each way, with the level of each kind of evidence."""
    _read_weights(con)
    _stays(con, settings)
    _sts_tables(con, settings)
    return con.execute("""
        SELECT encounter_id, to_vessel_id, arrival_id, from_vessel_id, meeting, duration, draught_from,
            draught_to, origin_from, origin_to, way, way_draught, arrival_draught, types, destination,
            load_from, load_to
        FROM features WHERE arrival_id IS NOT NULL ORDER BY encounter_id, to_vessel_id
    """).df()


def _sts_tables(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Meetings at hubs before an arrival in Russia, and what each says, as `features`."""
    parameters = settings.parameters("links")
    create(con, "links/sts_candidates", parameters, "candidates", temporary=True)
    _moments(con)
    for name in ("links/draughts", "links/loads", "links/ways", "links/origins"):
        create(con, name, parameters, temporary=True)
    _destinations(con, "SELECT destination FROM draughts")
    create(con, "links/features", parameters, temporary=True)


def _ship_facts(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """`ship_facts`: what is known of the ships of each possible transfer beside the transfer itself."""
    for table in (*ALSO, "screening_hits"):
        con.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({definition(table)})")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE ship_moments AS
        WITH moments AS (
            SELECT DISTINCT 'encounters' AS our_table, encounter_id AS our_id, from_vessel_id AS vessel_id,
                from_mmsi AS mmsi, 'from' AS role, from_start_t_s AS start_t_s, from_end_t_s AS end_t_s,
                from_end_t_s AS until_t_s
            FROM features
            UNION ALL
            SELECT DISTINCT 'encounters', f.encounter_id, f.to_vessel_id, f.to_mmsi, 'to', f.to_start_t_s,
                f.to_end_t_s, f.arrived_t_s
            FROM features AS f
            UNION ALL
            SELECT 'port_calls', port_call_id, vessel_id, mmsi, 'from', start_t_s, end_t_s, end_t_s
            FROM hub_calls WHERE port_call_id IN (SELECT from_port_call_id FROM relay_candidates)
            UNION ALL
            SELECT 'port_calls', h.port_call_id, h.vessel_id, h.mmsi, 'to', h.start_t_s, h.end_t_s,
                t.arrived_t_s
            FROM hub_calls AS h JOIN takers AS t ON h.port_call_id = t.port_call_id
        )
        SELECT m.* EXCLUDE (mmsi), coalesce(v.name, 'The ship with MMSI ' || m.mmsi) AS ship
        FROM moments AS m JOIN vessels AS v ON m.vessel_id = v.vessel_id
    """)
    create(con, "links/ship_facts", settings.parameters("links"), temporary=True)


def relay_levels(con: duckdb.DuckDBPyConnection, settings: Settings) -> pd.DataFrame:
    """The candidates of port_relay with the level of each kind of evidence: what weights are fitted on."""
    _read_weights(con)
    _stays(con, settings)
    _relay_tables(con, settings)
    return con.execute("""
        SELECT c.*, t.arrival_id, g.* EXCLUDE (port_call_id),
            t.taker_size, t.taker_hub, t.taker_draught, t.taker_origin, t.taker_history, t.way, t.way_draught,
            t.arrival_draught, t.destination
        FROM relay_candidates AS c
        JOIN givers AS g ON c.from_port_call_id = g.port_call_id
        JOIN takers AS t ON c.to_port_call_id = t.port_call_id
        WHERE t.arrival_id IS NOT NULL
        ORDER BY c.to_port_call_id, c.from_port_call_id
    """).df()


def _stays(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """The calls at hubs, and what came of them and of the meetings there."""
    _destinations(con, "SELECT destination_text FROM port_calls")
    create(con, "links/hub_calls", settings.parameters("links"), temporary=True)
    outcomes.make(con, settings)


def _relay_tables(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """What each call at a hub says by itself, as giver and as taker, and the pairs of them that fit."""
    parameters = settings.parameters("links")
    for name in ("links/givers", "links/takers"):
        create(con, name, parameters, temporary=True)
    con.execute("CREATE OR REPLACE TEMP TABLE loading_calls AS SELECT port_call_id FROM takers")
    create(con, "links/relay_candidates", parameters, temporary=True)


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


def _destinations(con: duckdb.DuckDBPyConnection, texts_of: str) -> None:
    """`destinations`: the port that each text of a query's one column names, null where it names none."""
    resolver = Destinations(dict(con.execute("SELECT port_id, name FROM ports").fetchall()))
    texts = con.execute(texts_of).fetchall()
    found = resolver.resolve_all({str(text) for (text,) in texts if text is not None})
    con.execute(
        "CREATE OR REPLACE TEMP TABLE destinations AS"
        " SELECT unnest($1::VARCHAR[]) AS text, unnest($2::VARCHAR[]) AS port_id",
        [list(found), list(found.values())],
    )
