-- One row is a time in which nothing at all was heard in an area of five degrees that had been busy: the feed's silence, not
-- its ships'. An area is busy where gaps.feed_ships ships were heard a minute, on average over the hour before. A hole lasts
-- at least gaps.feed_minutes; the last one of an area stays open while other areas are still heard.
-- Reads day_feed, data_until. Settings: gaps.feed_minutes, gaps.feed_ships.
WITH
followed AS (
    SELECT
        area_id,
        minute_no,
        lead(minute_no) OVER (PARTITION BY area_id ORDER BY minute_no) AS next_minute_no,
        sum(n_ships) OVER (
            PARTITION BY area_id ORDER BY minute_no RANGE BETWEEN 59 PRECEDING AND CURRENT ROW
        ) AS n_hour
    FROM day_feed
),

ends AS (
    SELECT max(t_s) // 60 AS minute_no FROM data_until
)

SELECT
    followed.area_id AS area_id,
    CAST(followed.area_id // 1000 AS DOUBLE) * 5e0 - 87.5e0 AS lat,
    CAST(followed.area_id % 1000 AS DOUBLE) * 5e0 - 177.5e0 AS lon,
    (followed.minute_no + 1) * 60 AS from_t_s,
    coalesce(followed.next_minute_no, ends.minute_no) * 60 AS to_t_s,
    followed.next_minute_no IS NULL AS is_open,
    CAST(followed.n_hour AS DOUBLE) / 60e0 AS ships_a_minute
FROM followed
CROSS JOIN ends
WHERE
    CAST(coalesce(followed.next_minute_no, ends.minute_no) - followed.minute_no AS DOUBLE) > $gaps_feed_minutes
    AND CAST(followed.n_hour AS DOUBLE) / 60e0 >= $gaps_feed_ships
