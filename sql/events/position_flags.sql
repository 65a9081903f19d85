-- One row is a reason to distrust positions (contract: pipeline/schema.txt): here two ships on one MMSI, by
-- the spans in which both were heard, and reports that no ship on that MMSI can have sent. Reads day_pieces,
-- piece_ships, ship_pieces. Settings: none.
WITH
shared AS (
    SELECT
        mmsi,
        vessel_id,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(n_reports) AS BIGINT) AS n_positions,
        CAST(sum(CAST(round(first_lat * 1000000e0) AS BIGINT)) AS DOUBLE) / CAST(count(*) AS DOUBLE) / 1000000e0 AS lat,
        CAST(sum(CAST(round(first_lon * 1000000e0) AS BIGINT)) AS DOUBLE) / CAST(count(*) AS DOUBLE) / 1000000e0 AS lon
    FROM ship_pieces
    GROUP BY mmsi, vessel_id
),

sharing AS (
    SELECT mmsi
    FROM shared
    GROUP BY mmsi
    HAVING count(*) > 1
),

noise AS (
    SELECT
        day_pieces.mmsi AS mmsi,
        day_pieces.day AS day,
        min(day_pieces.first_t_s) AS first_t_s,
        max(day_pieces.last_t_s) AS last_t_s,
        CAST(sum(day_pieces.n_reports) AS BIGINT) AS n_positions,
        CAST(sum(CAST(round(day_pieces.first_lat * 1000000e0) AS BIGINT)) AS DOUBLE)
        / CAST(count(*) AS DOUBLE)
        / 1000000e0 AS lat,
        CAST(sum(CAST(round(day_pieces.first_lon * 1000000e0) AS BIGINT)) AS DOUBLE)
        / CAST(count(*) AS DOUBLE)
        / 1000000e0 AS lon
    FROM day_pieces
    INNER JOIN piece_ships
        ON
            day_pieces.day = piece_ships.day
            AND day_pieces.mmsi = piece_ships.mmsi
            AND day_pieces.piece = piece_ships.piece
    WHERE piece_ships.ship IS NULL
    GROUP BY day_pieces.mmsi, day_pieces.day
),

firsts AS (
    SELECT
        mmsi,
        vessel_id,
        row_number() OVER (PARTITION BY mmsi ORDER BY first_t_s, vessel_id) AS choice
    FROM shared
)

SELECT
    shared.vessel_id AS vessel_id,
    shared.mmsi AS mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + shared.first_t_s * INTERVAL '1' SECOND AS started_at,
    TIMESTAMP '1970-01-01 00:00:00' + shared.last_t_s * INTERVAL '1' SECOND AS ended_at,
    'shared_mmsi' AS kind,
    CAST(shared.n_positions AS INTEGER) AS n_positions,
    shared.lat AS lat,
    shared.lon AS lon,
    CAST(NULL AS DOUBLE) AS radius_km,
    'another ship sent positions under this MMSI; the two tracks are kept apart' AS detail
FROM shared
INNER JOIN sharing ON shared.mmsi = sharing.mmsi
UNION ALL
SELECT
    firsts.vessel_id AS vessel_id,
    noise.mmsi AS mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + noise.first_t_s * INTERVAL '1' SECOND AS started_at,
    TIMESTAMP '1970-01-01 00:00:00' + noise.last_t_s * INTERVAL '1' SECOND AS ended_at,
    'teleport' AS kind,
    CAST(noise.n_positions AS INTEGER) AS n_positions,
    noise.lat AS lat,
    noise.lon AS lon,
    CAST(NULL AS DOUBLE) AS radius_km,
    'positions that the ship cannot have reached in the time; left out of its track' AS detail
FROM noise
LEFT JOIN firsts ON noise.mmsi = firsts.mmsi AND firsts.choice = 1
