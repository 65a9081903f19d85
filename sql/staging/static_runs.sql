-- One row is an unbroken run of one set of static values of an MMSI in a UTC day, the values still as sent. Most ships
-- send their sets one after the other, and then a set is a run; only where sets overlap in time (A, B, A again, or two
-- ships with one MMSI) are the reports themselves gone through. Reads static_sets, reports. No settings.
WITH
ordered AS (
    SELECT
        mmsi,
        day,
        first_at,
        max(last_at) OVER (
            PARTITION BY mmsi, day
            ORDER BY first_at, last_at, n_reports
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS others_last_at
    FROM static_sets
),

mixed AS (
    SELECT DISTINCT
        mmsi,
        day
    FROM ordered
    WHERE first_at < others_last_at
),

sent AS (
    SELECT
        r.mmsi,
        m.day,
        r.time,
        r.imo,
        r.name,
        r.callsign,
        r.ship_type,
        r.length_m,
        r.width_m,
        r.draught_m,
        r.destination,
        r.n_rows,
        concat_ws(
            '|',
            coalesce(CAST(r.imo AS VARCHAR), ''),
            coalesce(r.name, ''),
            coalesce(r.callsign, ''),
            coalesce(CAST(r.ship_type AS VARCHAR), ''),
            coalesce(CAST(r.length_m AS VARCHAR), ''),
            coalesce(CAST(r.width_m AS VARCHAR), ''),
            coalesce(CAST(r.draught_m AS VARCHAR), ''),
            coalesce(r.destination, '')
        ) AS static_key
    FROM reports AS r
    INNER JOIN mixed AS m ON r.mmsi = m.mmsi AND CAST(r.time AS DATE) = m.day
    WHERE r.reject_reason IS NULL OR r.reject_reason = 'no_position'
),

told AS (
    SELECT
        *,
        lag(static_key) OVER (PARTITION BY mmsi, day ORDER BY time, static_key) AS previous_key
    FROM sent
    WHERE static_key <> '|||||||'
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN previous_key = static_key THEN 0 ELSE 1 END) OVER (
            PARTITION BY mmsi, day
            ORDER BY time, static_key
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS run
    FROM told
)

SELECT
    mmsi,
    day,
    max(imo) AS imo,
    max(name) AS name,
    max(callsign) AS callsign,
    max(ship_type) AS ship_type,
    max(length_m) AS length_m,
    max(width_m) AS width_m,
    max(draught_m) AS draught_m,
    max(destination) AS destination,
    min(time) AS first_at,
    max(time) AS last_at,
    CAST(sum(n_rows) AS BIGINT) AS n_reports
FROM numbered
GROUP BY
    mmsi,
    day,
    run
UNION ALL
SELECT
    s.mmsi,
    s.day,
    s.imo,
    s.name,
    s.callsign,
    s.ship_type,
    s.length_m,
    s.width_m,
    s.draught_m,
    s.destination,
    s.first_at,
    s.last_at,
    s.n_reports
FROM static_sets AS s
LEFT JOIN mixed AS m ON s.mmsi = m.mmsi AND s.day = m.day
WHERE m.mmsi IS NULL
