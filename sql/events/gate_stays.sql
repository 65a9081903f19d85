-- One row is a ship's stay beyond one gate, over midnights and silences: day_gate_runs joined where one ends with its
-- piece and the next begins with the next piece. before_t_s is the last report outside, null where the ship was first
-- heard beyond; after_t_s the first one outside again, null where it was not. in_kn is the speed over the way in.
-- Reads day_gate_runs, ship_pieces. Settings: none.
WITH
owned AS (
    SELECT
        ship_pieces.vessel_id AS vessel_id,
        ship_pieces.piece_no AS piece_no,
        day_gate_runs.mmsi AS mmsi,
        day_gate_runs.gate_id AS gate_id,
        day_gate_runs.first_t_s AS first_t_s,
        day_gate_runs.first_lat AS first_lat,
        day_gate_runs.first_lon AS first_lon,
        day_gate_runs.last_t_s AS last_t_s,
        day_gate_runs.last_lat AS last_lat,
        day_gate_runs.last_lon AS last_lon,
        CASE WHEN day_gate_runs.before_t_s IS NULL THEN 1 ELSE 0 END AS starts_open,
        CASE WHEN day_gate_runs.after_t_s IS NULL THEN 1 ELSE 0 END AS ends_open,
        coalesce(day_gate_runs.before_t_s, ship_pieces.before_t_s) AS before_t_s,
        CASE WHEN day_gate_runs.before_t_s IS NULL THEN ship_pieces.before_lat ELSE day_gate_runs.before_lat END
            AS before_lat,
        CASE WHEN day_gate_runs.before_t_s IS NULL THEN ship_pieces.before_lon ELSE day_gate_runs.before_lon END
            AS before_lon,
        coalesce(day_gate_runs.after_t_s, ship_pieces.after_t_s) AS after_t_s,
        CASE WHEN day_gate_runs.after_t_s IS NULL THEN ship_pieces.after_lat ELSE day_gate_runs.after_lat END AS after_lat,
        CASE WHEN day_gate_runs.after_t_s IS NULL THEN ship_pieces.after_lon ELSE day_gate_runs.after_lon END AS after_lon
    FROM day_gate_runs
    INNER JOIN ship_pieces
        ON
            day_gate_runs.day = ship_pieces.day
            AND day_gate_runs.mmsi = ship_pieces.mmsi
            AND day_gate_runs.piece = ship_pieces.piece
),

followed AS (
    SELECT
        *,
        CASE
            WHEN lag(ends_open) OVER w = 1 AND starts_open = 1 AND piece_no = lag(piece_no) OVER w + 1 THEN 0
            ELSE 1
        END AS is_new
    FROM owned
    WINDOW w AS (PARTITION BY vessel_id, gate_id ORDER BY piece_no, first_t_s)
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(is_new) OVER (
                PARTITION BY vessel_id, gate_id ORDER BY piece_no, first_t_s
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS stay_no
    FROM followed
),

ends AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY vessel_id, gate_id, stay_no ORDER BY piece_no, first_t_s) AS from_start,
        row_number() OVER (PARTITION BY vessel_id, gate_id, stay_no ORDER BY piece_no DESC, first_t_s DESC) AS from_end
    FROM numbered
),

stays AS (
    SELECT
        vessel_id,
        gate_id,
        stay_no,
        max(CASE WHEN from_start = 1 THEN mmsi END) AS mmsi,
        max(CASE WHEN from_start = 1 THEN before_t_s END) AS before_t_s,
        max(CASE WHEN from_start = 1 THEN before_lat END) AS before_lat,
        max(CASE WHEN from_start = 1 THEN before_lon END) AS before_lon,
        max(CASE WHEN from_start = 1 THEN first_t_s END) AS first_t_s,
        max(CASE WHEN from_start = 1 THEN first_lat END) AS first_lat,
        max(CASE WHEN from_start = 1 THEN first_lon END) AS first_lon,
        max(CASE WHEN from_end = 1 THEN last_t_s END) AS last_t_s,
        max(CASE WHEN from_end = 1 THEN last_lat END) AS last_lat,
        max(CASE WHEN from_end = 1 THEN last_lon END) AS last_lon,
        max(CASE WHEN from_end = 1 THEN after_t_s END) AS after_t_s,
        max(CASE WHEN from_end = 1 THEN after_lat END) AS after_lat,
        max(CASE WHEN from_end = 1 THEN after_lon END) AS after_lon
    FROM ends
    GROUP BY vessel_id, gate_id, stay_no
)

SELECT
    *,
    sqrt(
        power(60e0 * (first_lat - before_lat), 2)
        + power(60e0 * cos(radians(first_lat)) * (first_lon - before_lon), 2)
    ) / nullif(CAST(first_t_s - before_t_s AS DOUBLE) / 3600e0, 0e0) AS in_kn
FROM stays
