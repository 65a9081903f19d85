-- One row is a reason for which rows of the file were not used, with their number and one of them as an example.
-- Reads gathered. No settings.
WITH
rejected AS (
    SELECT
        reject_reason AS reason,
        n_rows,
        mmsi,
        time,
        lat,
        lon
    FROM gathered
    WHERE kind = 'report' AND reject_reason IS NOT NULL
    UNION ALL
    SELECT
        'repeat' AS reason,
        n_rows - 1 AS n_rows,
        mmsi,
        time,
        lat,
        lon
    FROM gathered
    WHERE kind = 'report' AND reject_reason IS NULL AND n_rows > 1
),

reasons AS (
    SELECT
        reason,
        CAST(sum(n_rows) AS BIGINT) AS n_rows,
        min(mmsi) AS mmsi
    FROM rejected
    GROUP BY reason
),

examples AS (
    SELECT
        r.reason,
        min(
            concat_ws(
                ' ', 'MMSI', coalesce(CAST(r.mmsi AS VARCHAR), '?'), 'at', coalesce(CAST(r.time AS VARCHAR), '?'),
                'lat', coalesce(CAST(r.lat AS VARCHAR), '?'), 'lon', coalesce(CAST(r.lon AS VARCHAR), '?')
            )
        ) AS example
    FROM rejected AS r
    INNER JOIN reasons AS s ON r.reason = s.reason AND coalesce(r.mmsi, -1) = coalesce(s.mmsi, -1)
    GROUP BY r.reason
)

SELECT
    s.reason,
    s.n_rows,
    e.example
FROM reasons AS s
LEFT JOIN examples AS e ON s.reason = e.reason
