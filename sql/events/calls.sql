-- One row is a port call before it is dressed with names: rests of one kind at one place within one visit, less
-- than port_calls.shift_hours and shift_km apart, are one call; a visit without a visible rest but with a silence
-- inside is one too. Reads rests, rest_places, visits. Settings: port_calls.shift_hours, port_calls.shift_km,
-- port_calls.min_stop_minutes, port_calls.gap_hours.
WITH
placed AS (
    SELECT
        rests.vessel_id AS vessel_id,
        rests.rest_no AS rest_no,
        rests.mmsi AS mmsi,
        rest_places.port_id AS port_id,
        rest_places.terminal_id AS terminal_id,
        rest_places.kind AS kind,
        rests.arrived_t_s AS arrived_t_s,
        rests.departed_t_s AS departed_t_s,
        rests.last_t_s AS last_t_s,
        rests.next_t_s AS next_t_s,
        rests.lat AS lat,
        rests.lon AS lon,
        rests.n_reports AS n_reports,
        rests.max_gap_s AS max_gap_s,
        visits.visit_no AS visit_no,
        visits.enter_t_s AS enter_t_s,
        visits.exit_t_s AS exit_t_s,
        visits.starts_open AS starts_open,
        visits.ends_open AS ends_open,
        row_number() OVER (PARTITION BY rests.vessel_id, rests.rest_no ORDER BY visits.visit_no) AS choice
    FROM rests
    INNER JOIN rest_places
        ON rests.vessel_id = rest_places.vessel_id AND rests.rest_no = rest_places.rest_no
    LEFT JOIN visits
        ON
            rests.vessel_id = visits.vessel_id
            AND rest_places.port_id = visits.port_id
            AND rests.last_t_s >= visits.first_t_s
            AND rests.first_t_s <= visits.last_t_s
    WHERE rest_places.port_id IS NOT NULL
),

followed AS (
    SELECT
        *,
        CASE
            WHEN
                coalesce(lag(visit_no) OVER w, -1) = coalesce(visit_no, -1)
                AND lag(kind) OVER w = kind
                AND CAST(arrived_t_s - lag(departed_t_s) OVER w AS DOUBLE) <= $port_calls_shift_hours * 3600e0
                AND sqrt(
                    power(111195e0 * (lat - lag(lat) OVER w), 2)
                    + power(111195e0 * cos(radians(lat)) * (lon - lag(lon) OVER w), 2)
                ) <= $port_calls_shift_km * 1000e0
                THEN 0
            ELSE 1
        END AS is_new
    FROM placed
    WHERE choice = 1
    WINDOW w AS (PARTITION BY vessel_id, port_id ORDER BY arrived_t_s, rest_no)
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(is_new) OVER (
                PARTITION BY vessel_id, port_id ORDER BY arrived_t_s, rest_no
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS call_no
    FROM followed
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY vessel_id, port_id, call_no ORDER BY arrived_t_s, rest_no) AS from_start,
        row_number() OVER (
            PARTITION BY vessel_id, port_id, call_no ORDER BY arrived_t_s DESC, rest_no DESC
        ) AS from_end,
        row_number() OVER (
            PARTITION BY vessel_id, port_id, call_no
            ORDER BY departed_t_s - arrived_t_s DESC, arrived_t_s, rest_no
        ) AS by_length
    FROM numbered
),

stopped AS (
    SELECT
        vessel_id,
        port_id,
        call_no,
        max(CASE WHEN from_start = 1 THEN mmsi END) AS mmsi,
        max(kind) AS kind,
        max(CASE WHEN by_length = 1 THEN terminal_id END) AS terminal_id,
        min(arrived_t_s) AS arrived_t_s,
        max(departed_t_s) AS departed_t_s,
        max(CASE WHEN from_end = 1 THEN next_t_s END) AS next_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(departed_t_s - arrived_t_s) AS BIGINT) AS stopped_s,
        max(CASE WHEN by_length = 1 THEN lat END) AS lat,
        max(CASE WHEN by_length = 1 THEN lon END) AS lon,
        max(max_gap_s) AS max_gap_s,
        min(enter_t_s) AS enter_t_s,
        max(exit_t_s) AS exit_t_s,
        max(starts_open) AS starts_open,
        max(ends_open) AS ends_open,
        CAST(sum(n_reports) AS BIGINT) AS n_reports,
        1 AS was_seen_at_rest
    FROM ranked
    GROUP BY vessel_id, port_id, call_no
),

-- silent inside a ring, never seen at rest there or elsewhere meanwhile: the port nearest to it keeps the call
silent AS (
    SELECT
        visits.vessel_id AS vessel_id,
        visits.port_id AS port_id,
        -visits.visit_no AS call_no,
        visits.mmsi AS mmsi,
        visits.quiet_from_t_s AS arrived_t_s,
        visits.quiet_to_t_s AS departed_t_s,
        visits.max_gap_s AS max_gap_s,
        visits.enter_t_s AS enter_t_s,
        visits.exit_t_s AS exit_t_s,
        visits.starts_open AS starts_open,
        visits.ends_open AS ends_open,
        visits.min_d_m AS min_d_m,
        row_number() OVER (
            PARTITION BY visits.vessel_id, visits.quiet_from_t_s
            ORDER BY CAST(round(visits.min_d_m) AS BIGINT), visits.port_id
        ) AS choice
    FROM visits
    LEFT JOIN stopped
        ON
            visits.vessel_id = stopped.vessel_id
            AND stopped.arrived_t_s <= visits.last_t_s
            AND stopped.departed_t_s >= visits.first_t_s
    WHERE
        stopped.vessel_id IS NULL
        AND visits.quiet_from_t_s IS NOT NULL
        AND CAST(visits.quiet_to_t_s - visits.quiet_from_t_s AS DOUBLE) >= $port_calls_gap_hours * 3600e0
)

SELECT
    vessel_id,
    port_id,
    call_no,
    mmsi,
    kind,
    terminal_id,
    arrived_t_s,
    departed_t_s,
    next_t_s,
    last_t_s,
    stopped_s,
    lat,
    lon,
    max_gap_s,
    enter_t_s,
    exit_t_s,
    starts_open,
    ends_open,
    n_reports,
    was_seen_at_rest
FROM stopped
WHERE CAST(departed_t_s - arrived_t_s AS DOUBLE) >= $port_calls_min_stop_minutes * 60e0
UNION ALL
SELECT
    vessel_id,
    port_id,
    call_no,
    mmsi,
    'anchorage' AS kind,
    NULL AS terminal_id,
    arrived_t_s,
    departed_t_s,
    departed_t_s AS next_t_s,
    arrived_t_s AS last_t_s,
    0 AS stopped_s,
    NULL AS lat,
    NULL AS lon,
    max_gap_s,
    enter_t_s,
    exit_t_s,
    starts_open,
    ends_open,
    0 AS n_reports,
    0 AS was_seen_at_rest
FROM silent
WHERE choice = 1
