-- One row is a report of a BarentsWatch answer (a position, a static report, or both joined) in the names that every
-- source shares, not yet checked. Reads raw: the answer's fields, typed. No settings.
SELECT
    mmsi,
    -- Some times have six or seven decimals.
    CAST(date_trunc('second', time) AS TIMESTAMP) AS time,
    lat,
    lon,
    sog_kn,
    cog_deg,
    heading_deg,
    nav_status,
    imo,
    name,
    callsign,
    ship_type,
    length_m,
    width_m,
    -- Tenths of a metre; 0 is none.
    CASE WHEN draught_dm > 0e0 THEN draught_dm / 10e0 END AS draught_m,
    destination,
    CASE WHEN kind = 'Aton' THEN 'not_a_ship' END AS reject_reason
FROM raw
