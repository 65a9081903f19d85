-- One row is a ship's day whose reports cannot all come from one ship: two in a row lie farther apart than the
-- speeds they report (or trade speed, and never tracks.max_speed_kn) allow; see pipeline/tracks.py. Reads reports.
-- Settings: tracks.max_speed_kn, tracks.slack_m. 111195 m is one degree on a sphere of 6371 km; 1 kn is 1852 m in
-- 3600 s.
WITH
steps AS (
    SELECT
        day,
        mmsi,
        t_s,
        lat,
        lon,
        sog_kn,
        lag(sog_kn) OVER w AS prev_sog_kn,
        lag(t_s) OVER w AS prev_t_s,
        lag(lat) OVER w AS prev_lat,
        lag(lon) OVER w AS prev_lon
    FROM reports
    WINDOW w AS (PARTITION BY day, mmsi ORDER BY t_s, lat, lon)
),

hops AS (
    SELECT
        day,
        mmsi,
        $tracks_slack_m
        + least(
            $tracks_max_speed_kn,
            1.5e0 * greatest(coalesce(sog_kn, 0e0), coalesce(prev_sog_kn, 0e0), 15e0) + 5e0
        ) * 1852e0 / 3600e0 * CAST(t_s - prev_t_s AS DOUBLE) AS reach_m,
        111195e0 * (lat - prev_lat) AS north_m,
        111195e0 * cos(radians((lat + prev_lat) / 2e0))
        * ((lon - prev_lon) - 360e0 * round((lon - prev_lon) / 360e0)) AS east_m
    FROM steps
    WHERE prev_t_s IS NOT NULL
)

SELECT
    day,
    mmsi,
    CAST(count(*) AS BIGINT) AS n_jumps
FROM hops
WHERE north_m * north_m + east_m * east_m > reach_m * reach_m
GROUP BY day, mmsi
