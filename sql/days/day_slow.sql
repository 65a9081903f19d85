-- One row is a stretch of one piece at no more than loitering.max_speed_kn (lying, drifting), seen at grid resolution.
-- Reads marks. Settings: loitering.max_speed_kn.
WITH
own AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s,
        seq,
        lat,
        lon,
        is_first,
        is_last,
        CASE WHEN sog_kn <= $loitering_max_speed_kn THEN 1 ELSE 0 END AS slow,
        row_number() OVER (PARTITION BY day, mmsi, piece ORDER BY seq) AS mark_no
    FROM marks
    WHERE is_own = 1
),

islands AS (
    SELECT
        *,
        mark_no - row_number() OVER (PARTITION BY day, mmsi, piece ORDER BY seq) AS island
    FROM own
    WHERE slow = 1
)

SELECT
    day,
    mmsi,
    piece,
    min(t_s) AS first_t_s,
    max(t_s) AS last_t_s,
    CAST(sum(CAST(round(lat * 1000000e0) AS BIGINT)) AS DOUBLE) / CAST(count(*) AS DOUBLE) / 1000000e0 AS lat,
    median(lon) AS lon,
    max(is_first) AS starts_open,
    max(is_last) AS ends_open,
    CAST(count(*) AS BIGINT) AS n_marks
FROM islands
GROUP BY day, mmsi, piece, island
