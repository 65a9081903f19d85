-- One row is a silence of one ship that is long enough to ask about: how much of it nobody could hear (unheard_s), and
-- whether others were heard around while it began (others_heard). A hole of a source excuses a ship's silence where
-- that source had heard the ship in the gaps.heard_hours before, lasts gaps.feed_minutes, and holds the place of its
-- last report; but not where, in the first gaps.heard_hours of it, any source heard others there. "Others" are
-- gaps.heard_ships ships an hour on average, and somebody in each hour, in the quarter-degree cell or the eight
-- around it, by the source that heard most. Only whole hours count.
-- Reads silences, feed_holes, day_coverage, day_files, data_until. Settings: gaps.min_hours, gaps.heard_hours,
-- gaps.heard_ships, gaps.feed_minutes, loitering.dark_hours (the shortest silence that anything asks about).
WITH
long AS (
    SELECT
        silences.vessel_id AS vessel_id,
        silences.mmsi AS mmsi,
        silences.off_t_s AS off_t_s,
        silences.off_lat AS off_lat,
        silences.off_lon AS off_lon,
        silences.on_t_s AS on_t_s,
        silences.on_lat AS on_lat,
        silences.on_lon AS on_lon,
        coalesce(silences.on_t_s, data_until.t_s) AS end_t_s,
        CAST(floor((silences.off_lat + 90e0) * 4e0) AS BIGINT) * 1000000
        + CAST(floor((silences.off_lon + 180e0) * 4e0) AS BIGINT) AS cell_id
    FROM silences
    CROSS JOIN data_until
    WHERE
        CAST(coalesce(silences.on_t_s, data_until.t_s) - silences.off_t_s AS DOUBLE)
        >= least($gaps_min_hours, $loitering_dark_hours) * 3600e0
),

-- the part of a silence that lies within a hole there
met AS (
    SELECT
        long.vessel_id AS vessel_id,
        long.mmsi AS mmsi,
        long.off_t_s AS off_t_s,
        long.cell_id AS cell_id,
        feed_holes.source AS source,
        greatest(feed_holes.from_t_s, long.off_t_s) AS from_t_s,
        least(feed_holes.to_t_s, long.end_t_s) AS to_t_s
    FROM long
    INNER JOIN feed_holes
        ON
            feed_holes.from_t_s < long.end_t_s
            AND feed_holes.to_t_s > long.off_t_s
            AND long.off_lat BETWEEN feed_holes.south AND feed_holes.north
            AND long.off_lon BETWEEN feed_holes.west AND feed_holes.east
    WHERE CAST(feed_holes.to_t_s - feed_holes.from_t_s AS DOUBLE) >= $gaps_feed_minutes * 60e0
),

-- the day of the silence and the day before
days AS (
    SELECT * FROM (VALUES (0), (1)) AS back (k)
),

followed AS (
    SELECT DISTINCT
        met.vessel_id AS vessel_id,
        met.off_t_s AS off_t_s,
        met.cell_id AS cell_id,
        met.from_t_s AS from_t_s,
        met.to_t_s AS to_t_s
    FROM met
    CROSS JOIN days
    INNER JOIN day_files
        ON
            met.mmsi = day_files.mmsi
            AND met.source = day_files.source
            AND met.off_t_s // 86400 - days.k = day_files.day
            AND day_files.first_t_s <= met.off_t_s
            AND day_files.last_t_s >= met.off_t_s - CAST(round($gaps_heard_hours * 3600e0) AS BIGINT)
    WHERE day_files.n_reports > 0
),

-- where and when it matters whether others were heard: from the beginning of each silence, and of each hole in one
asked AS (
    SELECT
        vessel_id,
        off_t_s,
        cell_id,
        off_t_s AS from_t_s,
        end_t_s AS to_t_s,
        0 AS is_hole
    FROM long
    UNION ALL
    SELECT
        vessel_id,
        off_t_s,
        cell_id,
        from_t_s,
        to_t_s,
        1 AS is_hole
    FROM followed
),

