-- One row is a set of static values (identity, size, draught, destination) as one MMSI sent it in one UTC day, with the
-- first and the last time. Positions and rows rejected as no_position count: a ship without a fix still says its name.
-- Reads gathered. No settings.
SELECT
    mmsi,
    CAST(time AS DATE) AS day,
    static_hash,
    min(time) AS first_at,
    max(time) AS last_at,
    CAST(sum(n_rows) AS BIGINT) AS n_reports
FROM gathered
WHERE
    kind = 'report'
    AND (reject_reason IS NULL OR reject_reason = 'no_position')
    AND static_hash IS NOT NULL
GROUP BY
    mmsi,
    CAST(time AS DATE),
    static_hash
