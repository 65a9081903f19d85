-- One row is a set of static values (identity, size, draught, destination) as one MMSI sent it in one UTC day, with the
-- first and the last time. Positions and rows rejected as no_position count: a ship without a fix still says its name.
-- Reads reports. No settings.
SELECT
    mmsi,
    CAST(time AS DATE) AS day,
    imo,
    name,
    callsign,
    ship_type,
    length_m,
    width_m,
    draught_m,
    destination,
    min(time) AS first_at,
    max(time) AS last_at,
    CAST(sum(n_rows) AS BIGINT) AS n_reports
FROM reports
WHERE
    (reject_reason IS NULL OR reject_reason = 'no_position')
    AND (
        imo IS NOT NULL
        OR name IS NOT NULL
        OR callsign IS NOT NULL
        OR ship_type IS NOT NULL
        OR length_m IS NOT NULL
        OR width_m IS NOT NULL
        OR draught_m IS NOT NULL
        OR destination IS NOT NULL
    )
GROUP BY
    mmsi,
    CAST(time AS DATE),
    imo,
    name,
    callsign,
    ship_type,
    length_m,
    width_m,
    draught_m,
    destination
