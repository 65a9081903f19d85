-- One row is a piece: the reports of one MMSI within one UTC day that one ship can have sent.
-- Reads reports (own day), marks.
WITH
counted AS (
    SELECT
        day,
        mmsi,
        piece,
        CAST(count(*) AS BIGINT) AS n_reports
    FROM reports
    WHERE is_own = 1
    GROUP BY day, mmsi, piece
),

firsts AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s,
        lat,
        lon
    FROM marks
    WHERE is_first = 1
),

lasts AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s,
        lat,
        lon
    FROM marks
    WHERE is_last = 1
)

SELECT
    counted.day AS day,
    counted.mmsi AS mmsi,
    counted.piece AS piece,
    counted.n_reports AS n_reports,
    firsts.t_s AS first_t_s,
    firsts.lat AS first_lat,
    firsts.lon AS first_lon,
    lasts.t_s AS last_t_s,
    lasts.lat AS last_lat,
    lasts.lon AS last_lon
FROM counted
INNER JOIN firsts ON counted.day = firsts.day AND counted.mmsi = firsts.mmsi AND counted.piece = firsts.piece
INNER JOIN lasts ON counted.day = lasts.day AND counted.mmsi = lasts.mmsi AND counted.piece = lasts.piece
