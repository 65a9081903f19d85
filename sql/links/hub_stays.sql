-- One row is a ship's stay at a hub, as a call or as one side of a meeting, with its first arrival in Russia by stop or gate
-- within links.max_days_to_russia after it, where there is one. Reads hub_calls, encounters, vessels, arrivals (arrival_id,
-- vessel_id, port_call_id, t_s). Settings: links.max_days_to_russia.
WITH
stays AS (
    SELECT
        port_call_id AS stay_id,
        vessel_id,
        hub_id,
        start_t_s,
        end_t_s
    FROM hub_calls
    UNION ALL
    SELECT
        encounter_id || '|' || vessel_id_1 AS stay_id,
        vessel_id_1 AS vessel_id,
        hub_id,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', started_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', ended_at) AS end_t_s
    FROM encounters
    WHERE kind <> 'service' AND hub_id IS NOT NULL
    UNION ALL
    SELECT
        encounter_id || '|' || vessel_id_2 AS stay_id,
        vessel_id_2 AS vessel_id,
        hub_id,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', started_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', ended_at) AS end_t_s
    FROM encounters
    WHERE kind <> 'service' AND hub_id IS NOT NULL
),

arriving AS (
    SELECT
        stays.stay_id AS stay_id,
        arrivals.arrival_id AS arrival_id,
        arrivals.port_call_id AS port_call_id,
        arrivals.port_id AS port_id,
        arrivals.t_s AS t_s,
        row_number() OVER (PARTITION BY stays.stay_id ORDER BY arrivals.t_s, arrivals.arrival_id) AS choice
    FROM stays
    INNER JOIN arrivals
        ON
            stays.vessel_id = arrivals.vessel_id
            AND arrivals.t_s > stays.end_t_s
            AND CAST(arrivals.t_s - stays.end_t_s AS DOUBLE) <= $links_max_days_to_russia * 86400e0
)

SELECT
    stays.stay_id AS stay_id,
    stays.vessel_id AS vessel_id,
    stays.hub_id AS hub_id,
    stays.start_t_s AS start_t_s,
    stays.end_t_s AS end_t_s,
    date_diff(
        'second',
        TIMESTAMP '1970-01-01 00:00:00',
        CAST(
            date_trunc(
                'month', TIMESTAMP '1970-01-01 00:00:00' + stays.start_t_s * INTERVAL '1' SECOND
            ) AS TIMESTAMP
        )
    ) AS month_t_s,
    coalesce(vessels.ship_type, 'other')
    || CASE
        WHEN vessels.length_m IS NULL THEN ''
        WHEN vessels.length_m >= 175e0 THEN ' ships of 175 m and more'
        ELSE ' ships under 175 m'
    END AS ship_class,
    coalesce(vessels.ship_type, '') = 'tanker' AS is_tanker,
    coalesce(vessels.name, 'The ship with MMSI ' || CAST(vessels.mmsi AS VARCHAR)) AS ship,
    arriving.arrival_id AS arrival_id,
    arriving.port_call_id AS russia_port_call_id,
    arriving.port_id AS russia_port_id,
    arriving.t_s AS arrived_t_s
FROM stays
INNER JOIN vessels ON stays.vessel_id = vessels.vessel_id
LEFT JOIN arriving ON stays.stay_id = arriving.stay_id AND arriving.choice = 1
