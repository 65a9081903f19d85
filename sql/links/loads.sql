-- One row is what a ship last did with its cargo before one moment, by its own word: 'laden' where the last marked change
-- of the draught that it sent was a rise, 'ballast' where it was a fall. A ship of which no such change was heard has
-- no row. Reads moments (vessel_id, start_t_s), static_changes. Settings: links.draught_change_much_share.
WITH
told AS (
    SELECT
        vessel_id,
        t_s,
        draught_m,
        lag(draught_m) OVER (PARTITION BY vessel_id ORDER BY t_s, draught_m) AS before_m
    FROM static_changes
    WHERE draught_m IS NOT NULL
),

lined_up AS (
    SELECT
        vessel_id,
        t_s,
        0 AS moment,
        CASE WHEN draught_m > before_m THEN 'laden' ELSE 'ballast' END AS load
    FROM told
    WHERE abs(draught_m - before_m) >= $links_draught_change_much_share * before_m
    UNION ALL
    SELECT DISTINCT
        vessel_id,
        start_t_s AS t_s,
        1 AS moment,
        CAST(NULL AS VARCHAR) AS load
    FROM moments
),

followed AS (
    SELECT
        vessel_id,
        t_s,
        moment,
        last_value(load IGNORE NULLS) OVER (
            PARTITION BY vessel_id ORDER BY t_s, moment ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS load
    FROM lined_up
)

SELECT
    vessel_id,
    t_s AS start_t_s,
    load
FROM followed
WHERE moment = 1 AND load IS NOT NULL
