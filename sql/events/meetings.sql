-- One row is a meeting of two ships before it is dressed with names: runs of consecutive slots in which both lay
-- within encounters.max_distance_m, each long and slow enough by itself (so that single close points never add
-- up), then those of one pair less than encounters.merge_gap_hours apart joined. Reads beside.
-- Settings: encounters.grid_minutes, min_duration_minutes, max_speed_kn, max_speed_underway_kn,
-- max_distance_underway_m, merge_gap_hours.
WITH
islands AS (
    SELECT
        *,
        slot - row_number() OVER (PARTITION BY vessel_id_1, vessel_id_2 ORDER BY slot) AS island
    FROM beside
),

runs AS (
    SELECT
        vessel_id_1,
        vessel_id_2,
        island,
        min(mmsi_1) AS mmsi_1,
        min(mmsi_2) AS mmsi_2,
        min(slot) AS first_slot,
        max(slot) AS last_slot,
        median(distance_m) AS median_distance_m,
        median(speed_kn) AS median_speed_kn
    FROM islands
    GROUP BY vessel_id_1, vessel_id_2, island
),

meant AS (
    SELECT
        *,
        CASE WHEN coalesce(median_speed_kn, 0e0) > $encounters_max_speed_kn THEN 1 ELSE 0 END AS underway
    FROM runs
    WHERE
        CAST((last_slot - first_slot) * CAST($encounters_grid_minutes AS BIGINT) AS DOUBLE)
        >= $encounters_min_duration_minutes
        AND (
            coalesce(median_speed_kn, 0e0) <= $encounters_max_speed_kn
            OR (
                median_speed_kn <= $encounters_max_speed_underway_kn
                AND median_distance_m <= $encounters_max_distance_underway_m
            )
        )
),

followed AS (
    SELECT
        *,
        lag(last_slot) OVER (PARTITION BY vessel_id_1, vessel_id_2 ORDER BY first_slot) AS prev_last_slot
    FROM meant
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(
                CASE
                    WHEN
                        CAST(
                            (first_slot - prev_last_slot) * 60 * CAST($encounters_grid_minutes AS BIGINT) AS DOUBLE
                        ) < $encounters_merge_gap_hours * 3600e0
                        THEN 0
                    ELSE 1
                END
            ) OVER (
                PARTITION BY vessel_id_1, vessel_id_2 ORDER BY first_slot
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS meeting_no
    FROM followed
),

spans AS (
    SELECT
        vessel_id_1,
        vessel_id_2,
        meeting_no,
        min(mmsi_1) AS mmsi_1,
        min(mmsi_2) AS mmsi_2,
        min(first_slot) AS first_slot,
        max(last_slot) AS last_slot,
        max(underway) AS underway
    FROM numbered
    GROUP BY vessel_id_1, vessel_id_2, meeting_no
)

SELECT
    spans.vessel_id_1 AS vessel_id_1,
    spans.vessel_id_2 AS vessel_id_2,
    spans.meeting_no AS meeting_no,
    spans.mmsi_1 AS mmsi_1,
    spans.mmsi_2 AS mmsi_2,
    spans.first_slot AS first_slot,
    spans.last_slot AS last_slot,
    spans.underway AS underway,
    CAST(count(*) AS BIGINT) AS n_slots,
    CAST(sum(CAST(round(islands.lat * 1000000e0) AS BIGINT)) AS DOUBLE) / CAST(count(*) AS DOUBLE) / 1000000e0 AS lat,
    median(islands.lon) AS lon,
    median(islands.distance_m) AS median_distance_m,
    median(islands.speed_kn) AS median_speed_kn
FROM spans
INNER JOIN islands
    ON
        spans.vessel_id_1 = islands.vessel_id_1
        AND spans.vessel_id_2 = islands.vessel_id_2
        AND islands.slot BETWEEN spans.first_slot AND spans.last_slot
GROUP BY
    spans.vessel_id_1,
    spans.vessel_id_2,
    spans.meeting_no,
    spans.mmsi_1,
    spans.mmsi_2,
    spans.first_slot,
    spans.last_slot,
    spans.underway
