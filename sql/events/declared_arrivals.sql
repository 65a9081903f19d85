-- One row is a ship's arrival in Russia by declaration, where nobody saw it stop there or go through a gate: (previous)
-- the port before a call, as declared to the authority of the port it came to; (next) the port after a call, or
-- (destination) the one sent over AIS by a ship last seen heading there, where the ship then was not heard for longer
-- than the way there, arrivals.silent_hours, and the way to where it was next heard, heading away. Of two that overlap,
-- the better stands (previous, next, destination; then the earlier). Reads quiet_times, declared_ports, ports,
-- port_calls, ship_pieces, stop_arrivals, gate_arrivals. Settings: arrivals.silent_hours, arrivals.stay_hours,
-- arrivals.speed_kn, arrivals.detour, arrivals.declared_km, arrivals.declared_hours, arrivals.heading_hours,
-- arrivals.heading_km, arrivals.anchor_days.
WITH
declared AS (
    SELECT
        declared_ports.declaration_id AS declaration_id,
        declared_ports.vessel_id AS vessel_id,
        declared_ports.mmsi AS mmsi,
        declared_ports.relation AS relation,
        declared_ports.port_call_id AS port_call_id,
        declared_ports.port_id AS port_id,
        declared_ports.is_noncommercial AS is_noncommercial,
        ports.lat AS lat,
        ports.lon AS lon,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', declared_ports.declared_at) AS t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', declared_ports.last_declared_at) AS last_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', declared_ports.replaced_at) AS replaced_t_s
    FROM declared_ports
    INNER JOIN ports ON declared_ports.port_id = ports.port_id
    WHERE ports.controlled_by = 'RU'
),

-- what others tell of calls under a licence that forbids commercial use leaves no trace here
called AS (
    SELECT
        port_calls.port_call_id AS port_call_id,
        port_calls.vessel_id AS vessel_id,
        port_calls.lat AS lat,
        port_calls.lon AS lon,
        ports.controlled_by AS controlled_by,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) AS from_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.departed_at) AS to_t_s
    FROM port_calls
    INNER JOIN ports ON port_calls.port_id = ports.port_id
    WHERE NOT port_calls.is_noncommercial
),

calls AS (
    SELECT
        *,
        lead(from_t_s) OVER (PARTITION BY vessel_id ORDER BY from_t_s, to_t_s, port_call_id) AS next_t_s
    FROM called
),

arrived AS (
    SELECT
        vessel_id,
        t_s
    FROM stop_arrivals
    UNION ALL
    SELECT
        vessel_id,
        t_s
    FROM gate_arrivals
),

meant AS (
    SELECT
        quiet_times.vessel_id AS vessel_id,
        quiet_times.off_t_s AS off_t_s,
        declared.declaration_id AS declaration_id,
        declared.relation AS relation
    FROM quiet_times
    INNER JOIN declared
        ON
            quiet_times.vessel_id = declared.vessel_id
            AND declared.relation = 'destination'
            AND declared.t_s <= quiet_times.off_t_s
            AND (declared.replaced_t_s IS NULL OR declared.replaced_t_s > quiet_times.off_t_s)
            AND CAST(quiet_times.off_t_s - declared.last_t_s AS DOUBLE) <= $arrivals_declared_hours * 3600e0
    UNION ALL
    SELECT
        quiet_times.vessel_id AS vessel_id,
        quiet_times.off_t_s AS off_t_s,
        declared.declaration_id AS declaration_id,
        declared.relation AS relation
    FROM quiet_times
    INNER JOIN declared ON quiet_times.vessel_id = declared.vessel_id AND declared.relation = 'next'
    INNER JOIN calls
        ON
            declared.port_call_id = calls.port_call_id
            AND calls.to_t_s <= quiet_times.off_t_s + 3600
            AND (calls.next_t_s IS NULL OR calls.next_t_s > quiet_times.off_t_s)
),

