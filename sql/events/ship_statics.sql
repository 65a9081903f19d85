-- One row is a span of unchanged static values with the ship that sent them. Where several ships share an MMSI each identity
-- (IMO number and name) goes to the ship whose positions stand beside it most often; an identity that stands beside none
-- goes to the first. Reads day_statics, day_labels, ship_pieces. Settings: none.
WITH
owners AS (
    SELECT
        mmsi,
        vessel_id,
        count(*) OVER (PARTITION BY mmsi) AS n_ships,
        row_number() OVER (PARTITION BY mmsi ORDER BY min(ship), vessel_id) AS choice
    FROM ship_pieces
    GROUP BY mmsi, vessel_id
),

shared AS (
    SELECT DISTINCT mmsi FROM owners
    WHERE n_ships > 1
),

said AS (
    SELECT
        day_statics.day AS day,
        day_statics.mmsi AS mmsi,
        coalesce(day_statics.imo, 0) AS imo,
        coalesce(day_statics.name, '') AS name,
        day_statics.first_t_s AS t_s
    FROM day_statics
    INNER JOIN shared ON day_statics.mmsi = shared.mmsi
),

labelled AS (
    SELECT
        day,
        mmsi,
        t_s,
        max(piece) AS piece
    FROM day_labels
    GROUP BY day, mmsi, t_s
),

votes AS (
    SELECT
        said.mmsi AS mmsi,
        said.imo AS imo,
        said.name AS name,
        ship_pieces.vessel_id AS vessel_id,
        count(*) AS n
    FROM said
    LEFT JOIN labelled ON said.day = labelled.day AND said.mmsi = labelled.mmsi AND said.t_s = labelled.t_s
    INNER JOIN ship_pieces
        ON
            said.day = ship_pieces.day
            AND said.mmsi = ship_pieces.mmsi
            AND coalesce(labelled.piece, 0) = ship_pieces.piece
    GROUP BY said.mmsi, said.imo, said.name, ship_pieces.vessel_id
),

elected AS (
    SELECT
        mmsi,
        imo,
        name,
        vessel_id,
        row_number() OVER (PARTITION BY mmsi, imo, name ORDER BY n DESC, vessel_id) AS choice
    FROM votes
)

SELECT
    coalesce(elected.vessel_id, owners.vessel_id) AS vessel_id,
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
    day_statics.n_reports AS n_reports,
    day_statics.wrong_imo AS wrong_imo,
    day_statics.n_wrong_imo AS n_wrong_imo
FROM day_statics
INNER JOIN owners ON day_statics.mmsi = owners.mmsi AND owners.choice = 1
LEFT JOIN elected
    ON
        day_statics.mmsi = elected.mmsi
        AND coalesce(day_statics.imo, 0) = elected.imo
        AND coalesce(day_statics.name, '') = elected.name
        AND elected.choice = 1
