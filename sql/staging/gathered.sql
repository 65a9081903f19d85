-- Two kinds of rows from one scan of the file, since reading its text is what costs. kind 'report': a report with its
-- repeats (equal MMSI, time and position, as several stations heard it) counted in n_rows, or the equally placed rows
-- of one reject reason; where repeats differ in another value, the greatest counts, so that the order of rows changes
-- nothing. Without a position only what says the same of the ship is a repeat: class B sends its name (24A) and the rest
-- (24B) in two messages, often in one second. kind 'static': a set of static values that an MMSI sent; static_hash says
-- which reports carry it. Reads checked. No settings.
SELECT
    CASE WHEN grouping(lat) = 0 THEN 'report' ELSE 'static' END AS kind,
    mmsi,
    time,
    lat,
    lon,
    reject_reason,
    max(sog_kn) AS sog_kn,
    max(cog_deg) AS cog_deg,
    max(heading_deg) AS heading_deg,
    max(nav_status) AS nav_status,
    max(static_hash) AS static_hash,
    imo,
    name,
    callsign,
    ship_type,
    length_m,
    width_m,
    draught_m,
    destination,
    count(*) AS n_rows
FROM checked
GROUP BY GROUPING SETS (
    (mmsi, time, lat, lon, reject_reason, CASE WHEN reject_reason = 'no_position' THEN static_hash END),
    (mmsi, imo, name, callsign, ship_type, length_m, width_m, draught_m, destination)
)