timed AS (
    SELECT
        vessel_id,
        off_t_s,
        cell_id,
        from_t_s,
        to_t_s,
        is_hole,
        (from_t_s + 3599) // 3600 AS first_hour,
        least(
            to_t_s // 3600, (from_t_s + 3599) // 3600 + CAST(round($gaps_heard_hours) AS BIGINT)
        ) AS end_hour
    FROM asked
),

-- the cell and the eight around it: a ship at a cell's edge has its neighbours next door
beside AS (
    SELECT * FROM (VALUES (-1), (0), (1)) AS offsets (k)
),

by_source AS (
    SELECT
        timed.vessel_id AS vessel_id,
        timed.off_t_s AS off_t_s,
        timed.from_t_s AS from_t_s,
        timed.to_t_s AS to_t_s,
        timed.is_hole AS is_hole,
        timed.end_hour - timed.first_hour AS n_hours,
        day_coverage.hour AS hour,
        day_coverage.source AS source,
        CAST(sum(day_coverage.n_ships) AS BIGINT) AS n_ships
    FROM timed
    CROSS JOIN beside AS north
    CROSS JOIN beside AS east
    INNER JOIN day_coverage
        ON
            timed.cell_id + north.k * 1000000 + east.k = day_coverage.cell_id
            AND day_coverage.hour >= timed.first_hour
            AND day_coverage.hour < timed.end_hour
    GROUP BY
        timed.vessel_id,
        timed.off_t_s,
        timed.from_t_s,
        timed.to_t_s,
        timed.is_hole,
        timed.end_hour - timed.first_hour,
        day_coverage.hour,
        day_coverage.source
),

by_hour AS (
    SELECT
        vessel_id,
        off_t_s,
        from_t_s,
        to_t_s,
        is_hole,
        n_hours,
        hour,
        max(n_ships) AS n_ships
    FROM by_source
    GROUP BY vessel_id, off_t_s, from_t_s, to_t_s, is_hole, n_hours, hour
),

heard AS (
    SELECT
        vessel_id,
        off_t_s,
        from_t_s,
        to_t_s,
        is_hole
    FROM by_hour
    GROUP BY vessel_id, off_t_s, from_t_s, to_t_s, is_hole, n_hours
    HAVING count(*) = n_hours AND CAST(sum(n_ships) AS DOUBLE) >= $gaps_heard_ships * CAST(n_hours AS DOUBLE)
),

-- holes of two sources, or of one region and the whole feed, may overlap: each second counts once
excused AS (
    SELECT
        followed.vessel_id AS vessel_id,
        followed.off_t_s AS off_t_s,
        followed.from_t_s AS from_t_s,
        followed.to_t_s AS to_t_s,
        max(followed.to_t_s) OVER (
            PARTITION BY followed.vessel_id, followed.off_t_s ORDER BY followed.from_t_s, followed.to_t_s
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS counted_to_t_s
    FROM followed
    LEFT JOIN heard
        ON
            followed.vessel_id = heard.vessel_id
            AND followed.off_t_s = heard.off_t_s
            AND followed.from_t_s = heard.from_t_s
            AND followed.to_t_s = heard.to_t_s
            AND heard.is_hole = 1
    WHERE heard.vessel_id IS NULL
),

unheard AS (
    SELECT
        vessel_id,
        off_t_s,
        CAST(
            sum(greatest(0, to_t_s - greatest(from_t_s, coalesce(counted_to_t_s, from_t_s)))) AS BIGINT
        ) AS unheard_s
    FROM excused
    GROUP BY vessel_id, off_t_s
)

SELECT
    long.vessel_id AS vessel_id,
    long.mmsi AS mmsi,
    long.off_t_s AS off_t_s,
    long.off_lat AS off_lat,
    long.off_lon AS off_lon,
    long.on_t_s AS on_t_s,
    long.on_lat AS on_lat,
    long.on_lon AS on_lon,
    long.end_t_s AS end_t_s,
    coalesce(unheard.unheard_s, 0) AS unheard_s,
    heard.vessel_id IS NOT NULL AS others_heard
FROM long
LEFT JOIN unheard ON long.vessel_id = unheard.vessel_id AND long.off_t_s = unheard.off_t_s
LEFT JOIN heard ON long.vessel_id = heard.vessel_id AND long.off_t_s = heard.off_t_s AND heard.is_hole = 0
