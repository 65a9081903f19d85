-- One row is a report that came without a speed, with the lower of the mean speeds over the way to it and from it,
-- in knots: the first report at rest is then at rest, though the way to it was sailed. Null for a lone report.
-- Reads reports. Settings: none.
WITH
asked AS (
    SELECT DISTINCT
        day,
        mmsi
    FROM reports
    WHERE sog_kn IS NULL
),

steps AS (
    SELECT
        reports.day AS day,
        reports.mmsi AS mmsi,
        reports.t_s AS t_s,
        reports.lat AS lat,
        reports.lon AS lon,
        reports.sog_kn AS sog_kn,
        lag(reports.t_s) OVER w AS prev_t_s,
        lag(reports.lat) OVER w AS prev_lat,
        lag(reports.lon) OVER w AS prev_lon,
        lead(reports.t_s) OVER w AS next_t_s,
        lead(reports.lat) OVER w AS next_lat,
        lead(reports.lon) OVER w AS next_lon
    FROM reports
    INNER JOIN asked ON reports.day = asked.day AND reports.mmsi = asked.mmsi
    WINDOW w AS (
        PARTITION BY reports.day, reports.mmsi, reports.piece ORDER BY reports.t_s, reports.lat, reports.lon
    )
),

ways AS (
    SELECT
        day,
        mmsi,
        t_s,
        lat,
        lon,
        sqrt(
            power(111195e0 * (lat - prev_lat), 2)
            + power(
                111195e0 * cos(radians(lat)) * ((lon - prev_lon) - 360e0 * round((lon - prev_lon) / 360e0)), 2
            )
        ) / nullif(CAST(t_s - prev_t_s AS DOUBLE), 0e0) AS in_m_s,
        sqrt(
            power(111195e0 * (next_lat - lat), 2)
            + power(
                111195e0 * cos(radians(lat)) * ((next_lon - lon) - 360e0 * round((next_lon - lon) / 360e0)), 2
            )
        ) / nullif(CAST(next_t_s - t_s AS DOUBLE), 0e0) AS out_m_s
    FROM steps
    WHERE sog_kn IS NULL
)

SELECT
    day,
    mmsi,
    t_s,
    lat,
    lon,
    least(coalesce(in_m_s, out_m_s), coalesce(out_m_s, in_m_s)) * 3600e0 / 1852e0 AS sog_kn
FROM ways
