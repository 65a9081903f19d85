-- One row is one minute in which a source heard anything within an area of five degrees, with the ships heard. Reads
-- received (what each source heard, before one report of two sources is one), batch_days. Settings: none.
SELECT
    batch_days.day AS day,
    received.source AS source,
    CAST(floor((received.lat + 90e0) / 5e0) AS BIGINT) * 1000
    + CAST(floor((received.lon + 180e0) / 5e0) AS BIGINT) AS area_id,
    received.t_s // 60 AS minute_no,
    CAST(count(DISTINCT received.mmsi) AS INTEGER) AS n_ships
FROM received
INNER JOIN batch_days ON received.t_s // 86400 = batch_days.day
GROUP BY
    batch_days.day,
    received.source,
    floor((received.lat + 90e0) / 5e0),
    floor((received.lon + 180e0) / 5e0),
    received.t_s // 60
