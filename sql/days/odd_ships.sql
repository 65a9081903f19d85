-- One row is a ship's day that must be gone through report by report (pipeline/tracks.py, pipeline/doubts.py): two
-- reports in a row lie farther apart than the speeds they report (or trade speed, and never tracks.max_speed_kn) allow;
-- or the same coordinates were sent at flags.frozen_kn for half of flags.frozen_minutes within two hours, counted on the
-- clock; or in such two hours the way sailed at flags.circle_kn is flags.circle_turns times as long as the place is wide
-- (a turn of a circle is more than twice as long).
-- Reads reports. Settings: tracks.max_speed_kn, tracks.slack_m, flags.frozen_minutes, flags.frozen_kn, flags.circle_kn,
-- flags.circle_turns. 111195 m is one degree on a sphere of 6371 km; 1 kn is 1852 m in 3600 s.
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
        t_s,
        lat,
        lon,
        sog_kn,
        CASE
            WHEN lat = prev_lat AND lon = prev_lon AND sog_kn >= $flags_frozen_kn THEN t_s - prev_t_s
            ELSE 0
        END AS frozen_s,
        -- one report in ten minutes shows well enough whether a ship goes round
        CASE WHEN sog_kn >= $flags_circle_kn AND t_s // 600 <> prev_t_s // 600 THEN 1 ELSE 0 END AS is_sailing,
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
),

odd AS (
    SELECT
        day,
        mmsi,
        t_s,
        lat,
        lon,
        sog_kn,
        frozen_s,
        is_sailing,
        CASE WHEN north_m * north_m + east_m * east_m > reach_m * reach_m THEN 1 ELSE 0 END AS is_jump
    FROM hops
    WHERE is_sailing = 1 OR frozen_s > 0 OR north_m * north_m + east_m * east_m > reach_m * reach_m
),

blocks AS (
    SELECT
        day,
        mmsi,
        t_s // 7200 AS block,
        CAST(sum(is_jump) AS BIGINT) AS n_jumps,
        CAST(sum(frozen_s) AS BIGINT) AS frozen_s,
        CAST(sum(is_sailing) AS BIGINT) AS n_sailing,
        CAST(sum(CASE WHEN is_sailing = 1 THEN CAST(round(sog_kn * 10e0) AS BIGINT) END) AS BIGINT) AS tenths_of_kn,
        max(CASE WHEN is_sailing = 1 THEN t_s END) - min(CASE WHEN is_sailing = 1 THEN t_s END) AS sailing_s,
        111195e0 * (
            max(CASE WHEN is_sailing = 1 THEN lat END) - min(CASE WHEN is_sailing = 1 THEN lat END)
        ) AS north_m,
        111195e0 * cos(radians(max(CASE WHEN is_sailing = 1 THEN lat END)))
        * least(
            max(CASE WHEN is_sailing = 1 THEN lon END) - min(CASE WHEN is_sailing = 1 THEN lon END),
            max(CASE WHEN is_sailing = 1 THEN lon - 360e0 * floor(lon / 360e0) END)
            - min(CASE WHEN is_sailing = 1 THEN lon - 360e0 * floor(lon / 360e0) END)
        ) AS east_m
    FROM odd
    GROUP BY day, mmsi, t_s // 7200
),

judged AS (
    SELECT
        day,
        mmsi,
        n_jumps,
        frozen_s,
        CASE
            WHEN
                n_sailing >= 5
                AND CAST(tenths_of_kn AS DOUBLE) / 10e0 / CAST(n_sailing AS DOUBLE) * 1852e0 / 3600e0
                * CAST(sailing_s AS DOUBLE) > $flags_circle_turns * sqrt(north_m * north_m + east_m * east_m)
                THEN 1
            ELSE 0
        END AS is_circling
    FROM blocks
)

SELECT
    day,
    mmsi,
    CAST(sum(n_jumps) AS BIGINT) AS n_jumps,
    CAST(sum(frozen_s) AS BIGINT) AS frozen_s,
    max(is_circling) AS is_circling
FROM judged
GROUP BY day, mmsi
HAVING
    sum(n_jumps) > 0
    OR CAST(max(frozen_s) AS DOUBLE) >= least($flags_frozen_minutes * 30e0, 3600e0)
    OR max(is_circling) = 1
