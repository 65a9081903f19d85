"""What came of each stay at a hub by the end of the data: an arrival in Russia, or what may yet be one."""

import duckdb

from geo.distance import sea_distance_nm
from pipeline.engine import create
from pipeline.settings import Settings


def make(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make `outcomes`, and `expected_times` of those on their way, of events, `hub_calls` and `weights`."""
    parameters = settings.parameters("links", "arrivals")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE data_end AS
        SELECT date_diff('second', TIMESTAMP '1970-01-01 00:00:00', max(seen_at)) AS t_s
        FROM (
            SELECT max(last_seen_at) AS seen_at FROM vessels
            UNION ALL SELECT max(coalesce(departed_at, arrived_at)) FROM port_calls
        )
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE arrivals AS
        SELECT arrival_id, vessel_id, port_call_id, port_id,
            date_diff('second', TIMESTAMP '1970-01-01 00:00:00', arrived_at) AS t_s
        FROM russia_arrivals WHERE basis IN ('stop', 'gate')
    """)
    for name in (
        "hub_stays",
        "russia_shares",
        "russia_words",
        "voyage_ends",
        "outcomes",
        "expected_ports",
    ):
        create(con, f"links/{name}", parameters, temporary=True)
    _sea_legs(con)
    create(con, "links/expected_times", parameters, temporary=True)


def _sea_legs(con: duckdb.DuckDBPyConnection) -> None:
    """`sea_legs`: the way by sea from each hub to each port where its ships are expected, in miles (nm)."""
    pairs = con.execute("""
        SELECT DISTINCT o.hub_id, e.port_id, h.lat, h.lon, p.lat, p.lon
        FROM expected_ports AS e
        JOIN outcomes AS o ON e.stay_id = o.stay_id
        JOIN hubs AS h ON o.hub_id = h.hub_id
        JOIN ports AS p ON e.port_id = p.port_id
        ORDER BY ALL
    """).fetchall()
    con.execute(
        "CREATE OR REPLACE TEMP TABLE sea_legs AS SELECT unnest($1::VARCHAR[]) AS hub_id,"
        " unnest($2::VARCHAR[]) AS port_id, unnest($3::DOUBLE[]) AS nm",
        [
            [hub for hub, *_ in pairs],
            [port for _, port, *_ in pairs],
            [sea_distance_nm(*places) for _, _, *places in pairs],
        ],
    )
