-- One row is a run of one piece inside the outer ring of one port (port_calls.exit_km around the port's points).
-- enter_t_s is where the inner ring (port_calls.entry_km) was first crossed, interpolated; null: never reached.
-- Partitioned by ship and port, not by nearest port, so that overlapping rings do not cut each other.
-- Reads marks, port_rings. Settings: port_calls.entry_km, port_calls.exit_km.
WITH
own AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s,
        lat,
        lon,
        prev_t_s,
        is_first,
        is_last,
        row_number() OVER w AS mark_no,
        lag(t_s) OVER w AS before_t_s,
        lag(lat) OVER w AS before_lat,
        lag(lon) OVER w AS before_lon,
        lead(t_s) OVER w AS after_t_s,
        lead(lat) OVER w AS after_lat,
        lead(lon) OVER w AS after_lon
    FROM marks
    WHERE is_own = 1
    WINDOW w AS (PARTITION BY day, mmsi, piece ORDER BY seq)
),

near AS (
    SELECT
        own.day AS day,
        own.mmsi AS mmsi,
        own.piece AS piece,
        own.t_s AS t_s,
        own.mark_no AS mark_no,
        own.prev_t_s AS prev_t_s,
        own.is_first AS is_first,
        own.is_last AS is_last,
        own.before_t_s AS before_t_s,
        own.after_t_s AS after_t_s,
        port_rings.port_id AS port_id,
        sqrt(
            power(111195e0 * (own.lat - port_rings.point_lat), 2)
            + power(111195e0 * cos(radians(own.lat)) * (own.lon - port_rings.point_lon), 2)
        ) AS d_m,
        sqrt(
            power(111195e0 * (own.before_lat - port_rings.point_lat), 2)
            + power(111195e0 * cos(radians(own.lat)) * (own.before_lon - port_rings.point_lon), 2)
        ) AS before_d_m,
        sqrt(
            power(111195e0 * (own.after_lat - port_rings.point_lat), 2)
            + power(111195e0 * cos(radians(own.lat)) * (own.after_lon - port_rings.point_lon), 2)
        ) AS after_d_m
    FROM own
    INNER JOIN port_rings
        ON
            CAST(floor((own.lat + 90e0) * 100e0) AS BIGINT) * 1000000
            + CAST(floor((own.lon + 180e0) * 100e0) AS BIGINT)
            = port_rings.cell_id
),

inside AS (
    SELECT
        *,
        mark_no - row_number() OVER (PARTITION BY day, mmsi, piece, port_id ORDER BY mark_no) AS island
    FROM near
    WHERE d_m <= $port_calls_exit_km * 1000e0
),

timed AS (
    SELECT
        day,
        mmsi,
        piece,
        port_id,
        island,
        t_s,
        mark_no,
        is_first,
        is_last,
        d_m,
        CASE WHEN lag(mark_no) OVER w IS NOT NULL THEN t_s - prev_t_s ELSE 0 END AS gap_s,
        CASE
            WHEN d_m > $port_calls_entry_km * 1000e0 THEN NULL
            WHEN before_d_m > $port_calls_entry_km * 1000e0
                THEN t_s - CAST(
                    round(
                        CAST(t_s - before_t_s AS DOUBLE)
                        * ($port_calls_entry_km * 1000e0 - d_m) / nullif(before_d_m - d_m, 0e0)
                    ) AS BIGINT
                )
            ELSE t_s
        END AS enter_t_s,
        CASE
            WHEN after_d_m > $port_calls_exit_km * 1000e0
                THEN t_s + CAST(
                    round(
                        CAST(after_t_s - t_s AS DOUBLE)
                        * ($port_calls_exit_km * 1000e0 - d_m) / nullif(after_d_m - d_m, 0e0)
                    ) AS BIGINT
                )
            ELSE t_s
        END AS exit_t_s
    FROM inside
    WINDOW w AS (PARTITION BY day, mmsi, piece, port_id, island ORDER BY mark_no)
)

SELECT
    day,
    mmsi,
    piece,
    port_id,
    min(t_s) AS first_t_s,
    max(t_s) AS last_t_s,
    min(enter_t_s) AS enter_t_s,
    max(exit_t_s) AS exit_t_s,
    max(is_first) AS starts_open,
    max(is_last) AS ends_open,
    min(d_m) AS min_d_m,
    max(gap_s) AS max_gap_s,
    CAST(count(*) AS BIGINT) AS n_marks
FROM timed
GROUP BY day, mmsi, piece, port_id, island
