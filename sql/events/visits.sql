-- One row is a ship's stay within one port's ring, over midnights and silences within the ring; a passage too.
-- Reads day_port_runs, day_silences, ship_pieces. Settings: none.
WITH
owned AS (
    SELECT
        day_port_runs.day AS day,
        day_port_runs.piece AS piece,
        ship_pieces.vessel_id AS vessel_id,
        ship_pieces.piece_no AS piece_no,
        day_port_runs.mmsi AS mmsi,
        day_port_runs.port_id AS port_id,
        day_port_runs.first_t_s AS first_t_s,
        day_port_runs.last_t_s AS last_t_s,
        day_port_runs.enter_t_s AS enter_t_s,
        day_port_runs.exit_t_s AS exit_t_s,
        day_port_runs.starts_open AS starts_open,
        day_port_runs.ends_open AS ends_open,
        day_port_runs.min_d_m AS min_d_m,
        day_port_runs.max_gap_s AS max_gap_s
    FROM day_port_runs
    INNER JOIN ship_pieces
        ON
            day_port_runs.day = ship_pieces.day
            AND day_port_runs.mmsi = ship_pieces.mmsi
            AND day_port_runs.piece = ship_pieces.piece
),

followed AS (
    SELECT
        *,
        CASE
            WHEN
                lag(ends_open) OVER w = 1
                AND starts_open = 1
                AND piece_no = lag(piece_no) OVER w + 1
                THEN first_t_s - lag(last_t_s) OVER w
        END AS bridged_s,
        lag(last_t_s) OVER w AS prev_last_t_s
    FROM owned
    WINDOW w AS (PARTITION BY vessel_id, port_id ORDER BY first_t_s, last_t_s)
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(CASE WHEN bridged_s IS NULL THEN 1 ELSE 0 END) OVER (
                PARTITION BY vessel_id, port_id ORDER BY first_t_s, last_t_s
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS visit_no
    FROM followed
),

-- the longest silence inside the ring, to tell where a visit without a visible stop was quiet
silences AS (
    SELECT
        vessel_id,
        port_id,
        visit_no,
        prev_last_t_s AS quiet_from_t_s,
        first_t_s AS quiet_to_t_s
    FROM numbered
    WHERE bridged_s IS NOT NULL
    UNION ALL
    SELECT
        numbered.vessel_id AS vessel_id,
        numbered.port_id AS port_id,
        numbered.visit_no AS visit_no,
        day_silences.off_t_s AS quiet_from_t_s,
        day_silences.on_t_s AS quiet_to_t_s
    FROM numbered
    INNER JOIN day_silences
        ON
            numbered.day = day_silences.day
            AND numbered.mmsi = day_silences.mmsi
            AND numbered.piece = day_silences.piece
            AND day_silences.off_t_s >= numbered.first_t_s
            AND day_silences.on_t_s <= numbered.last_t_s
),

quiet AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vessel_id, port_id, visit_no ORDER BY quiet_to_t_s - quiet_from_t_s DESC, quiet_to_t_s
        ) AS choice
    FROM silences
),

edges AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY vessel_id, port_id, visit_no ORDER BY first_t_s, last_t_s) AS from_start,
        row_number() OVER (
            PARTITION BY vessel_id, port_id, visit_no ORDER BY first_t_s DESC, last_t_s DESC
        ) AS from_end
    FROM numbered
),

summed AS (
    SELECT
        vessel_id,
        port_id,
        visit_no,
        min(mmsi) AS mmsi,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        min(enter_t_s) AS enter_t_s,
        max(exit_t_s) AS exit_t_s,
        max(CASE WHEN from_start = 1 THEN starts_open END) AS starts_open,
        max(CASE WHEN from_end = 1 THEN ends_open END) AS ends_open,
        min(min_d_m) AS min_d_m,
        greatest(max(max_gap_s), coalesce(max(bridged_s), 0)) AS max_gap_s
    FROM edges
    GROUP BY vessel_id, port_id, visit_no
)

SELECT
    summed.vessel_id AS vessel_id,
    summed.port_id AS port_id,
    summed.visit_no AS visit_no,
    summed.mmsi AS mmsi,
    summed.first_t_s AS first_t_s,
    summed.last_t_s AS last_t_s,
    summed.enter_t_s AS enter_t_s,
    summed.exit_t_s AS exit_t_s,
    summed.starts_open AS starts_open,
    summed.ends_open AS ends_open,
    summed.min_d_m AS min_d_m,
    summed.max_gap_s AS max_gap_s,
    quiet.quiet_from_t_s AS quiet_from_t_s,
    quiet.quiet_to_t_s AS quiet_to_t_s
FROM summed
LEFT JOIN quiet
    ON
        summed.vessel_id = quiet.vessel_id
        AND summed.port_id = quiet.port_id
        AND summed.visit_no = quiet.visit_no
        AND quiet.choice = 1
WHERE summed.enter_t_s IS NOT NULL
