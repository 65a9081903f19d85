-- One row is a report with its repeats (equal MMSI, time and position, as several stations heard it) counted in
-- n_rows, or the equally placed rows of one reject reason. Where repeats differ in another value, the greatest counts,
-- so that the order of the rows changes nothing. Reads checked. No settings.
SELECT
    mmsi,
    time,
    lat,
    lon,
    reject_reason,
    max(sog_kn) AS sog_kn,
    max(cog_deg) AS cog_deg,
    max(heading_deg) AS heading_deg,
    max(nav_status) AS nav_status,
    max(imo) AS imo,
    max(name) AS name,
    max(callsign) AS callsign,
    max(ship_type) AS ship_type,
    max(length_m) AS length_m,
    max(width_m) AS width_m,
    max(draught_m) AS draught_m,
    max(destination) AS destination,
    count(*) AS n_rows
FROM checked
GROUP BY
    mmsi,
    time,
    lat,
    lon,
    reject_reason