quiet AS (
    SELECT
        meant.relation AS relation,
        meant.declaration_id AS declaration_id,
        declared.port_id AS port_id,
        declared.lat AS port_lat,
        declared.lon AS port_lon,
        declared.is_noncommercial AS is_noncommercial,
        quiet_times.vessel_id AS vessel_id,
        quiet_times.mmsi AS mmsi,
        quiet_times.off_t_s AS off_t_s,
        quiet_times.on_t_s AS on_t_s,
        quiet_times.until_t_s AS until_t_s,
        sqrt(
            power(111.195e0 * (declared.lat - quiet_times.off_lat), 2)
            + power(
                111.195e0 * cos(radians((declared.lat + quiet_times.off_lat) / 2e0))
                * (
                    (declared.lon - quiet_times.off_lon)
                    - 360e0 * round((declared.lon - quiet_times.off_lon) / 360e0)
                ),
                2
            )
        ) AS there_km,
        sqrt(
            power(111.195e0 * (declared.lat - quiet_times.on_lat), 2)
            + power(
                111.195e0 * cos(radians((declared.lat + quiet_times.on_lat) / 2e0))
                * ((declared.lon - quiet_times.on_lon) - 360e0 * round((declared.lon - quiet_times.on_lon) / 360e0)),
                2
            )
        ) AS back_km
    FROM meant
    INNER JOIN declared ON meant.declaration_id = declared.declaration_id
    INNER JOIN quiet_times ON meant.vessel_id = quiet_times.vessel_id AND meant.off_t_s = quiet_times.off_t_s
),

timed AS (
    SELECT
        *,
        $arrivals_detour * there_km / 1.852e0 / $arrivals_speed_kn * 3600e0 AS there_s,
        $arrivals_detour * coalesce(back_km, 0e0) / 1.852e0 / $arrivals_speed_kn * 3600e0 AS back_s
    FROM quiet
    WHERE there_km <= $arrivals_declared_km
),

long AS (
    SELECT *
    FROM timed
    WHERE CAST(until_t_s - off_t_s AS DOUBLE) >= there_s + back_s + $arrivals_silent_hours * 3600e0
),

-- where the ship was a while before it fell silent (side 1), and a while after it was heard again (side 2)
beside AS (
    SELECT
        long.vessel_id AS vessel_id,
        long.off_t_s AS off_t_s,
        long.declaration_id AS declaration_id,
        long.port_lat AS port_lat,
        long.port_lon AS port_lon,
        1 AS side,
        ship_pieces.first_lat AS lat,
        ship_pieces.first_lon AS lon,
        ship_pieces.piece_no AS nearness
    FROM long
    INNER JOIN ship_pieces
        ON
            long.vessel_id = ship_pieces.vessel_id
            AND ship_pieces.first_t_s <= long.off_t_s
            AND CAST(long.off_t_s - ship_pieces.first_t_s AS DOUBLE) <= $arrivals_heading_hours * 3600e0
    UNION ALL
    SELECT
        long.vessel_id AS vessel_id,
        long.off_t_s AS off_t_s,
        long.declaration_id AS declaration_id,
        long.port_lat AS port_lat,
        long.port_lon AS port_lon,
        2 AS side,
        ship_pieces.last_lat AS lat,
        ship_pieces.last_lon AS lon,
        -ship_pieces.piece_no AS nearness
    FROM long
    INNER JOIN ship_pieces
        ON
            long.vessel_id = ship_pieces.vessel_id
            AND ship_pieces.last_t_s >= long.on_t_s
            AND CAST(ship_pieces.last_t_s - long.on_t_s AS DOUBLE) <= $arrivals_heading_hours * 3600e0
),

headings AS (
    SELECT
        *,
        sqrt(
            power(111.195e0 * (port_lat - lat), 2)
            + power(
                111.195e0 * cos(radians((port_lat + lat) / 2e0))
                * ((port_lon - lon) - 360e0 * round((port_lon - lon) / 360e0)),
                2
            )
        ) AS km,
        row_number() OVER (PARTITION BY vessel_id, off_t_s, declaration_id, side ORDER BY nearness) AS furthest
    FROM beside
),

