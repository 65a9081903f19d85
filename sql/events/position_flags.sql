-- One row is a reason to distrust positions or who sent them (contract: pipeline/schema.txt): two ships on one MMSI, by
-- the spans in which both were heard; reports that no ship on that MMSI can have sent; frozen ones, on a circle, on
-- land; an area's interference; an identity claimed twice or impossible. Reads day_pieces, day_doubts, day_odd_hours,
-- piece_ships, piece_doubts, ship_pieces, interference_areas, identity_conflicts, invalid_identities. Settings:
-- flags.merge_hours.
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
    LEFT JOIN piece_doubts
        ON
            day_pieces.day = piece_doubts.day
            AND day_pieces.mmsi = piece_doubts.mmsi
            AND day_pieces.piece = piece_doubts.piece
    WHERE piece_ships.ship IS NULL AND piece_doubts.kind IS NULL
    GROUP BY day_pieces.mmsi, day_pieces.day
),

-- doubts about one ship; what is an area's interference is not laid at the ship's door
doubted AS (
    SELECT
        piece_doubts.mmsi AS mmsi,
        piece_doubts.kind AS kind,
        day_pieces.day AS day,
        day_pieces.piece AS piece,
        day_pieces.n_reports AS n_reports,
        day_pieces.first_t_s AS first_t_s,
        day_pieces.last_t_s AS last_t_s,
        max(day_pieces.last_t_s) OVER (
            PARTITION BY piece_doubts.mmsi, piece_doubts.kind
            ORDER BY day_pieces.first_t_s, day_pieces.piece
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_t_s
    FROM piece_doubts
    INNER JOIN day_pieces
        ON
            piece_doubts.day = day_pieces.day
            AND piece_doubts.mmsi = day_pieces.mmsi
            AND piece_doubts.piece = day_pieces.piece
    LEFT JOIN piece_doubts AS areas
        ON
            piece_doubts.day = areas.day
            AND piece_doubts.mmsi = areas.mmsi
            AND piece_doubts.piece = areas.piece
            AND areas.kind = 'gnss_interference'
    WHERE piece_doubts.kind IN ('frozen', 'circle', 'on_land') AND areas.kind IS NULL
),

episodes AS (
    SELECT
        *,
        sum(
            CASE WHEN CAST(first_t_s - before_t_s AS DOUBLE) <= $flags_merge_hours * 3600e0 THEN 0 ELSE 1 END
        ) OVER (
            PARTITION BY mmsi, kind ORDER BY first_t_s, piece ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS episode
    FROM doubted
),

spans AS (
    SELECT
        mmsi,
        kind,
        episode,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(n_reports) AS BIGINT) AS n_positions
    FROM episodes
    GROUP BY mmsi, kind, episode
),

places AS (
    SELECT
        episodes.mmsi AS mmsi,
        episodes.kind AS kind,
        episodes.episode AS episode,
        day_odd_hours.lat AS lat,
        day_odd_hours.lon AS lon,
        day_odd_hours.radius_km AS radius_km
    FROM episodes
    INNER JOIN day_odd_hours
        ON
            episodes.day = day_odd_hours.day
            AND episodes.mmsi = day_odd_hours.mmsi
            AND episodes.piece = day_odd_hours.piece
    WHERE episodes.kind = 'on_land'
    UNION ALL
    SELECT
        episodes.mmsi AS mmsi,
        episodes.kind AS kind,
        episodes.episode AS episode,
        day_doubts.lat AS lat,
        day_doubts.lon AS lon,
        day_doubts.radius_km AS radius_km
    FROM episodes
    INNER JOIN day_doubts
        ON
            episodes.day = day_doubts.day
            AND episodes.mmsi = day_doubts.mmsi
            AND episodes.piece = day_doubts.piece
),

middles AS (
    SELECT
        mmsi,
        kind,
        episode,
        median(lat) AS lat,
        median(lon) AS lon
    FROM places
    GROUP BY mmsi, kind, episode
),

extents AS (
    SELECT
        places.mmsi AS mmsi,
        places.kind AS kind,
        places.episode AS episode,
        middles.lat AS lat,
        middles.lon AS lon,
        max(
            places.radius_km
            + sqrt(
                power(111.195e0 * (places.lat - middles.lat), 2)
                + power(
                    111.195e0 * cos(radians(middles.lat))
                    * ((places.lon - middles.lon) - 360e0 * round((places.lon - middles.lon) / 360e0)),
                    2
                )
            )
        ) AS radius_km
    FROM places
    INNER JOIN middles
        ON places.mmsi = middles.mmsi AND places.kind = middles.kind AND places.episode = middles.episode
    GROUP BY places.mmsi, places.kind, places.episode, middles.lat, middles.lon
),

claimed AS (
    SELECT
        vessel_id,
        mmsi,
        'identity_theft' AS kind,
        detail,
        first_t_s,
        last_t_s,
        n_positions,
        lat,
        lon
    FROM identity_conflicts
    UNION ALL
    SELECT
        vessel_id,
        mmsi,
        'invalid_identity' AS kind,
        detail,
        first_t_s,
        last_t_s,
        n_positions,
        lat,
        lon
    FROM invalid_identities
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
UNION ALL
SELECT
    firsts.vessel_id AS vessel_id,
    spans.mmsi AS mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + spans.first_t_s * INTERVAL '1' SECOND AS started_at,
    TIMESTAMP '1970-01-01 00:00:00' + spans.last_t_s * INTERVAL '1' SECOND AS ended_at,
    spans.kind AS kind,
    CAST(spans.n_positions AS INTEGER) AS n_positions,
    extents.lat AS lat,
    extents.lon AS lon,
    extents.radius_km AS radius_km,
    CASE
        WHEN spans.kind = 'frozen' THEN 'the very same coordinates over and over while the ship moved; left out of its track'
        WHEN spans.kind = 'circle' THEN 'positions round one circle at an even speed; left out of its track'
        ELSE 'positions on land that the ship cannot have reached in the time; left out of its track'
    END AS detail
FROM spans
INNER JOIN extents ON spans.mmsi = extents.mmsi AND spans.kind = extents.kind AND spans.episode = extents.episode
LEFT JOIN firsts ON spans.mmsi = firsts.mmsi AND firsts.choice = 1
UNION ALL
SELECT
    CAST(NULL AS VARCHAR) AS vessel_id,
    CAST(NULL AS BIGINT) AS mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + first_t_s * INTERVAL '1' SECOND AS started_at,
    TIMESTAMP '1970-01-01 00:00:00' + last_t_s * INTERVAL '1' SECOND AS ended_at,
    'gnss_interference' AS kind,
    CAST(n_positions AS INTEGER) AS n_positions,
    lat,
    lon,
    radius_km,
    detail
FROM interference_areas
UNION ALL
SELECT
    vessel_id,
    mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + first_t_s * INTERVAL '1' SECOND AS started_at,
    TIMESTAMP '1970-01-01 00:00:00' + last_t_s * INTERVAL '1' SECOND AS ended_at,
    kind,
    CAST(n_positions AS INTEGER) AS n_positions,
    lat,
    lon,
    CAST(NULL AS DOUBLE) AS radius_km,
    detail
FROM claimed
