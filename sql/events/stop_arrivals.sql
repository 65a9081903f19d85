-- One row is a ship's arrival in Russia, or in a port that Russia controls, by a stop there. A call at berth is an
-- arrival. A ship at anchor has arrived only where no berth call in such a port follows within arrivals.anchor_days
-- (else it waited for that berth), nor went before. A call that is a silence alone (confidence 1) counts
-- by its length, and beyond a gate it is left to gate_arrivals.
-- Reads port_calls, ports, gate_stays. Settings: arrivals.anchor_days, arrivals.anchor_hours.
WITH
russian AS (
    SELECT
        port_calls.port_call_id AS port_call_id,
        port_calls.vessel_id AS vessel_id,
        port_calls.mmsi AS mmsi,
        port_calls.port_id AS port_id,
        port_calls.kind AS kind,
        port_calls.arrived_at AS arrived_at,
        port_calls.departed_at AS departed_at,
        CASE
            WHEN port_calls.confidence = 1
                THEN CAST(date_diff('second', port_calls.arrived_at, port_calls.departed_at) AS DOUBLE) / 3600e0
            ELSE port_calls.stopped_h
        END AS stopped_h,
        port_calls.confidence AS confidence,
        port_calls.is_noncommercial AS is_noncommercial,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) AS t_s
    FROM port_calls
    INNER JOIN ports ON port_calls.port_id = ports.port_id
    WHERE ports.controlled_by = 'RU'
),

waiting AS (
    SELECT DISTINCT a.port_call_id AS port_call_id
    FROM russian AS a
    INNER JOIN russian AS b
        ON
            a.vessel_id = b.vessel_id
            AND b.kind = 'berth'
            AND b.t_s > a.t_s
            AND CAST(b.t_s - a.t_s AS DOUBLE) <= $arrivals_anchor_days * 86400e0
    WHERE a.kind = 'anchorage'
),

-- a ship that shifts to the roads after its berth has not arrived again
leaving AS (
    SELECT DISTINCT a.port_call_id AS port_call_id
    FROM russian AS a
    INNER JOIN russian AS b
        ON
            a.vessel_id = b.vessel_id
            AND a.port_id = b.port_id
            AND b.kind = 'berth'
            AND b.t_s < a.t_s
            AND CAST(a.t_s - b.t_s AS DOUBLE) <= $arrivals_anchor_days * 86400e0
    WHERE a.kind = 'anchorage'
),

silent AS (
    SELECT DISTINCT russian.port_call_id AS port_call_id
    FROM russian
    INNER JOIN gate_stays
        ON
            russian.vessel_id = gate_stays.vessel_id
            AND russian.t_s >= gate_stays.first_t_s
            AND russian.t_s <= gate_stays.last_t_s
    WHERE russian.confidence = 1
)

SELECT
    substr(md5(concat_ws('|', 'arrival', russian.port_call_id)), 1, 16) AS arrival_id,
    russian.vessel_id AS vessel_id,
    russian.mmsi AS mmsi,
    russian.port_id AS port_id,
    russian.t_s AS t_s,
    russian.arrived_at AS arrived_at,
    russian.port_call_id AS port_call_id,
    CAST(
        CASE WHEN russian.kind = 'berth' THEN russian.confidence ELSE least(russian.confidence, 2) END AS INTEGER
    ) AS confidence,
    russian.is_noncommercial AS is_noncommercial
FROM russian
LEFT JOIN waiting ON russian.port_call_id = waiting.port_call_id
LEFT JOIN leaving ON russian.port_call_id = leaving.port_call_id
LEFT JOIN silent ON russian.port_call_id = silent.port_call_id
WHERE
    silent.port_call_id IS NULL
    AND (
        russian.kind = 'berth'
        OR (
            waiting.port_call_id IS NULL
            AND leaving.port_call_id IS NULL
            AND russian.stopped_h >= $arrivals_anchor_hours
        )
    )
