-- One row is a stay that no arrival in Russia followed within the limit (yet), with what was known before the first day of
-- its month: of the ship's own earlier stays at hubs, of those of its class and of all at this hub, how many went on. A
-- stay whose time was not over by then, and no arrival seen, counts as a failure by the share of the time that was over;
-- all counts are in thousandths. Reads hub_stays, arrivals (vessel_id, t_s), data_end (t_s). Settings:
-- links.max_days_to_russia.
WITH
waiting AS (
    SELECT
        hub_stays.*,
        least(
            data_end.t_s, hub_stays.end_t_s + CAST(floor($links_max_days_to_russia * 86400e0) AS BIGINT)
        ) AS until_t_s,
        CAST(data_end.t_s - hub_stays.end_t_s AS DOUBLE) > $links_max_days_to_russia * 86400e0 AS is_over
    FROM hub_stays
    CROSS JOIN data_end
    WHERE hub_stays.arrival_id IS NULL
),

classes AS (
    SELECT DISTINCT
        waiting.hub_id AS hub_id,
        hub_stays.ship_class AS ship_class,
        waiting.month_t_s AS month_t_s
    FROM waiting
    INNER JOIN hub_stays ON waiting.hub_id = hub_stays.hub_id
),

ships AS (
    SELECT DISTINCT
        vessel_id,
        month_t_s
    FROM waiting
),

of_class AS (
    SELECT
        classes.hub_id AS hub_id,
        classes.ship_class AS ship_class,
        classes.month_t_s AS month_t_s,
        CAST(
            sum(
                CASE
                    WHEN earlier.arrived_t_s < classes.month_t_s THEN 1000
                    ELSE
                        CAST(
                            floor(
                                1000e0 * least(
                                    CAST(classes.month_t_s - earlier.end_t_s AS DOUBLE)
                                    / ($links_max_days_to_russia * 86400e0),
                                    1e0
                                )
                            ) AS BIGINT
                        )
                END
            ) AS BIGINT
        ) AS n_milli,
        CAST(sum(CASE WHEN earlier.arrived_t_s < classes.month_t_s THEN 1000 ELSE 0 END) AS BIGINT) AS went_milli
    FROM classes
    INNER JOIN hub_stays AS earlier
        ON
            classes.hub_id = earlier.hub_id
            AND classes.ship_class = earlier.ship_class
            AND classes.month_t_s > earlier.end_t_s
    GROUP BY classes.hub_id, classes.ship_class, classes.month_t_s
),

of_hub AS (
    SELECT
        hub_id,
        month_t_s,
        CAST(sum(n_milli) AS BIGINT) AS n_milli,
        CAST(sum(went_milli) AS BIGINT) AS went_milli
    FROM of_class
    GROUP BY hub_id, month_t_s
),

of_ship AS (
    SELECT
        ships.vessel_id AS vessel_id,
        ships.month_t_s AS month_t_s,
        CAST(
            sum(
                CASE
                    WHEN earlier.arrived_t_s < ships.month_t_s THEN 1000
                    ELSE
                        CAST(
                            floor(
                                1000e0 * least(
                                    CAST(ships.month_t_s - earlier.end_t_s AS DOUBLE)
                                    / ($links_max_days_to_russia * 86400e0),
                                    1e0
                                )
                            ) AS BIGINT
                        )
                END
            ) AS BIGINT
        ) AS n_milli,
        CAST(sum(CASE WHEN earlier.arrived_t_s < ships.month_t_s THEN 1000 ELSE 0 END) AS BIGINT) AS went_milli
    FROM ships
    INNER JOIN hub_stays AS earlier
        ON ships.vessel_id = earlier.vessel_id AND ships.month_t_s > earlier.end_t_s
    GROUP BY ships.vessel_id, ships.month_t_s
),

served AS (
    SELECT
        ships.vessel_id AS vessel_id,
        ships.month_t_s AS month_t_s,
        CAST(count(*) AS BIGINT) AS n_arrivals
    FROM ships
    INNER JOIN arrivals ON ships.vessel_id = arrivals.vessel_id AND ships.month_t_s > arrivals.t_s
    GROUP BY ships.vessel_id, ships.month_t_s
),

-- how long the way took, in whole days, of stays whose whole time was over before the month: of later ones only the quick
-- would be among them
months AS (
    SELECT DISTINCT month_t_s FROM waiting
),

days_taken AS (
    SELECT
        months.month_t_s AS month_t_s,
        (hub_stays.arrived_t_s - hub_stays.end_t_s) // 86400 AS days,
        CAST(count(*) AS BIGINT) AS n
    FROM months
    INNER JOIN hub_stays
        ON CAST(months.month_t_s - hub_stays.end_t_s AS DOUBLE) > $links_max_days_to_russia * 86400e0
    WHERE hub_stays.arrival_id IS NOT NULL
    GROUP BY months.month_t_s, (hub_stays.arrived_t_s - hub_stays.end_t_s) // 86400
),

slower AS (
    SELECT
        waiting.stay_id AS stay_id,
        CAST(sum(days_taken.n) AS BIGINT) AS n_taken,
        CAST(
            sum(
                CASE WHEN days_taken.days >= (waiting.until_t_s - waiting.end_t_s) // 86400 THEN days_taken.n ELSE 0 END
            ) AS BIGINT
        ) AS n_slower
    FROM waiting
    INNER JOIN days_taken ON waiting.month_t_s = days_taken.month_t_s
    GROUP BY waiting.stay_id
)

SELECT
    waiting.*, -- noqa: AM04
    coalesce(of_hub.n_milli, 0) AS hub_n_milli,
    coalesce(of_hub.went_milli, 0) AS hub_went_milli,
    coalesce(of_class.n_milli, 0) AS class_n_milli,
    coalesce(of_class.went_milli, 0) AS class_went_milli,
    coalesce(of_ship.n_milli, 0) AS ship_n_milli,
    coalesce(of_ship.went_milli, 0) AS ship_went_milli,
    coalesce(served.n_arrivals, 0) AS n_arrivals,
    coalesce(slower.n_taken, 0) AS n_taken,
    coalesce(slower.n_slower, 0) AS n_slower
FROM waiting
LEFT JOIN of_class
    ON
        waiting.hub_id = of_class.hub_id
        AND waiting.ship_class = of_class.ship_class
        AND waiting.month_t_s = of_class.month_t_s
LEFT JOIN of_hub ON waiting.hub_id = of_hub.hub_id AND waiting.month_t_s = of_hub.month_t_s
LEFT JOIN of_ship ON waiting.vessel_id = of_ship.vessel_id AND waiting.month_t_s = of_ship.month_t_s
LEFT JOIN served ON waiting.vessel_id = served.vessel_id AND waiting.month_t_s = served.month_t_s
LEFT JOIN slower ON waiting.stay_id = slower.stay_id