there_and_back AS (
    SELECT
        long.*,
        came.km - long.there_km AS came_km,
        went.km - long.back_km AS went_km
    FROM long
    LEFT JOIN headings AS came
        ON
            long.vessel_id = came.vessel_id
            AND long.off_t_s = came.off_t_s
            AND long.declaration_id = came.declaration_id
            AND came.side = 1
            AND came.furthest = 1
    LEFT JOIN headings AS went
        ON
            long.vessel_id = went.vessel_id
            AND long.off_t_s = went.off_t_s
            AND long.declaration_id = went.declaration_id
            AND went.side = 2
            AND went.furthest = 1
),

-- in a port when it fell silent, or seen in one by others meanwhile
elsewhere AS (
    SELECT DISTINCT
        long.vessel_id AS vessel_id,
        long.off_t_s AS off_t_s
    FROM long
    INNER JOIN calls
        ON
            long.vessel_id = calls.vessel_id
            AND calls.from_t_s < long.until_t_s
            AND (calls.from_t_s > long.off_t_s OR coalesce(calls.to_t_s, long.until_t_s) > long.off_t_s + 3600)
),

fitting AS (
    SELECT
        there_and_back.vessel_id AS vessel_id,
        there_and_back.mmsi AS mmsi,
        there_and_back.port_id AS port_id,
        there_and_back.declaration_id AS declaration_id,
        there_and_back.relation AS relation,
        there_and_back.is_noncommercial AS is_noncommercial,
        there_and_back.off_t_s + CAST(round(there_and_back.there_s) AS BIGINT) AS t_s,
        there_and_back.off_t_s AS from_t_s,
        there_and_back.until_t_s - CAST(round(there_and_back.back_s) AS BIGINT) AS latest_t_s,
        there_and_back.off_t_s AS search_from_t_s,
        there_and_back.until_t_s AS search_to_t_s,
        CASE WHEN there_and_back.on_t_s IS NULL THEN 1 ELSE 2 END AS confidence
    FROM there_and_back
    LEFT JOIN elsewhere
        ON there_and_back.vessel_id = elsewhere.vessel_id AND there_and_back.off_t_s = elsewhere.off_t_s
    WHERE
        elsewhere.vessel_id IS NULL
        AND (there_and_back.relation = 'next' OR there_and_back.came_km >= $arrivals_heading_km)
        AND (
            there_and_back.on_t_s IS NULL
            OR there_and_back.went_km >= $arrivals_heading_km
            OR (there_and_back.relation = 'next' AND there_and_back.went_km IS NULL)
        )
),

-- the port before a call: after the ship had left the one before that, and before the way to the call
came_from AS (
    SELECT
        declared.declaration_id AS declaration_id,
        declared.vessel_id AS vessel_id,
        declared.mmsi AS mmsi,
        declared.port_id AS port_id,
        declared.is_noncommercial AS is_noncommercial,
        calls.from_t_s AS call_t_s,
        calls.from_t_s
        - CAST(
            round(
                $arrivals_detour * 111.195e0 * sqrt(
                    power(declared.lat - calls.lat, 2)
                    + power(cos(radians((declared.lat + calls.lat) / 2e0)) * (declared.lon - calls.lon), 2)
                ) / 1.852e0 / $arrivals_speed_kn * 3600e0
            ) AS BIGINT
        ) AS latest_t_s,
        before.to_t_s AS before_t_s,
        CAST(
            round(
                $arrivals_detour * 111.195e0 * sqrt(
                    power(declared.lat - before.lat, 2)
                    + power(
                        cos(radians((declared.lat + before.lat) / 2e0))
                        * ((declared.lon - before.lon) - 360e0 * round((declared.lon - before.lon) / 360e0)),
                        2
                    )
                ) / 1.852e0 / $arrivals_speed_kn * 3600e0
            ) AS BIGINT
        ) AS there_s,
        row_number() OVER (
            PARTITION BY declared.declaration_id ORDER BY before.to_t_s DESC, before.port_call_id
        ) AS choice
    FROM declared
    INNER JOIN calls ON declared.port_call_id = calls.port_call_id
    LEFT JOIN calls AS before
        ON
            declared.vessel_id = before.vessel_id
            AND before.to_t_s <= calls.from_t_s
            AND before.port_call_id <> calls.port_call_id
            AND before.controlled_by <> 'RU'
    WHERE declared.relation = 'previous'
),

