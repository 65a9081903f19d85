-- One row is a ship's arrival in Russia, or in a port that Russia controls (contract: pipeline/schema.txt): by a stop
-- seen there, by the gate beyond which it was not seen to stop, or by what was declared. Reads stop_arrivals,
-- gate_arrivals, declared_arrivals. Settings: none.
SELECT
    arrival_id,
    vessel_id,
    mmsi,
    port_id,
    arrived_at,
    'stop' AS basis,
    port_call_id,
    confidence,
    CAST(NULL AS DOUBLE) AS p_no_transfer,
    is_noncommercial,
    arrived_at AS arrived_from_at,
    arrived_at AS arrived_to_at,
    'seen' AS port_basis,
    CAST(NULL AS VARCHAR) AS gate_id,
    CAST(NULL AS TIMESTAMP) AS gate_in_at,
    CAST(NULL AS TIMESTAMP) AS gate_out_at,
    CAST(NULL AS DOUBLE) AS draught_in_m,
    CAST(NULL AS DOUBLE) AS draught_out_m,
    CAST(NULL AS VARCHAR) AS declaration_id
FROM stop_arrivals
UNION ALL
SELECT
    arrival_id,
    vessel_id,
    mmsi,
    port_id,
    TIMESTAMP '1970-01-01 00:00:00' + t_s * INTERVAL '1' SECOND AS arrived_at,
    'gate' AS basis,
    port_call_id,
    confidence,
    CAST(NULL AS DOUBLE) AS p_no_transfer,
    FALSE AS is_noncommercial,
    TIMESTAMP '1970-01-01 00:00:00' + from_t_s * INTERVAL '1' SECOND AS arrived_from_at,
    TIMESTAMP '1970-01-01 00:00:00' + latest_t_s * INTERVAL '1' SECOND AS arrived_to_at,
    port_basis,
    gate_id,
    TIMESTAMP '1970-01-01 00:00:00' + in_t_s * INTERVAL '1' SECOND AS gate_in_at,
    TIMESTAMP '1970-01-01 00:00:00' + out_t_s * INTERVAL '1' SECOND AS gate_out_at,
    draught_in_m,
    draught_out_m,
    declaration_id
FROM gate_arrivals
UNION ALL
SELECT
    arrival_id,
    vessel_id,
    mmsi,
    port_id,
    TIMESTAMP '1970-01-01 00:00:00' + t_s * INTERVAL '1' SECOND AS arrived_at,
    'declared' AS basis,
    CAST(NULL AS VARCHAR) AS port_call_id,
    confidence,
    CAST(NULL AS DOUBLE) AS p_no_transfer,
    is_noncommercial,
    TIMESTAMP '1970-01-01 00:00:00' + from_t_s * INTERVAL '1' SECOND AS arrived_from_at,
    TIMESTAMP '1970-01-01 00:00:00' + latest_t_s * INTERVAL '1' SECOND AS arrived_to_at,
    'declared' AS port_basis,
    CAST(NULL AS VARCHAR) AS gate_id,
    CAST(NULL AS TIMESTAMP) AS gate_in_at,
    CAST(NULL AS TIMESTAMP) AS gate_out_at,
    CAST(NULL AS DOUBLE) AS draught_in_m,
    CAST(NULL AS DOUBLE) AS draught_out_m,
    declaration_id
FROM declared_arrivals
