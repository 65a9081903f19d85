-- One row is a position (locations) or a ship's static report (vessels) of a Digitraffic answer in the names that
-- every source shares, not yet checked. Reads raw: the answers' fields, typed; what one has not is null. No settings.
SELECT
    mmsi,
    -- Milliseconds since 1970 up to the year 2100.
    CASE
        WHEN time_ms BETWEEN 0 AND 4102444800000 THEN
            TIMESTAMP '1970-01-01 00:00:00' + (time_ms // 1000) * INTERVAL '1' SECOND
    END AS time,
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
    to_bow_m + to_stern_m AS length_m,
    to_port_m + to_starboard_m AS width_m,
    -- Tenths of a metre; 0 is none.
    CASE WHEN draught_dm > 0e0 THEN draught_dm / 10e0 END AS draught_m,
    destination,
    CAST(NULL AS VARCHAR) AS reject_reason
FROM raw
