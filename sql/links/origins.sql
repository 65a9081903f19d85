-- One row is where a ship came from before one moment: its last call at berth in another port within 60 days before it.
-- Reads moments (vessel_id, start_t_s), port_calls, ports. Settings: none.
WITH
asked AS (
    SELECT DISTINCT
        vessel_id,
        start_t_s
    FROM moments
),

before AS (
    SELECT
        asked.vessel_id AS vessel_id,
        asked.start_t_s AS start_t_s,
        port_calls.port_id AS port_id,
        port_calls.port_name AS port_name,
        port_calls.port_call_id AS port_call_id,
        ports.controlled_by AS controlled_by,
        row_number() OVER (
            PARTITION BY asked.vessel_id, asked.start_t_s ORDER BY port_calls.arrived_at DESC, port_calls.port_call_id
        ) AS choice
    FROM asked
    INNER JOIN port_calls
        ON
            asked.vessel_id = port_calls.vessel_id
            AND (port_calls.kind = 'berth' OR port_calls.witness NOT LIKE 'ais%')
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) < asked.start_t_s
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at)
            >= asked.start_t_s - 5184000
    INNER JOIN ports ON port_calls.port_id = ports.port_id
)

SELECT
    vessel_id,
    start_t_s,
    port_id,
    port_name,
    port_call_id,
    controlled_by
FROM before
WHERE choice = 1
