-- One row is what one source heard in one hour and one cell of a quarter degree. Reads heard (source, mmsi, t_s,
-- lat, lon).
WITH
celled AS (
    SELECT
        day,
        source,
        t_s // 3600 AS hour,
        mmsi,
        CAST(floor((lat + 90e0) * 4e0) AS BIGINT) AS row_no,
        CAST(floor((lon + 180e0) * 4e0) AS BIGINT) AS col_no,
        n_reports
    FROM heard
)

SELECT
    day,
    source,
    hour,
    row_no * 1000000 + col_no AS cell_id,
    (CAST(row_no AS DOUBLE) + 0.5e0) / 4e0 - 90e0 AS lat,
    (CAST(col_no AS DOUBLE) + 0.5e0) / 4e0 - 180e0 AS lon,
    CAST(count(DISTINCT mmsi) AS INTEGER) AS n_ships,
    CAST(sum(n_reports) AS INTEGER) AS n_reports
FROM celled
GROUP BY day, source, hour, row_no, col_no
