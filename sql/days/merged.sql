-- One row is a report, heard by however many sources: the same ship at the same place (a ten-thousandth of a degree) within
-- ten seconds is one report, and the source with the better clock tells its time.
-- Reads received (mmsi, t_s, lat, lon, sog_kn, nav_status, source), clocks (source, rank; the lower the better).
-- Settings: none.
WITH
placed AS (
    SELECT
        received.mmsi AS mmsi,
        received.t_s AS t_s,
        received.lat AS lat,
        received.lon AS lon,
        received.sog_kn AS sog_kn,
        received.nav_status AS nav_status,
        coalesce(clocks.rank, 99) AS clock_rank,
        CAST(round(received.lat * 10000e0) AS BIGINT) AS lat_place,
        CAST(round(received.lon * 10000e0) AS BIGINT) AS lon_place
    FROM received
    LEFT JOIN clocks ON received.source = clocks.source
),

beside AS (
    SELECT
        mmsi,
        t_s,
        lat,
        lon,
        sog_kn,
        nav_status,
        clock_rank,
        min(clock_rank) OVER (
            PARTITION BY mmsi, lat_place, lon_place ORDER BY t_s RANGE BETWEEN 10 PRECEDING AND 10 FOLLOWING
        ) AS best_rank
    FROM placed
)

SELECT
    mmsi,
    t_s,
    lat,
    lon,
    min(sog_kn) AS sog_kn,
    min(nav_status) AS nav_status
FROM beside
WHERE clock_rank = best_rank
GROUP BY mmsi, t_s, lat, lon
