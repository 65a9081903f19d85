-- One row is a ship's last report in an AISHub answer (format=1) in the names that every source shares, not yet
-- checked. Reads raw: the answer's fields, typed. No settings.
SELECT
    mmsi,
    time,
    lat,
    lon,
    sog_kn,
    cog_deg,
    heading_deg,
    nav_status,
    CASE WHEN imo <> '0' THEN imo END AS imo,
    name,
    callsign,
    CASE WHEN ship_type <> '0' THEN ship_type END AS ship_type,
    to_bow_m + to_stern_m AS length_m,
    to_port_m + to_starboard_m AS width_m,
    CASE WHEN draught_m > 0e0 THEN draught_m END AS draught_m,
    destination,
    CAST(NULL AS VARCHAR) AS reject_reason
FROM raw
