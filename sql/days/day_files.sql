-- One row is the reports of one piece in one file: from when to when, and how many positions. A file that told of an
-- MMSI no position but only static values that day has n_reports 0 and piece null. Reports that were split into
-- pieces (day_labels) are told apart as sql/days/merged.sql tells reports apart: by place and time.
-- Reads kept (source, file_id, day, mmsi, time, lat, lon: positions as they stand in the lake), said (the lake's
-- static spans), day_labels. Settings: none.
WITH
counted AS (
    SELECT
        day,
        mmsi,
        source,
        file_id,
        min(time) AS first_at,
        max(time) AS last_at,
        CAST(count(*) AS BIGINT) AS n_reports
    FROM kept
    GROUP BY day, mmsi, source, file_id
),

split AS (
    SELECT DISTINCT
        day,
        mmsi
    FROM day_labels
),

mixed AS (
    SELECT
        kept.day AS day,
        kept.mmsi AS mmsi,
        kept.source AS source,
        kept.file_id AS file_id,
        kept.time AS time,
        kept.lat AS lat,
        kept.lon AS lon,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', kept.time) AS t_s,
        CAST(round(CAST(kept.lat AS DOUBLE) * 10000e0) AS BIGINT) AS lat_place,
        CAST(round(CAST(kept.lon AS DOUBLE) * 10000e0) AS BIGINT) AS lon_place
    FROM kept
    INNER JOIN split ON kept.day = split.day AND kept.mmsi = split.mmsi
),

placed AS (
    SELECT
        mixed.day AS day,
        mixed.mmsi AS mmsi,
        mixed.source AS source,
        mixed.file_id AS file_id,
        mixed.time AS time,
        mixed.lat AS lat,
        mixed.lon AS lon,
        coalesce(min(day_labels.piece), 0) AS piece
    FROM mixed
    LEFT JOIN day_labels
        ON
            mixed.day = day_labels.day
            AND mixed.mmsi = day_labels.mmsi
            AND mixed.lat_place = CAST(round(day_labels.lat * 10000e0) AS BIGINT)
            AND mixed.lon_place = CAST(round(day_labels.lon * 10000e0) AS BIGINT)
            AND mixed.t_s BETWEEN day_labels.t_s - 10 AND day_labels.t_s + 10
    GROUP BY mixed.day, mixed.mmsi, mixed.source, mixed.file_id, mixed.time, mixed.lat, mixed.lon
),

told AS (
    SELECT
        CAST(date_diff('second', TIMESTAMP '1970-01-01 00:00:00', first_at) // 86400 AS BIGINT) AS day,
        mmsi,
        source,
        file_id,
        min(first_at) AS first_at,
        max(last_at) AS last_at
    FROM said
    GROUP BY date_diff('second', TIMESTAMP '1970-01-01 00:00:00', first_at) // 86400, mmsi, source, file_id
),

everything AS (
    SELECT
        counted.day AS day,
        counted.mmsi AS mmsi,
        CAST(0 AS BIGINT) AS piece,
        counted.source AS source,
        counted.file_id AS file_id,
        counted.first_at AS first_at,
        counted.last_at AS last_at,
        counted.n_reports AS n_reports
    FROM counted
    LEFT JOIN split ON counted.day = split.day AND counted.mmsi = split.mmsi
    WHERE split.mmsi IS NULL
    UNION ALL
    SELECT
        day,
        mmsi,
        piece,
        source,
        file_id,
        min(time) AS first_at,
        max(time) AS last_at,
        CAST(count(*) AS BIGINT) AS n_reports
    FROM placed
    GROUP BY day, mmsi, piece, source, file_id
    UNION ALL
    SELECT
        told.day AS day,
        told.mmsi AS mmsi,
        CAST(NULL AS BIGINT) AS piece,
        told.source AS source,
        told.file_id AS file_id,
        told.first_at AS first_at,
        told.last_at AS last_at,
        CAST(0 AS BIGINT) AS n_reports
    FROM told
    LEFT JOIN counted ON told.day = counted.day AND told.mmsi = counted.mmsi AND told.file_id = counted.file_id
    WHERE counted.mmsi IS NULL
)

SELECT
    day,
    mmsi,
    piece,
    source,
    file_id,
    date_diff('second', TIMESTAMP '1970-01-01 00:00:00', first_at) AS first_t_s,
    date_diff('second', TIMESTAMP '1970-01-01 00:00:00', last_at) AS last_t_s,
    n_reports
FROM everything