told AS (
    SELECT
        *,
        coalesce(before_t_s, latest_t_s - CAST(round($arrivals_anchor_days * 86400e0) AS BIGINT)) AS search_from_t_s,
        coalesce(
            before_t_s + there_s, latest_t_s - CAST(round($arrivals_anchor_days * 86400e0) AS BIGINT)
        ) AS earliest_t_s
    FROM came_from
    WHERE choice = 1
),

everything AS (
    SELECT
        vessel_id,
        mmsi,
        port_id,
        declaration_id,
        is_noncommercial,
        greatest(earliest_t_s, latest_t_s - CAST(round($arrivals_stay_hours * 3600e0) AS BIGINT)) AS t_s,
        earliest_t_s AS from_t_s,
        latest_t_s,
        search_from_t_s,
        call_t_s AS search_to_t_s,
        3 AS confidence,
        1 AS rank
    FROM told
    WHERE latest_t_s > earliest_t_s
    UNION ALL
    SELECT
        vessel_id,
        mmsi,
        port_id,
        declaration_id,
        is_noncommercial,
        t_s,
        from_t_s,
        latest_t_s,
        search_from_t_s,
        search_to_t_s,
        confidence,
        CASE WHEN relation = 'next' THEN 2 ELSE 3 END AS rank
    FROM fitting
),

seen AS (
    SELECT DISTINCT
        everything.declaration_id AS declaration_id,
        everything.from_t_s AS from_t_s
    FROM everything
    INNER JOIN arrived
        ON
            everything.vessel_id = arrived.vessel_id
            AND arrived.t_s >= everything.search_from_t_s
            AND arrived.t_s <= everything.search_to_t_s
),

unseen AS (
    SELECT everything.*
    FROM everything
    LEFT JOIN seen
        ON everything.declaration_id = seen.declaration_id AND everything.from_t_s = seen.from_t_s
    WHERE seen.declaration_id IS NULL
),

worse AS (
    SELECT DISTINCT
        b.declaration_id AS declaration_id,
        b.from_t_s AS from_t_s
    FROM unseen AS a
    INNER JOIN unseen AS b
        ON
            a.vessel_id = b.vessel_id
            AND a.search_from_t_s < b.search_to_t_s
            AND b.search_from_t_s < a.search_to_t_s
            AND (
                a.rank < b.rank
                OR (
                    a.rank = b.rank
                    AND (
                        a.from_t_s < b.from_t_s
                        OR (a.from_t_s = b.from_t_s AND a.declaration_id < b.declaration_id)
                    )
                )
            )
)

SELECT
    substr(
        md5(
            concat_ws('|', 'arrival', 'declared', unseen.declaration_id, CAST(unseen.from_t_s AS VARCHAR))
        ),
        1,
        16
    ) AS arrival_id,
    unseen.vessel_id AS vessel_id,
    unseen.mmsi AS mmsi,
    unseen.port_id AS port_id,
    unseen.t_s AS t_s,
    unseen.from_t_s AS from_t_s,
    unseen.latest_t_s AS latest_t_s,
    unseen.declaration_id AS declaration_id,
    CAST(unseen.confidence AS INTEGER) AS confidence,
    unseen.is_noncommercial AS is_noncommercial
FROM unseen
LEFT JOIN worse
    ON unseen.declaration_id = worse.declaration_id AND unseen.from_t_s = worse.from_t_s
WHERE worse.declaration_id IS NULL
