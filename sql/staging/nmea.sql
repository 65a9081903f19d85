-- One row is an AIS message in the names that every source shares, not yet checked. Reads raw: the decoded messages, and
-- what could not be decoded, with its reason. No settings.
SELECT
    mmsi,
    CAST(date_trunc('second', time) AS TIMESTAMP) AS time,
    -- Rounded to what the lake holds; what is no angle stays so, and is told as a bad position.
    CAST(lat AS DECIMAL(9, 6)) AS lat,
    CAST(lon AS DECIMAL(9, 6)) AS lon,
    CAST(sog_kn AS REAL) AS sog_kn,
    CAST(cog_deg AS REAL) AS cog_deg,
    CAST(heading_deg AS REAL) AS heading_deg,
    nav_status,
    imo,
    name,
    callsign,
    ship_type,
    to_bow_m + to_stern_m AS length_m,
    to_port_m + to_starboard_m AS width_m,
    draught_m,
    destination,
    reject_reason
FROM raw
