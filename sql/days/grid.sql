-- One row is a ship's place at one slot of the common grid (UTC multiples of encounters.grid_minutes), interpolated
-- between the reports before and after it where these are at most encounters.max_gap_minutes apart, never extrapolated.
-- Where a number's reports alternate between two places (jumping), a silence longer than a slot in which it was heard at
-- the other place is not interpolated either: it was no silence, and nothing tells that the ship stayed.
-- x, y, z are metres on a sphere of 6371.0088 km, so that neighbours are found alike at the date line and the poles.
-- Reads marks, jumping (day, mmsi, piece). Settings: encounters.grid_minutes, encounters.max_gap_minutes.
WITH
elsewhere AS (
    SELECT
        mine.day AS day,
        mine.mmsi AS mmsi,
        mine.piece AS piece,
        marks.t_s AS t_s
    FROM jumping AS mine
    INNER JOIN jumping AS others
        ON mine.day = others.day AND mine.mmsi = others.mmsi AND mine.piece <> others.piece
    INNER JOIN marks ON others.day = marks.day AND others.mmsi = marks.mmsi AND others.piece = marks.piece
),

torn AS (
    SELECT DISTINCT
        marks.day AS day,
        marks.mmsi AS mmsi,
        marks.piece AS piece,
        marks.t_s AS t_s,
        marks.prev_t_s AS prev_t_s
    FROM marks
    INNER JOIN elsewhere
        ON
            marks.day = elsewhere.day
            AND marks.mmsi = elsewhere.mmsi
            AND marks.piece = elsewhere.piece
            AND elsewhere.t_s > marks.prev_t_s
            AND elsewhere.t_s < marks.t_s
    WHERE marks.t_s - marks.prev_t_s > 60 * CAST($encounters_grid_minutes AS BIGINT)
),

joined AS (
    SELECT
        marks.day AS day,
        marks.mmsi AS mmsi,
        marks.piece AS piece,
        marks.t_s AS t_s,
        marks.prev_t_s AS prev_t_s,
        marks.lat AS lat,
        marks.lon AS lon,
        marks.prev_lat AS prev_lat,
        marks.prev_lon AS prev_lon,
        marks.sog_kn AS sog_kn,
        marks.prev_sog_kn AS prev_sog_kn,
        CASE
            WHEN marks.prev_t_s IS NULL OR torn.t_s IS NOT NULL THEN 0
            WHEN CAST(marks.t_s - marks.prev_t_s AS DOUBLE) <= $encounters_max_gap_minutes * 60e0 THEN 1
            ELSE 0
        END AS follows
    FROM marks
    LEFT JOIN torn
        ON
            marks.day = torn.day
            AND marks.mmsi = torn.mmsi
            AND marks.piece = torn.piece
            AND marks.t_s = torn.t_s
            AND marks.prev_t_s = torn.prev_t_s
),

legs AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s,
        prev_t_s,
        lat,
        lon,
        prev_lat,
        prev_lon,
        sog_kn,
        prev_sog_kn,
        prev_t_s // (60 * CAST($encounters_grid_minutes AS BIGINT)) + 1 AS first_slot,
        t_s // (60 * CAST($encounters_grid_minutes AS BIGINT)) AS last_slot
    FROM joined
    WHERE follows = 1
),

slots AS (
    SELECT
        *,
        unnest(generate_series(first_slot, last_slot)) AS slot
    FROM legs
    WHERE first_slot <= last_slot
),

-- a report that stands on the slot itself, with no report before it to interpolate from
starts AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s // (60 * CAST($encounters_grid_minutes AS BIGINT)) AS slot,
        lat,
        lon,
        sog_kn
    FROM joined
    WHERE follows = 0 AND t_s % (60 * CAST($encounters_grid_minutes AS BIGINT)) = 0
),

shares AS (
    SELECT
        day,
        mmsi,
        piece,
        slot,
        prev_lat,
        prev_lon,
        lat,
        lon,
        sog_kn,
        prev_sog_kn,
        CAST(slot * (60 * CAST($encounters_grid_minutes AS BIGINT)) - prev_t_s AS DOUBLE)
        / CAST(t_s - prev_t_s AS DOUBLE) AS share
    FROM slots
),

placed AS (
    SELECT
        day,
        mmsi,
        piece,
        slot,
        prev_lat + share * (lat - prev_lat) AS lat,
        prev_lon + share * ((lon - prev_lon) - 360e0 * round((lon - prev_lon) / 360e0)) AS lon,
        coalesce(prev_sog_kn + share * (sog_kn - prev_sog_kn), sog_kn, prev_sog_kn) AS sog_kn
    FROM shares
    UNION ALL
    SELECT
        day,
        mmsi,
        piece,
        slot,
        lat,
        lon,
        sog_kn
    FROM starts
)

SELECT
    day,
    mmsi,
    piece,
    slot,
    lat,
    lon - 360e0 * round(lon / 360e0) AS lon,
    sog_kn,
    6371008.8e0 * cos(radians(lat)) * cos(radians(lon)) AS x_m,
    6371008.8e0 * cos(radians(lat)) * sin(radians(lon)) AS y_m,
    6371008.8e0 * sin(radians(lat)) AS z_m
FROM placed
WHERE slot * (60 * CAST($encounters_grid_minutes AS BIGINT)) // 86400 = day
