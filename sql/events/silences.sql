-- One row is a time in which a ship was not heard, as long as day_silences has within a day and of any length
-- between its pieces; the last of each ship is open (on_t_s null). Reads day_silences, ship_pieces. Settings:
-- none.
WITH
inner_silences AS (
    SELECT
        ship_pieces.vessel_id AS vessel_id,
        day_silences.mmsi AS mmsi,
        day_silences.off_t_s AS off_t_s,
        day_silences.off_lat AS off_lat,
        day_silences.off_lon AS off_lon,
        day_silences.on_t_s AS on_t_s,
        day_silences.on_lat AS on_lat,
        day_silences.on_lon AS on_lon
    FROM day_silences
    INNER JOIN ship_pieces
        ON
            day_silences.day = ship_pieces.day
            AND day_silences.mmsi = ship_pieces.mmsi
            AND day_silences.piece = ship_pieces.piece
    WHERE day_silences.off_t_s >= ship_pieces.first_t_s
),

outer_silences AS (
    SELECT
        ship_pieces.vessel_id AS vessel_id,
        ship_pieces.mmsi AS mmsi,
        ship_pieces.last_t_s AS off_t_s,
        ship_pieces.last_lat AS off_lat,
        ship_pieces.last_lon AS off_lon,
        ship_pieces.after_t_s AS on_t_s,
        ship_pieces.after_lat AS on_lat,
        ship_pieces.after_lon AS on_lon
    FROM ship_pieces
)

SELECT
    vessel_id,
    mmsi,
    off_t_s,
    off_lat,
    off_lon,
    on_t_s,
    on_lat,
    on_lon
FROM inner_silences
UNION ALL
SELECT
    vessel_id,
    mmsi,
    off_t_s,
    off_lat,
    off_lon,
    on_t_s,
    on_lat,
    on_lon
FROM outer_silences
