-- One row is a stay whose ship may yet come to Russia, and the port where it is expected: where it arrived by declaration;
-- the one it declared; its own most frequent Russian port; that of its class from this hub; that of all ships. Its own are
-- counted up to the stay, others' up to the stay's month. Reads outcomes, hub_stays, arrivals (vessel_id, port_id, t_s),
-- ports. Settings: none.
WITH
waiting AS (
    SELECT *
    FROM outcomes
    WHERE status IN ('open', 'declared')
),

own AS (
    SELECT
        waiting.stay_id AS stay_id,
        arrivals.port_id AS port_id,
        CAST(count(*) AS BIGINT) AS n
    FROM waiting
    INNER JOIN arrivals ON waiting.vessel_id = arrivals.vessel_id AND waiting.start_t_s > arrivals.t_s
    GROUP BY waiting.stay_id, arrivals.port_id
),

months AS (
    SELECT DISTINCT month_t_s FROM waiting
),

counted AS (
    SELECT
        months.month_t_s AS month_t_s,
        hub_stays.hub_id AS hub_id,
        hub_stays.ship_class AS ship_class,
        hub_stays.russia_port_id AS port_id,
        CAST(count(*) AS BIGINT) AS n
    FROM months
    INNER JOIN hub_stays ON months.month_t_s > hub_stays.arrived_t_s
    GROUP BY months.month_t_s, hub_stays.hub_id, hub_stays.ship_class, hub_stays.russia_port_id
),

overall AS (
    SELECT
        month_t_s,
        port_id,
        CAST(sum(n) AS BIGINT) AS n
    FROM counted
    GROUP BY month_t_s, port_id
),

words AS (
    SELECT
        waiting.stay_id AS stay_id,
        waiting.declared_port_id AS port_id
    FROM waiting
    INNER JOIN ports ON waiting.declared_port_id = ports.port_id
    WHERE ports.controlled_by = 'RU'
),

choices AS (
    SELECT
        stay_id,
        declared_arrival_port_id AS port_id,
        1 AS rank,
        1 AS n
    FROM waiting
    WHERE declared_arrival_port_id IS NOT NULL
    UNION ALL
    SELECT
        stay_id,
        port_id,
        3 AS rank,
        n
    FROM own
    UNION ALL
    SELECT
        stay_id,
        port_id,
        2 AS rank,
        1 AS n
    FROM words
    UNION ALL
    SELECT
        waiting.stay_id AS stay_id,
        counted.port_id AS port_id,
        4 AS rank,
        counted.n AS n
    FROM waiting
    INNER JOIN counted
        ON
            waiting.month_t_s = counted.month_t_s
            AND waiting.hub_id = counted.hub_id
            AND waiting.ship_class = counted.ship_class
    UNION ALL
    SELECT
        waiting.stay_id AS stay_id,
        overall.port_id AS port_id,
        5 AS rank,
        overall.n AS n
    FROM waiting
    INNER JOIN overall ON waiting.month_t_s = overall.month_t_s
),

ranked AS (
    SELECT
        stay_id,
        port_id,
        row_number() OVER (PARTITION BY stay_id ORDER BY rank, n DESC, port_id) AS choice
    FROM choices
)

SELECT
    stay_id,
    port_id
FROM ranked
WHERE choice = 1
