-- One row is an unbroken run of one set of static values of an MMSI in a UTC day, the values still as sent. Most ships
-- send their sets one after the other, and then a set is a run; only where sets overlap in time (A, B, A again, or two
-- ships with one MMSI) are the reports themselves gone through. Reads static_sets, gathered. No settings.
WITH
ordered AS (
    SELECT
        mmsi,
        day,
        first_at,
        max(last_at) OVER (
            PARTITION BY mmsi, day
            ORDER BY first_at, last_at, static_hash
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

told AS (
    SELECT
        r.mmsi,
        m.day,
        r.time,
        r.static_hash,
        r.n_rows,
        lag(r.static_hash) OVER (PARTITION BY r.mmsi, m.day ORDER BY r.time, r.static_hash) AS previous_hash
    FROM gathered AS r
    INNER JOIN mixed AS m ON r.mmsi = m.mmsi AND CAST(r.time AS DATE) = m.day
    WHERE
        r.kind = 'report'
        AND (r.reject_reason IS NULL OR r.reject_reason = 'no_position')
        AND r.static_hash IS NOT NULL
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN previous_hash = static_hash THEN 0 ELSE 1 END) OVER (
            PARTITION BY mmsi, day
            ORDER BY time, static_hash
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS run
    FROM told
),

runs AS (
    SELECT
        mmsi,
        day,
        static_hash,
        min(time) AS first_at,
        max(time) AS last_at,
        CAST(sum(n_rows) AS BIGINT) AS n_reports
    FROM numbered
    GROUP BY
        mmsi,
        day,
        run,
        static_hash
    UNION ALL
    SELECT
        s.mmsi,
        s.day,
        s.static_hash,
        s.first_at,
        s.last_at,
        s.n_reports
    FROM static_sets AS s
    LEFT JOIN mixed AS m ON s.mmsi = m.mmsi AND s.day = m.day
    WHERE m.mmsi IS NULL
)

SELECT
    r.mmsi,
    r.day,
    r.first_at,
    r.last_at,
    r.n_reports,
    v.imo,
    v.name,
    v.callsign,
    v.ship_type,
    v.length_m,
    v.width_m,
    v.draught_m,
    v.destination
FROM runs AS r
INNER JOIN gathered AS v ON r.mmsi = v.mmsi AND r.static_hash = v.static_hash AND v.kind = 'static'
