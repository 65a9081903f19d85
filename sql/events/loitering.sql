-- One row is one ship lying or drifting at sea with no other seen beside it (contract: docs/data-dictionary.md): slow
-- stretches joined over midnights, at least loitering.min_hours, outside every port call, while in no encounter.
-- Reads day_slow, ship_pieces, calls, meetings, ports. Settings: loitering.min_hours, encounters.grid_minutes.
WITH
owned AS (
    SELECT
        ship_pieces.vessel_id AS vessel_id,
        ship_pieces.piece_no AS piece_no,
        day_slow.mmsi AS mmsi,
        day_slow.first_t_s AS first_t_s,
        day_slow.last_t_s AS last_t_s,
        day_slow.lat AS lat,
        day_slow.lon AS lon,
        day_slow.starts_open AS starts_open,
        day_slow.ends_open AS ends_open,
        day_slow.n_marks AS n_marks
    FROM day_slow
    INNER JOIN ship_pieces
        ON
            day_slow.day = ship_pieces.day
            AND day_slow.mmsi = ship_pieces.mmsi
            AND day_slow.piece = ship_pieces.piece
),

followed AS (
    SELECT
        *,
        CASE
            WHEN
                lag(ends_open) OVER w = 1
                AND starts_open = 1
                AND piece_no = lag(piece_no) OVER w + 1
                AND abs(lat - lag(lat) OVER w) < 0.5e0
                THEN 0
            ELSE 1
        END AS is_new
    FROM owned
    WINDOW w AS (PARTITION BY vessel_id ORDER BY first_t_s, last_t_s)
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(is_new) OVER (
                PARTITION BY vessel_id ORDER BY first_t_s, last_t_s ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS stretch_no
    FROM followed
),

stretches AS (
    SELECT
        vessel_id,
        stretch_no,
        min(mmsi) AS mmsi,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        sum(lat * CAST(n_marks AS DOUBLE)) / CAST(sum(n_marks) AS DOUBLE) AS lat,
        median(lon) AS lon
    FROM numbered
    GROUP BY vessel_id, stretch_no
),

together AS (
    SELECT
        vessel_id_1 AS vessel_id,
        first_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS first_t_s,
        last_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS last_t_s
    FROM meetings
    UNION ALL
    SELECT
        vessel_id_2 AS vessel_id,
        first_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS first_t_s,
        last_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS last_t_s
    FROM meetings
),

alone AS (
    SELECT
        stretches.vessel_id AS vessel_id,
        stretches.mmsi AS mmsi,
        stretches.first_t_s AS first_t_s,
        stretches.last_t_s AS last_t_s,
        stretches.lat AS lat,
        stretches.lon AS lon
    FROM stretches
    LEFT JOIN calls
        ON
            stretches.vessel_id = calls.vessel_id
            AND stretches.first_t_s <= calls.departed_t_s
            AND stretches.last_t_s >= calls.arrived_t_s
    LEFT JOIN together
        ON
            stretches.vessel_id = together.vessel_id
            AND stretches.first_t_s <= together.last_t_s
            AND stretches.last_t_s >= together.first_t_s
    WHERE
        calls.vessel_id IS NULL
        AND together.vessel_id IS NULL
        AND CAST(stretches.last_t_s - stretches.first_t_s AS DOUBLE) >= $loitering_min_hours * 3600e0
),

away AS (
    SELECT
        alone.vessel_id AS vessel_id,
        alone.first_t_s AS first_t_s,
        min(
            111.195e0 * degrees(
                2e0 * asin(
                    sqrt(
                        least(
                            1e0,
                            power(sin(radians((alone.lat - ports.lat) / 2e0)), 2)
                            + cos(radians(alone.lat)) * cos(radians(ports.lat))
                            * power(sin(radians((alone.lon - ports.lon) / 2e0)), 2)
                        )
                    )
                )
            )
        ) AS away_km
    FROM alone
    INNER JOIN ports ON abs(alone.lat - ports.lat) <= 5e0
    GROUP BY alone.vessel_id, alone.first_t_s
)

SELECT
    substr(
        md5(concat_ws('|', 'loitering', alone.vessel_id, CAST(alone.first_t_s AS VARCHAR))), 1, 16
    ) AS loitering_id,
    alone.vessel_id AS vessel_id,
    alone.mmsi AS mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + alone.first_t_s * INTERVAL '1' SECOND AS started_at,
    TIMESTAMP '1970-01-01 00:00:00' + alone.last_t_s * INTERVAL '1' SECOND AS ended_at,
    CAST(alone.last_t_s - alone.first_t_s AS DOUBLE) / 3600e0 AS duration_h,
    alone.lat AS lat,
    alone.lon AS lon,
    away.away_km AS distance_to_port_km,
    CAST(NULL AS VARCHAR) AS dark_partner_vessel_id,
    CAST(NULL AS DOUBLE) AS p_dark_partner
FROM alone
LEFT JOIN away ON alone.vessel_id = away.vessel_id AND alone.first_t_s = away.first_t_s
