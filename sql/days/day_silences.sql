-- One row is a silence of hours within one piece's day (or from the margin before it). Reads marks.
-- Settings: port_calls.gap_hours, gaps.min_hours, loitering.dark_hours (the shortest that anything asks for).
SELECT
    day,
    mmsi,
    piece,
    prev_t_s AS off_t_s,
    prev_lat AS off_lat,
    prev_lon AS off_lon,
    t_s AS on_t_s,
    lat AS on_lat,
    lon AS on_lon
FROM marks
WHERE
    is_own = 1
    AND prev_t_s IS NOT NULL
    AND CAST(t_s - prev_t_s AS DOUBLE)
    >= least($port_calls_gap_hours, $gaps_min_hours, $loitering_dark_hours) * 3600e0
