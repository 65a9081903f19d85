-- One row is a silence of one ship, longer than gaps.min_hours (contract: pipeline/schema.txt). The last
-- silence of each ship stays open until it is heard again. It is suspicious where others were heard in the same
-- quarter-degree cell during the first hours of the silence, and the ship did not lie in a port. Reads
-- silences, feed_holes, day_coverage, calls, data_until. Settings: gaps.min_hours, gaps.heard_hours,
-- gaps.heard_ships.
WITH
ends AS (
    SELECT max(t_s) AS t_s FROM data_until
),

-- how long of each silence nobody was heard around: the feed's, not the ship's
unheard AS (
    SELECT
        silences.vessel_id AS vessel_id,
        silences.off_t_s AS off_t_s,
        CAST(
            sum(
                least(feed_holes.to_t_s, coalesce(silences.on_t_s, ends.t_s))
                - greatest(feed_holes.from_t_s, silences.off_t_s)
            ) AS BIGINT
        ) AS unheard_s
    FROM silences
    CROSS JOIN ends
    INNER JOIN feed_holes
        ON
            CAST(floor((silences.off_lat + 90e0) / 5e0) AS BIGINT) * 1000
            + CAST(floor((silences.off_lon + 180e0) / 5e0) AS BIGINT)
            = feed_holes.area_id
            AND feed_holes.from_t_s < coalesce(silences.on_t_s, ends.t_s)
            AND feed_holes.to_t_s > silences.off_t_s
    GROUP BY silences.vessel_id, silences.off_t_s
),

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
        coalesce(silences.on_t_s, ends.t_s) - silences.off_t_s AS silent_s,
        CAST(floor((silences.off_lat + 90e0) * 4e0) AS BIGINT) * 1000000
        + CAST(floor((silences.off_lon + 180e0) * 4e0) AS BIGINT) AS cell_id,
        111.195e0 * degrees(
            2e0 * asin(
                sqrt(
                    least(
                        1e0,
                        power(sin(radians((silences.on_lat - silences.off_lat) / 2e0)), 2)
                        + cos(radians(silences.off_lat)) * cos(radians(silences.on_lat))
                        * power(sin(radians((silences.on_lon - silences.off_lon) / 2e0)), 2)
                    )
                )
            )
        ) AS distance_km
    FROM silences
    CROSS JOIN ends
    LEFT JOIN unheard ON silences.vessel_id = unheard.vessel_id AND silences.off_t_s = unheard.off_t_s
    WHERE
        CAST(
            coalesce(silences.on_t_s, ends.t_s) - silences.off_t_s - coalesce(unheard.unheard_s, 0) AS DOUBLE
        ) > $gaps_min_hours * 3600e0
),

-- the cell and the eight around it: a ship at a cell's edge has its neighbours next door
beside AS (
    SELECT * FROM (VALUES (-1), (0), (1)) AS offsets (k)
),

heard AS (
    SELECT
        long.vessel_id AS vessel_id,
        long.off_t_s AS off_t_s,
        CAST(sum(day_coverage.n_ships) AS BIGINT) AS n_ship_hours
    FROM long
    CROSS JOIN beside AS north
    CROSS JOIN beside AS east
    INNER JOIN day_coverage
        ON
            long.cell_id + north.k * 1000000 + east.k = day_coverage.cell_id
            AND day_coverage.hour > long.off_t_s // 3600
            AND day_coverage.hour <= long.off_t_s // 3600 + CAST(round($gaps_heard_hours) AS BIGINT)
    GROUP BY long.vessel_id, long.off_t_s
),

in_port AS (
    SELECT DISTINCT
        long.vessel_id AS vessel_id,
        long.off_t_s AS off_t_s
    FROM long
    INNER JOIN calls
        ON
            long.vessel_id = calls.vessel_id
            AND long.off_t_s BETWEEN calls.arrived_t_s AND calls.departed_t_s
)

SELECT
    substr(
        md5(concat_ws('|', 'gap', long.vessel_id, CAST(long.off_t_s AS VARCHAR))), 1, 16
    ) AS gap_id,
    long.vessel_id AS vessel_id,
    long.mmsi AS mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + long.off_t_s * INTERVAL '1' SECOND AS off_at,
    TIMESTAMP '1970-01-01 00:00:00' + long.on_t_s * INTERVAL '1' SECOND AS on_at,
    CAST(long.silent_s AS DOUBLE) / 3600e0 AS duration_h,
    long.off_lat AS off_lat,
    long.off_lon AS off_lon,
    long.on_lat AS on_lat,
    long.on_lon AS on_lon,
    long.distance_km AS distance_km,
    long.distance_km / 1.852e0 / (CAST(long.silent_s AS DOUBLE) / 3600e0) AS implied_speed_kn,
    coalesce(
        CAST(heard.n_ship_hours AS DOUBLE) >= $gaps_heard_ships * $gaps_heard_hours AND in_port.vessel_id IS NULL, FALSE
    ) AS is_suspicious
FROM long
LEFT JOIN heard ON long.vessel_id = heard.vessel_id AND long.off_t_s = heard.off_t_s
LEFT JOIN in_port ON long.vessel_id = in_port.vessel_id AND long.off_t_s = in_port.off_t_s
