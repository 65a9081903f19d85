-- One row is a piece of track whose reports are distrusted, with the kinds of position_flags in alphabetical order: what
-- lake/tracks says of its reports. A piece that is no ship's for no other reason is a teleport.
-- Reads day_pieces, ship_pieces, piece_doubts, identity_conflicts, invalid_identities. Settings: none.
WITH
sharing AS (
    SELECT mmsi
    FROM ship_pieces
    GROUP BY mmsi
    HAVING count(DISTINCT vessel_id) > 1
),

told AS (
    SELECT
        vessel_id,
        mmsi,
        first_t_s,
        last_t_s,
        'identity_theft' AS kind
    FROM identity_conflicts
    UNION ALL
    SELECT
        vessel_id,
        mmsi,
        first_t_s,
        last_t_s,
        'invalid_identity' AS kind
    FROM invalid_identities
),

found AS (
    SELECT
        day,
        mmsi,
        piece,
        kind
    FROM piece_doubts
    WHERE kind IS NOT NULL
    UNION ALL
    SELECT
        day_pieces.day AS day,
        day_pieces.mmsi AS mmsi,
        day_pieces.piece AS piece,
        'teleport' AS kind
    FROM day_pieces
    LEFT JOIN ship_pieces
        ON
            day_pieces.day = ship_pieces.day
            AND day_pieces.mmsi = ship_pieces.mmsi
            AND day_pieces.piece = ship_pieces.piece
    LEFT JOIN piece_doubts
        ON
            day_pieces.day = piece_doubts.day
            AND day_pieces.mmsi = piece_doubts.mmsi
            AND day_pieces.piece = piece_doubts.piece
    WHERE ship_pieces.vessel_id IS NULL AND piece_doubts.kind IS NULL
    UNION ALL
    SELECT
        ship_pieces.day AS day,
        ship_pieces.mmsi AS mmsi,
        ship_pieces.piece AS piece,
        'shared_mmsi' AS kind
    FROM ship_pieces
    INNER JOIN sharing ON ship_pieces.mmsi = sharing.mmsi
    UNION ALL
    SELECT DISTINCT
        ship_pieces.day AS day,
        ship_pieces.mmsi AS mmsi,
        ship_pieces.piece AS piece,
        told.kind AS kind
    FROM ship_pieces
    INNER JOIN told
        ON
            ship_pieces.vessel_id = told.vessel_id
            AND ship_pieces.mmsi = told.mmsi
            AND ship_pieces.first_t_s <= told.last_t_s
            AND ship_pieces.last_t_s >= told.first_t_s
)

SELECT
    day,
    mmsi,
    piece,
    list_sort(array_agg(kind)) AS flags
FROM found
GROUP BY day, mmsi, piece
