-- One row is a piece with the ship it belongs to; piece_no counts a ship's pieces in time. Noise is left out.
-- Reads day_pieces, piece_ships (mmsi, day, piece, ship; only MMSIs that are not simply one ship), ship_keys
-- (mmsi, ship, vessel_id; only ships that are not simply their MMSI).
WITH
owned AS (
    SELECT
        day_pieces.day AS day,
        day_pieces.mmsi AS mmsi,
        day_pieces.piece AS piece,
        CASE WHEN piece_ships.mmsi IS NULL THEN 0 ELSE piece_ships.ship END AS ship,
        day_pieces.n_reports AS n_reports,
        day_pieces.first_t_s AS first_t_s,
        day_pieces.first_lat AS first_lat,
        day_pieces.first_lon AS first_lon,
        day_pieces.last_t_s AS last_t_s,
        day_pieces.last_lat AS last_lat,
        day_pieces.last_lon AS last_lon
    FROM day_pieces
    LEFT JOIN piece_ships
        ON
            day_pieces.day = piece_ships.day
            AND day_pieces.mmsi = piece_ships.mmsi
            AND day_pieces.piece = piece_ships.piece
),

named AS (
    SELECT
        owned.day AS day,
        owned.mmsi AS mmsi,
        owned.piece AS piece,
        owned.ship AS ship,
        coalesce(
            ship_keys.vessel_id,
            substr(
                md5(concat_ws('|', 'vessel', CAST(owned.mmsi AS VARCHAR), CAST(owned.ship AS VARCHAR))), 1, 16
            )
        ) AS vessel_id,
        owned.n_reports AS n_reports,
        owned.first_t_s AS first_t_s,
        owned.first_lat AS first_lat,
        owned.first_lon AS first_lon,
        owned.last_t_s AS last_t_s,
        owned.last_lat AS last_lat,
        owned.last_lon AS last_lon
    FROM owned
    LEFT JOIN ship_keys ON owned.mmsi = ship_keys.mmsi AND owned.ship = ship_keys.ship
    WHERE owned.ship IS NOT NULL
)

SELECT
    day,
    mmsi,
    piece,
    ship,
    vessel_id,
    n_reports,
    first_t_s,
    first_lat,
    first_lon,
    last_t_s,
    last_lat,
    last_lon,
    CAST(row_number() OVER w AS BIGINT) AS piece_no,
    lag(last_t_s) OVER w AS before_t_s,
    lag(last_lat) OVER w AS before_lat,
    lag(last_lon) OVER w AS before_lon,
    lead(first_t_s) OVER w AS after_t_s,
    lead(first_lat) OVER w AS after_lat,
    lead(first_lon) OVER w AS after_lon
FROM named
WINDOW w AS (PARTITION BY vessel_id ORDER BY first_t_s, last_t_s, mmsi, piece)
