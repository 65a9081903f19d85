-- One row is a pair of calls at one hub: ship A's, and a call of ship B during it or within links.max_days_at_hub
-- after it, with B's first arrival in Russia after that call, within links.max_days_to_russia. Reads port_calls,
-- hubs, russia_arrivals, vessels. Settings: links.max_days_at_hub, links.max_days_to_russia.
WITH
hub_calls AS (
    SELECT
        port_calls.port_call_id AS port_call_id,
        port_calls.vessel_id AS vessel_id,
        port_calls.mmsi AS mmsi,
        port_calls.port_id AS hub_id,
        port_calls.departed_at AS departed_at,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.departed_at) AS end_t_s
    FROM port_calls
    INNER JOIN hubs ON port_calls.port_id = hubs.hub_id
    INNER JOIN vessels ON port_calls.vessel_id = vessels.vessel_id
    WHERE
        hubs.kind = 'port'
        AND hubs.tier = 1
        -- what others tell of a stay at anchor hides whether the ship berthed too
        AND (port_calls.kind = 'berth' OR port_calls.witness NOT LIKE 'ais%')
        AND port_calls.departed_at IS NOT NULL
        AND coalesce(vessels.ship_type, 'cargo') IN ('cargo', 'tanker')
),

arriving AS (
    SELECT
        hub_calls.port_call_id AS port_call_id,
        russia_arrivals.arrival_id AS arrival_id,
        row_number() OVER (
            PARTITION BY hub_calls.port_call_id ORDER BY russia_arrivals.arrived_at, russia_arrivals.arrival_id
        ) AS choice
    FROM hub_calls
    INNER JOIN russia_arrivals
        ON
            hub_calls.vessel_id = russia_arrivals.vessel_id
            AND russia_arrivals.arrived_at > hub_calls.departed_at
            AND CAST(
                date_diff('second', hub_calls.departed_at, russia_arrivals.arrived_at) AS DOUBLE
            ) <= $links_max_days_to_russia * 86400e0
)

SELECT
    'port_relay' AS pattern,
    b.hub_id AS hub_id,
    CAST(NULL AS VARCHAR) AS encounter_id,
    a.port_call_id AS from_port_call_id,
    b.port_call_id AS to_port_call_id,
    arriving.arrival_id AS arrival_id,
    a.vessel_id AS from_vessel_id,
    a.mmsi AS from_mmsi,
    b.vessel_id AS to_vessel_id,
    b.mmsi AS to_mmsi,
    a.start_t_s AS from_start_t_s,
    a.end_t_s AS from_end_t_s,
    b.start_t_s AS to_start_t_s,
    b.end_t_s AS to_end_t_s,
    CAST(NULL AS DOUBLE) AS duration_h,
    CAST(NULL AS DOUBLE) AS median_distance_m,
    CAST(NULL AS VARCHAR) AS meeting_kind
FROM hub_calls AS b
INNER JOIN arriving ON b.port_call_id = arriving.port_call_id AND arriving.choice = 1
INNER JOIN hub_calls AS a
    ON
        b.hub_id = a.hub_id
        AND b.vessel_id <> a.vessel_id
        AND a.start_t_s < b.end_t_s
        AND CAST(b.start_t_s - a.end_t_s AS DOUBLE) <= $links_max_days_at_hub * 86400e0
