-- One row is one ship's draught before and after one moment of a candidate (its meeting or call): the last one
-- sent up to its begin, and the last one sent from there until three days after its end or the ship's next call.
-- Reads moments (vessel_id, start_t_s, end_t_s, until_t_s), static_changes. Settings: none.
WITH
asked AS (
    SELECT
        vessel_id,
        start_t_s,
        end_t_s,
        start_t_s AS t_s,
        1 AS moment
    FROM moments
    UNION ALL
    SELECT
        vessel_id,
        start_t_s,
        end_t_s,
        until_t_s AS t_s,
        2 AS moment
    FROM moments
),

lined_up AS (
    SELECT
        vessel_id,
        NULL AS start_t_s,
        NULL AS end_t_s,
        t_s,
        0 AS moment,
        draught_m,
        destination
    FROM static_changes
    UNION ALL
    SELECT
        vessel_id,
        start_t_s,
        end_t_s,
        t_s,
        moment,
        NULL AS draught_m,
        NULL AS destination
    FROM asked
),

told AS (
    SELECT
        vessel_id,
        start_t_s,
        end_t_s,
        moment,
        last_value(draught_m IGNORE NULLS) OVER (
            PARTITION BY vessel_id ORDER BY t_s, moment, start_t_s, end_t_s
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS draught_m,
        last_value(destination IGNORE NULLS) OVER (
            PARTITION BY vessel_id ORDER BY t_s, moment, start_t_s, end_t_s
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS destination
    FROM lined_up
)

SELECT
    vessel_id,
    start_t_s,
    end_t_s,
    max(CASE WHEN moment = 1 THEN draught_m END) AS before_m,
    max(CASE WHEN moment = 2 THEN draught_m END) AS after_m,
    max(CASE WHEN moment = 2 THEN destination END) AS destination
FROM told
WHERE moment > 0
GROUP BY vessel_id, start_t_s, end_t_s
