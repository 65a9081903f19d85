-- One row is one minute in which anything was heard within an area of five degrees, with the ships heard. Reads reports.
-- Settings: none.
SELECT
    day,
    CAST(floor((lat + 90e0) / 5e0) AS BIGINT) * 1000 + CAST(floor((lon + 180e0) / 5e0) AS BIGINT) AS area_id,
    t_s // 60 AS minute_no,
    CAST(count(DISTINCT mmsi) AS INTEGER) AS n_ships
FROM reports
WHERE is_own = 1
GROUP BY day, floor((lat + 90e0) / 5e0), floor((lon + 180e0) / 5e0), t_s // 60
