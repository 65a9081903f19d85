-- One row is a row of a Danish day (aisdk-*.csv) in the names that every source shares, not yet checked.
-- Reads raw: the file's columns, typed, where blank, 'Unknown' and 'Undefined' are null. No settings.
SELECT
    "MMSI" AS mmsi,
    "Timestamp" AS time,
    "Latitude" AS lat,
    "Longitude" AS lon,
    "SOG" AS sog_kn,
    "COG" AS cog_deg,
    "Heading" AS heading_deg,
    -- The Danish decoder's words for ITU-R M.1371 navigation status 0 to 14; 15 is 'Unknown value'.
    CASE "Navigational status"
        WHEN 'Under way using engine' THEN 0
        WHEN 'At anchor' THEN 1
        WHEN 'Moored' THEN 5
        WHEN 'Engaged in fishing' THEN 7
        WHEN 'Under way sailing' THEN 8
        WHEN 'Restricted maneuverability' THEN 3
        WHEN 'Constrained by her draught' THEN 4
        WHEN 'Not under command' THEN 2
        WHEN 'Aground' THEN 6
        WHEN 'Reserved for future amendment [HSC]' THEN 9
        WHEN 'Reserved for future amendment [WIG]' THEN 10
        WHEN 'Power-driven vessel towing astern' THEN 11
        WHEN 'Power-driven vessel pushing ahead or towing alongside' THEN 12
        WHEN 'Reserved for future use' THEN 13
        WHEN 'AIS-SART (active)' THEN 14
    END AS nav_status,
    "IMO" AS imo,
    "Name" AS name,
    "Callsign" AS callsign,
    "Ship type" AS ship_type,
    "Length" AS length_m,
    "Width" AS width_m,
    "Draught" AS draught_m,
    "Destination" AS destination,
    -- Base stations, marks, aircraft and distress beacons stand in the same file; blank says nothing.
    CASE WHEN "Type of mobile" NOT IN ('Class A', 'Class B') THEN 'not_a_ship' END AS reject_reason
FROM raw
