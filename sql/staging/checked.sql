-- One row is a row of the file with sentinel values taken out and, where the row is not a usable position of a
-- ship, the first reason that applies (docs/reading.md). reject_reason is null for a position to keep.
-- Reads staged (a source's rows in the common names) and mids (the country numbers an MMSI may begin with).
-- Parameters: first_at and end_at (outside them a row belongs to another day), latest_at (later is the future).
WITH
usable AS (
    SELECT
        mmsi,
        time,
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
        draught_m,
        destination,
        reject_reason,
        -- 91, 181 and the point 0, 0 are what a set sends that has no position.
        lat = 91 OR lon = 181 OR (lat = 0 AND lon = 0) OR (lat IS NULL AND lon IS NULL) AS has_no_position,
        imo IS NOT NULL
        OR name IS NOT NULL
        OR callsign IS NOT NULL
        OR ship_type IS NOT NULL
        OR length_m IS NOT NULL
        OR width_m IS NOT NULL
        OR draught_m IS NOT NULL
        OR destination IS NOT NULL AS has_identity
    FROM staged
)

SELECT
    u.mmsi,
    u.time,
    u.lat,
    u.lon,
    -- 102.3 is none; compared with a margin because it is no round number in binary.
    CASE WHEN u.sog_kn >= 0e0 AND u.sog_kn < 102.25e0 THEN u.sog_kn END AS sog_kn,
    CASE WHEN u.cog_deg >= 0e0 AND u.cog_deg < 360e0 THEN u.cog_deg END AS cog_deg,
    CASE WHEN u.heading_deg >= 0e0 AND u.heading_deg < 360e0 THEN u.heading_deg END AS heading_deg,
    CASE WHEN u.nav_status BETWEEN 0 AND 15 THEN u.nav_status END AS nav_status,
    u.imo,
    u.name,
    u.callsign,
    u.ship_type,
    u.length_m,
    u.width_m,
    u.draught_m,
    u.destination,
    -- Tells the sets of static values of one MMSI apart, within this run only: no other table sees it.
    CASE
        WHEN u.has_identity THEN
            hash(
                u.imo, u.name, u.callsign, u.ship_type, u.length_m, u.width_m, u.draught_m, u.destination
            )
    END AS static_hash,
    CASE
        WHEN u.reject_reason IS NOT NULL THEN u.reject_reason
        WHEN u.time IS NULL THEN 'bad_time'
        WHEN u.mmsi IS NULL OR u.mmsi % 111111111 = 0 OR u.mmsi > 999999999 THEN 'bad_mmsi'
        -- 00MID coast stations, 0MID groups of ships, 111 aircraft, 8 handhelds, 97 beacons, 98 boats, 99 marks.
        WHEN
            m.mid IS NULL AND (
                u.mmsi BETWEEN 2000000 AND 7999999
                OR u.mmsi BETWEEN 20000000 AND 79999999
                OR u.mmsi BETWEEN 111000000 AND 111999999
                OR u.mmsi BETWEEN 800000000 AND 899999999
                OR u.mmsi BETWEEN 970000000 AND 999999999
            ) THEN 'not_a_ship'
        WHEN m.mid IS NULL THEN 'bad_mmsi'
        WHEN u.time > $latest_at THEN 'future'
        WHEN u.time < $first_at OR u.time >= $end_at THEN 'outside_day'
        WHEN u.has_no_position AND u.has_identity THEN 'no_position'
        WHEN u.lat IS NULL THEN 'bad_lat'
        WHEN u.lon IS NULL THEN 'bad_lon'
        WHEN
            u.has_no_position OR u.lat > 90 OR u.lat < -90 OR u.lon > 180 OR u.lon < -180 THEN 'bad_position'
    END AS reject_reason
FROM usable AS u
LEFT JOIN mids AS m ON u.mmsi // 1000000 = m.mid
