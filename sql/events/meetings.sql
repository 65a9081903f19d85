-- One row is a meeting of two ships before it is dressed with names: runs of consecutive slots in which both lay
-- within encounters.max_distance_m, each long and slow enough by itself (so that single close points never add
-- up), then those of one pair less than encounters.merge_gap_hours apart joined. Reads day_pair_slots,
-- ship_pieces. Settings: encounters.grid_minutes, min_duration_minutes, max_speed_kn, max_speed_underway_kn,
-- max_distance_underway_m, merge_gap_hours.
WITH
owned AS (
    SELECT
        a.vessel_id AS vessel_id_1,
        b.vessel_id AS vessel_id_2,
        s.mmsi_1 AS mmsi_1,
        s.mmsi_2 AS mmsi_2,
        s.slot AS slot,
        s.distance_m AS distance_m,
        s.speed_kn AS speed_kn,
        s.lat AS lat,
        s.lon AS lon
    FROM day_pair_slots AS s
    INNER JOIN ship_pieces AS a ON s.day = a.day AND s.mmsi_1 = a.mmsi AND s.piece_1 = a.piece
    INNER JOIN ship_pieces AS b ON s.day = b.day AND s.mmsi_2 = b.mmsi AND s.piece_2 = b.piece
    WHERE a.vessel_id <> b.vessel_id
),

one_a_slot AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vessel_id_1, vessel_id_2, slot ORDER BY mmsi_1, mmsi_2, CAST(round(distance_m * 1000e0) AS BIGINT)
        ) AS choice
    FROM owned
),

islands AS (
    SELECT
        *,
        slot - row_number() OVER (PARTITION BY vessel_id_1, vessel_id_2 ORDER BY slot) AS island
    FROM one_a_slot
    WHERE choice = 1
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
