-- One row is a position of a ship, as received, cleaned, without repeats. Reads gathered. Parameter: file_id.
SELECT
    CAST(mmsi AS BIGINT) AS mmsi,
    time,
    lat,
    lon,
    CAST(sog_kn AS REAL) AS sog_kn,
    CAST(cog_deg AS REAL) AS cog_deg,
    CAST(heading_deg AS REAL) AS heading_deg,
    CAST(nav_status AS INTEGER) AS nav_status,
    CAST($file_id AS VARCHAR) AS file_id
FROM gathered
WHERE kind = 'report' AND reject_reason IS NULL
