-- One row is a time in which one source could not hear a box of the sea: recorded by its collector, or found in its
-- reports, where nothing at all came for gaps.feed_minutes from an area of five degrees in which gaps.feed_ships
-- ships a minute had been heard, on average over the hour before. A found hole stays open while anything is heard
-- later. A recorded one of the whole feed is a box round the globe; where its region is not known any more the box
-- is null. Reads day_feed, said_holes, data_until. Settings: gaps.feed_minutes, gaps.feed_ships.
WITH
followed AS (
    SELECT
        source,
        area_id,
        minute_no,
        lead(minute_no) OVER (PARTITION BY source, area_id ORDER BY minute_no) AS next_minute_no,
        sum(n_ships) OVER (
            PARTITION BY source, area_id ORDER BY minute_no RANGE BETWEEN 59 PRECEDING AND CURRENT ROW
        ) AS n_hour
    FROM day_feed
),

ends AS (
    SELECT max(t_s) // 60 AS minute_no FROM data_until
)

SELECT
    followed.source AS source,
    CAST(NULL AS VARCHAR) AS region,
    CAST(followed.area_id // 1000 AS DOUBLE) * 5e0 - 90e0 AS south,
    CAST(followed.area_id % 1000 AS DOUBLE) * 5e0 - 180e0 AS west,
    CAST(followed.area_id // 1000 AS DOUBLE) * 5e0 - 85e0 AS north,
    CAST(followed.area_id % 1000 AS DOUBLE) * 5e0 - 175e0 AS east,
    (followed.minute_no + 1) * 60 AS from_t_s,
    coalesce(followed.next_minute_no, ends.minute_no) * 60 AS to_t_s,
    followed.next_minute_no IS NULL AS is_open,
    FALSE AS is_recorded,
    'nothing came from where ships had been heard' AS why,
    CAST(followed.n_hour AS DOUBLE) / 60e0 AS ships_a_minute
FROM followed
CROSS JOIN ends
WHERE
    CAST(coalesce(followed.next_minute_no, ends.minute_no) - followed.minute_no AS DOUBLE) > $gaps_feed_minutes
    AND CAST(followed.n_hour AS DOUBLE) / 60e0 >= $gaps_feed_ships
UNION ALL
SELECT
    source,
    region,
    CASE WHEN region IS NULL THEN -90e0 ELSE south END AS south,
    CASE WHEN region IS NULL THEN -180e0 ELSE west END AS west,
    CASE WHEN region IS NULL THEN 90e0 ELSE north END AS north,
    CASE WHEN region IS NULL THEN 180e0 ELSE east END AS east,
    date_diff('second', TIMESTAMP '1970-01-01 00:00:00', from_at) AS from_t_s,
    date_diff('second', TIMESTAMP '1970-01-01 00:00:00', to_at) AS to_t_s,
    FALSE AS is_open,
    TRUE AS is_recorded,
    why,
    CAST(NULL AS DOUBLE) AS ships_a_minute
FROM said_holes
