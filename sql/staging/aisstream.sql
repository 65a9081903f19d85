-- One row is a message of aisstream in the names that every source shares, not yet checked. A static report has no
-- position of its own: where the service last heard the ship is not told with a time. Reads raw: the messages' fields,
-- typed; what one kind of message has not is null. No settings.
SELECT
    coalesce(mmsi, heard_mmsi) AS mmsi,
    -- Up to nine decimals.
    CAST(date_trunc('second', time) AS TIMESTAMP) AS time,
    lat,
    lon,
    sog_kn,
    cog_deg,
    heading_deg,
    nav_status,
    CASE WHEN imo <> '0' THEN imo END AS imo,
    -- An empty name is that of the other part of a class B report.
    coalesce(
        CASE WHEN trim(name) <> '' THEN name END,
        CASE WHEN trim(a_name) <> '' THEN a_name END,
        CASE WHEN trim(heard_name) <> '' THEN heard_name END
    ) AS name,
    coalesce(callsign, CASE WHEN trim(b_callsign) <> '' THEN b_callsign END) AS callsign,
    coalesce(CASE WHEN ship_type <> '0' THEN ship_type END, CASE WHEN b_ship_type <> '0' THEN b_ship_type END) AS ship_type,
    coalesce(to_bow_m + to_stern_m, b_to_bow_m + b_to_stern_m) AS length_m,
    coalesce(to_port_m + to_starboard_m, b_to_port_m + b_to_starboard_m) AS width_m,
    draught_m,
    destination,
    CASE
        WHEN
            kind IN (
                'PositionReport',
                'StandardClassBPositionReport',
                'ExtendedClassBPositionReport',
                'LongRangeAisBroadcastMessage',
                'ShipStaticData',
                'StaticDataReport'
            ) THEN NULL
        WHEN
            kind IN ('BaseStationReport', 'AidsToNavigationReport', 'StandardSearchAndRescueAircraftReport')
            THEN 'not_a_ship'
        ELSE 'other_message'
    END AS reject_reason
FROM raw
