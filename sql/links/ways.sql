-- One row is ship B's way from one transfer to its arrival, or so far: how many ports it called at (at berth), for how long
-- at most, whether it lay higher after one of them, and its draught at the Russian call. Reads candidates, port_calls.
-- Settings: none.
WITH
trips AS (
    SELECT DISTINCT
        stay_id,
        to_vessel_id AS vessel_id,
        to_end_t_s AS end_t_s,
        arrived_t_s,
        until_t_s,
        russia_port_call_id AS port_call_id
    FROM candidates
),

between_calls AS (
    SELECT
        trips.stay_id AS stay_id,
        CAST(count(port_calls.port_call_id) AS INTEGER) AS n_calls,
        max(port_calls.draught_in_m - port_calls.draught_out_m) AS landed_m,
        max(
            CAST(date_diff('second', port_calls.arrived_at, port_calls.departed_at) AS DOUBLE) / 3600e0
        ) AS longest_h,
        min(port_calls.port_name) AS a_port_name,
        min(port_calls.port_call_id) AS a_port_call_id
    FROM trips
    LEFT JOIN port_calls
        ON
            trips.vessel_id = port_calls.vessel_id
            AND (port_calls.kind = 'berth' OR port_calls.witness NOT LIKE 'ais%')
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) > trips.end_t_s
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) < trips.until_t_s
    GROUP BY trips.stay_id
)

SELECT
    trips.stay_id AS stay_id,
    trips.arrived_t_s AS arrived_t_s,
    trips.port_call_id AS russia_port_call_id,
    between_calls.n_calls AS n_calls,
    between_calls.landed_m AS landed_m,
    between_calls.longest_h AS longest_h,
    between_calls.a_port_name AS a_port_name,
    between_calls.a_port_call_id AS a_port_call_id,
    arrival_call.draught_in_m AS arrival_in_m,
    arrival_call.draught_out_m AS arrival_out_m
FROM trips
INNER JOIN between_calls ON trips.stay_id = between_calls.stay_id
LEFT JOIN port_calls AS arrival_call ON trips.port_call_id = arrival_call.port_call_id
