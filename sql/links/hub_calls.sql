-- One row is a call of a cargo ship or tanker at a hub port, with where the ship came from (its berth call before, within
-- 60 days), where it went next, how often it had been there in the 90 days before, and what it then declared. A history is
-- unknown where the data begin less than 30 days before. Reads port_calls, hubs, vessels, ports, destinations (text,
-- port_id). Settings: none.
WITH
berthed AS (
    SELECT
        port_calls.port_call_id AS port_call_id,
        port_calls.vessel_id AS vessel_id,
        port_calls.mmsi AS mmsi,
        port_calls.port_id AS port_id,
        port_calls.port_name AS port_name,
        port_calls.terminal_id AS terminal_id,
        port_calls.lat AS lat,
        port_calls.lon AS lon,
        port_calls.draught_in_m AS draught_in_m,
        port_calls.draught_out_m AS draught_out_m,
        port_calls.destination_text AS destination_text,
        port_calls.is_noncommercial AS is_noncommercial,
        port_calls.departed_at IS NOT NULL AS has_left,
        ports.country AS country,
        ports.controlled_by AS controlled_by,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.departed_at) AS end_t_s
    FROM port_calls
    INNER JOIN ports ON port_calls.port_id = ports.port_id
    -- what others tell of a stay at anchor hides whether the ship berthed too
    WHERE port_calls.kind = 'berth' OR port_calls.witness NOT LIKE 'ais%'
),

begun AS (
    SELECT min(start_t_s) AS t_s
    FROM berthed
),

followed AS (
    SELECT
        *,
        lag(port_call_id) OVER (PARTITION BY vessel_id ORDER BY start_t_s, port_call_id) AS before_call_id,
        lag(port_name) OVER (PARTITION BY vessel_id ORDER BY start_t_s, port_call_id) AS before_name,
        lag(port_id) OVER (PARTITION BY vessel_id ORDER BY start_t_s, port_call_id) AS before_port_id,
        lag(country) OVER (PARTITION BY vessel_id ORDER BY start_t_s, port_call_id) AS before_country,
        lag(controlled_by) OVER (PARTITION BY vessel_id ORDER BY start_t_s, port_call_id) AS before_controlled_by,
        lag(start_t_s) OVER (PARTITION BY vessel_id ORDER BY start_t_s, port_call_id) AS before_t_s,
        lead(port_id) OVER (PARTITION BY vessel_id ORDER BY start_t_s, port_call_id) AS next_port_id,
        count(*) OVER (
            PARTITION BY vessel_id, port_id ORDER BY start_t_s RANGE BETWEEN 7776000 PRECEDING AND 1 PRECEDING
        ) AS n_before,
        lag(start_t_s) OVER (PARTITION BY vessel_id, port_id ORDER BY start_t_s, port_call_id) AS here_before_t_s
    FROM berthed
)

SELECT
    f.port_call_id AS port_call_id,
    f.vessel_id AS vessel_id,
    f.mmsi AS mmsi,
    f.port_id AS hub_id,
    f.port_name AS hub_name,
    f.country AS hub_country,
    hubs.tier AS tier,
    f.terminal_id AS terminal_id,
    f.lat AS lat,
    f.lon AS lon,
    f.start_t_s AS start_t_s,
    f.end_t_s AS end_t_s,
    f.draught_in_m AS draught_in_m,
    f.draught_out_m AS draught_out_m,
    (f.draught_out_m - f.draught_in_m) / nullif(f.draught_in_m, 0e0) AS draught_change,
    f.destination_text AS destination_text,
    said.port_id AS said_port_id,
    said_port.controlled_by AS said_controlled_by,
    f.next_port_id AS next_port_id,
    f.here_before_t_s AS here_before_t_s,
    f.is_noncommercial AS is_noncommercial,
    vessels.ship_type AS ship_type,
    vessels.length_m AS length_m,
    coalesce(vessels.name, 'The ship with MMSI ' || CAST(f.mmsi AS VARCHAR)) AS ship,
    CASE WHEN f.start_t_s - f.before_t_s <= 5184000 THEN f.before_call_id END AS before_call_id,
    CASE WHEN f.start_t_s - f.before_t_s <= 5184000 THEN f.before_port_id END AS before_port_id,
    CASE WHEN f.start_t_s - f.before_t_s <= 5184000 THEN f.before_name END AS before_name,
    CASE WHEN f.start_t_s - f.before_t_s <= 5184000 THEN f.before_country END AS before_country,
    CASE WHEN f.start_t_s - f.before_t_s <= 5184000 THEN f.before_controlled_by END AS before_controlled_by,
    CASE WHEN f.start_t_s - begun.t_s >= 2592000 OR f.n_before > 0 THEN CAST(f.n_before AS INTEGER) END AS n_before,
    CASE
        WHEN vessels.length_m IS NULL THEN 'unknown'
        WHEN vessels.length_m >= 240e0 THEN 'large'
        WHEN vessels.length_m >= 175e0 THEN 'middle'
        WHEN vessels.length_m >= 115e0 THEN 'feeder'
        ELSE 'small'
    END AS size
FROM followed AS f
INNER JOIN hubs ON f.port_id = hubs.hub_id AND hubs.kind = 'port' AND hubs.tier <= 2
INNER JOIN vessels ON f.vessel_id = vessels.vessel_id
CROSS JOIN begun
LEFT JOIN destinations AS said ON f.destination_text = said.text
LEFT JOIN ports AS said_port ON said.port_id = said_port.port_id
WHERE f.has_left AND coalesce(vessels.ship_type, 'cargo') IN ('cargo', 'tanker')
