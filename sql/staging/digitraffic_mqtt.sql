-- One row is a message of Digitraffic's stream (a position, or a ship's static report) in the names that every source
-- shares, not yet checked. Reads raw: the messages' topic and fields, typed; what one kind has not is null. No settings.
SELECT
    CAST(nullif(regexp_extract(topic, '^vessels-v2/([0-9]{1,18})/', 1), '') AS BIGINT) AS mmsi,
    -- A location has seconds since 1970, a static report milliseconds; up to the year 2100.
    CASE
        WHEN time_s BETWEEN 0 AND 4102444800 THEN TIMESTAMP '1970-01-01 00:00:00' + time_s * INTERVAL '1' SECOND
        WHEN time_ms BETWEEN 0 AND 4102444800000
            THEN TIMESTAMP '1970-01-01 00:00:00' + (time_ms // 1000) * INTERVAL '1' SECOND
    END AS time,
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
    -- Tenths of a metre; 0 is none.
    CASE WHEN draught_dm > 0e0 THEN draught_dm / 10e0 END AS draught_m,
    destination,
    CASE WHEN topic NOT LIKE 'vessels-v2/%/location' AND topic NOT LIKE 'vessels-v2/%/metadata' THEN 'other_message' END
        AS reject_reason
FROM raw
