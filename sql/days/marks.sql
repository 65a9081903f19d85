-- One row is a report that matters: the first of a grid slot, the first and last of a piece's day, and each at which
-- the ship comes to rest or gets under way. Everything after it works on these, a twentieth of the reports.
-- Reads reports (the day's own, is_own = 1, and those within the largest bridged gap around it).
-- `stopped` is the speed state: 1 from the first report under port_calls.stop_begin_kn, 0 from the first over
-- port_calls.stop_end_kn, null before either was seen.
-- Settings: encounters.grid_minutes, port_calls.stop_begin_kn, port_calls.stop_end_kn.
WITH
steps AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s,
        lat,
        lon,
        sog_kn,
        nav_status,
        is_own,
        row_number() OVER w AS seq,
        lag(t_s) OVER w AS prev_t_s,
        lag(lat) OVER w AS prev_lat,
        lag(lon) OVER w AS prev_lon,
        lag(sog_kn) OVER w AS prev_sog_kn,
        lag(is_own) OVER w AS prev_is_own,
        lead(is_own) OVER w AS next_is_own,
        last_value(
            CASE WHEN sog_kn < $port_calls_stop_begin_kn THEN 1 WHEN sog_kn > $port_calls_stop_end_kn THEN 0 END
            IGNORE NULLS
        ) OVER (
            PARTITION BY day, mmsi, piece ORDER BY t_s, lat, lon
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stopped,
        last_value(
            CASE WHEN sog_kn < $port_calls_stop_begin_kn THEN 1 WHEN sog_kn > $port_calls_stop_end_kn THEN 0 END
            IGNORE NULLS
        ) OVER (
            PARTITION BY day, mmsi, piece ORDER BY t_s, lat, lon
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS was_stopped
    FROM reports
    WINDOW w AS (PARTITION BY day, mmsi, piece ORDER BY t_s, lat, lon)
)

SELECT
    day,
    mmsi,
    piece,
    t_s,
    lat,
    lon,
    sog_kn,
    nav_status,
    is_own,
    CAST(seq AS BIGINT) AS seq,
    prev_t_s,
    prev_lat,
    prev_lon,
    prev_sog_kn,
    stopped,
    CASE WHEN is_own = 1 AND coalesce(prev_is_own, 0) = 0 THEN 1 ELSE 0 END AS is_first,
    CASE WHEN is_own = 1 AND coalesce(next_is_own, 0) = 0 THEN 1 ELSE 0 END AS is_last
FROM steps
WHERE
    prev_t_s IS NULL
    OR prev_is_own <> is_own
    OR coalesce(next_is_own, -1) <> is_own
    OR t_s // (60 * CAST($encounters_grid_minutes AS BIGINT))
    <> prev_t_s // (60 * CAST($encounters_grid_minutes AS BIGINT))
    OR coalesce(stopped, 2) <> coalesce(was_stopped, 2)
