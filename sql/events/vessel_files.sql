-- One row is the reports of one ship under one MMSI on one UTC day in one file (contract: pipeline/schema.txt). Of
-- ships that share an MMSI each has the files of its own pieces; a file that told only static values belongs to all
-- of them; reports that fit no ship stand with the first, as in position_flags. Reads day_files, ship_pieces.
-- Settings: none.
WITH
firsts AS (
    SELECT
        mmsi,
        vessel_id,
        row_number() OVER (PARTITION BY mmsi ORDER BY min(first_t_s), vessel_id) AS choice
    FROM ship_pieces
    GROUP BY mmsi, vessel_id
),

owned AS (
    SELECT
        coalesce(ship_pieces.vessel_id, firsts.vessel_id) AS vessel_id,
        day_files.*
    FROM day_files
    INNER JOIN firsts ON day_files.mmsi = firsts.mmsi AND firsts.choice = 1
    LEFT JOIN ship_pieces
        ON
            day_files.day = ship_pieces.day
            AND day_files.mmsi = ship_pieces.mmsi
            AND day_files.piece = ship_pieces.piece
    WHERE day_files.n_reports > 0
    UNION ALL
    SELECT
        firsts.vessel_id AS vessel_id,
        day_files.*
    FROM day_files
    INNER JOIN firsts ON day_files.mmsi = firsts.mmsi
    WHERE day_files.n_reports = 0
)

SELECT
    vessel_id,
    mmsi,
    CAST(TIMESTAMP '1970-01-01 00:00:00' + day * 86400 * INTERVAL '1' SECOND AS DATE) AS day,
    file_id,
    TIMESTAMP '1970-01-01 00:00:00' + min(first_t_s) * INTERVAL '1' SECOND AS first_at,
    TIMESTAMP '1970-01-01 00:00:00' + max(last_t_s) * INTERVAL '1' SECOND AS last_at,
    CAST(sum(n_reports) AS INTEGER) AS n_reports
FROM owned
GROUP BY vessel_id, mmsi, day, file_id
