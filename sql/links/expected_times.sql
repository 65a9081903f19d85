-- One row is a stay whose ship may yet come to Russia, with the port and the window in which it is expected: of an arrival
-- by declaration the span it lies in; else as long after the stay as the ship itself took from this hub to that port
-- before, or else its class before the stay's month (three times or more; of the class the middle eight in ten), else the
-- sea distance at the class's speed and up to links.waiting_days more; each widened by links.window_share, and never
-- before the end of the data. Reads outcomes, expected_ports, hub_stays, sea_legs (hub_id, port_id, nm), data_end (t_s).
-- Settings: links.cargo_kn, links.tanker_kn, links.waiting_days, links.window_share, links.max_days_to_russia.
WITH
waiting AS (
    SELECT
        outcomes.*,
        expected_ports.port_id AS port_id
    FROM outcomes
    INNER JOIN expected_ports ON outcomes.stay_id = expected_ports.stay_id
),

own AS (
    SELECT
        waiting.stay_id AS stay_id,
        CAST(count(*) AS BIGINT) AS n,
        min(hub_stays.arrived_t_s - hub_stays.end_t_s) AS least_s,
        max(hub_stays.arrived_t_s - hub_stays.end_t_s) AS most_s
    FROM waiting
    INNER JOIN hub_stays
        ON
            waiting.vessel_id = hub_stays.vessel_id
            AND waiting.hub_id = hub_stays.hub_id
            AND waiting.port_id = hub_stays.russia_port_id
            AND waiting.start_t_s > hub_stays.arrived_t_s
    GROUP BY waiting.stay_id
),

kinds AS (
    SELECT DISTINCT
        hub_id,
        port_id,
        ship_class,
        month_t_s
    FROM waiting
),

passages AS (
    SELECT
        kinds.hub_id AS hub_id,
        kinds.port_id AS port_id,
        kinds.ship_class AS ship_class,
        kinds.month_t_s AS month_t_s,
        hub_stays.arrived_t_s - hub_stays.end_t_s AS taken_s,
        row_number() OVER (
            PARTITION BY kinds.hub_id, kinds.port_id, kinds.ship_class, kinds.month_t_s
            ORDER BY hub_stays.arrived_t_s - hub_stays.end_t_s, hub_stays.stay_id
        ) AS place,
        count(*) OVER (PARTITION BY kinds.hub_id, kinds.port_id, kinds.ship_class, kinds.month_t_s) AS n
    FROM kinds
    INNER JOIN hub_stays
        ON
            kinds.hub_id = hub_stays.hub_id
            AND kinds.port_id = hub_stays.russia_port_id
            AND kinds.ship_class = hub_stays.ship_class
            AND kinds.month_t_s > hub_stays.arrived_t_s
),

of_class AS (
    SELECT
        hub_id,
        port_id,
        ship_class,
        month_t_s,
        max(n) AS n,
        max(CASE WHEN place = n // 10 + 1 THEN taken_s END) AS least_s,
        max(CASE WHEN place = n - n // 10 THEN taken_s END) AS most_s
    FROM passages
    GROUP BY hub_id, port_id, ship_class, month_t_s
),

sailed AS (
    SELECT
        waiting.stay_id AS stay_id,
        sea_legs.nm / CASE WHEN waiting.is_tanker THEN $links_tanker_kn ELSE $links_cargo_kn END * 3600e0 AS way_s
    FROM waiting
    INNER JOIN sea_legs ON waiting.hub_id = sea_legs.hub_id AND waiting.port_id = sea_legs.port_id
),

spans AS (
    SELECT
        waiting.stay_id AS stay_id,
        waiting.port_id AS port_id,
        waiting.end_t_s AS end_t_s,
        waiting.declared_from_t_s AS declared_from_t_s,
        waiting.declared_to_t_s AS declared_to_t_s,
        CASE
            WHEN own.n >= 3 THEN CAST(own.least_s AS DOUBLE)
            WHEN of_class.n >= 3 THEN CAST(of_class.least_s AS DOUBLE)
            ELSE sailed.way_s
        END AS least_s,
        CASE
            WHEN own.n >= 3 THEN CAST(own.most_s AS DOUBLE)
            WHEN of_class.n >= 3 THEN CAST(of_class.most_s AS DOUBLE)
            ELSE sailed.way_s + $links_waiting_days * 86400e0
        END AS most_s
    FROM waiting
    LEFT JOIN own ON waiting.stay_id = own.stay_id
    LEFT JOIN of_class
        ON
            waiting.hub_id = of_class.hub_id
            AND waiting.port_id = of_class.port_id
            AND waiting.ship_class = of_class.ship_class
            AND waiting.month_t_s = of_class.month_t_s
    LEFT JOIN sailed ON waiting.stay_id = sailed.stay_id
),

windows AS (
    SELECT
        spans.stay_id AS stay_id,
        spans.port_id AS port_id,
        data_end.t_s AS data_end_t_s,
        spans.declared_from_t_s AS declared_from_t_s,
        spans.declared_to_t_s AS declared_to_t_s,
        greatest(
            spans.end_t_s + CAST(floor(spans.least_s * (1e0 - $links_window_share)) AS BIGINT), data_end.t_s
        ) AS from_t_s,
        spans.end_t_s + CAST(
            floor(least(spans.most_s * (1e0 + $links_window_share), $links_max_days_to_russia * 86400e0)) AS BIGINT
        ) AS to_t_s
    FROM spans
    CROSS JOIN data_end
)

SELECT
    stay_id,
    port_id,
    coalesce(declared_from_t_s, from_t_s) AS from_t_s,
    -- who is late is expected within a day
    coalesce(declared_to_t_s, greatest(to_t_s, from_t_s + 86400)) AS to_t_s
FROM windows
