-- One row is a row of a MarineCadastre day in the names that every source shares, not yet checked.
-- Reads raw: the file's columns, typed, under the names of the form used after 2024. No settings.
SELECT
    mmsi,
    base_date_time AS time,
    latitude AS lat,
    longitude AS lon,
    sog AS sog_kn,
    cog AS cog_deg,
    heading AS heading_deg,
    -- Written 5 or 5.0; words in files before 2018, which say nothing here.
    CAST(round(TRY_CAST(status AS DOUBLE)) AS INTEGER) AS nav_status,
    imo,
    vessel_name AS name,
    call_sign AS callsign,
    vessel_type AS ship_type,
    length AS length_m,
    width AS width_m,
    draft AS draught_m,
    CAST(NULL AS VARCHAR) AS destination,
    CAST(NULL AS VARCHAR) AS reject_reason
FROM raw
