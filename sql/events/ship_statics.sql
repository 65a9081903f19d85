-- One row is a span of unchanged static values with the ship that sent them. Where several ships share an MMSI the
-- values go to the first of them. Reads day_statics, ship_pieces. Settings: none.
WITH
owners AS (
    SELECT
        mmsi,
        vessel_id,
        row_number() OVER (PARTITION BY mmsi ORDER BY min(ship), vessel_id) AS choice
    FROM ship_pieces
    GROUP BY mmsi, vessel_id
)

SELECT
    owners.vessel_id AS vessel_id,
    day_statics.mmsi AS mmsi,
    day_statics.first_t_s AS first_t_s,
    day_statics.last_t_s AS last_t_s,
    day_statics.imo AS imo,
    day_statics.name AS name,
    day_statics.callsign AS callsign,
    day_statics.ship_type AS ship_type,
    day_statics.length_m AS length_m,
    day_statics.width_m AS width_m,
    day_statics.draught_m AS draught_m,
    day_statics.destination AS destination,
    day_statics.n_reports AS n_reports
FROM day_statics
INNER JOIN owners ON day_statics.mmsi = owners.mmsi AND owners.choice = 1
