-- One row is a port that a ship declared (contract: pipeline/schema.txt): over AIS, as a span in which its destination
-- named the same port, or to a port authority, as the port before or after a call. Of a call told more than once the
-- newest word counts. Reads ship_statics, destination_ports (text, port_id), said_declarations, witness_visits,
-- witness_ships, port_calls. Settings: port_calls.shift_hours.
WITH
said AS (
    SELECT
        ship_statics.vessel_id AS vessel_id,
        ship_statics.mmsi AS mmsi,
        ship_statics.first_t_s AS first_t_s,
        ship_statics.last_t_s AS last_t_s,
        ship_statics.destination AS destination,
        destination_ports.port_id AS port_id
    FROM ship_statics
    LEFT JOIN destination_ports ON ship_statics.destination = destination_ports.text
    WHERE ship_statics.destination IS NOT NULL
),

followed AS (
    SELECT
        *,
        CASE
            WHEN coalesce(lag(port_id) OVER w, '') = coalesce(port_id, '') AND lag(mmsi) OVER w IS NOT NULL THEN 0
            ELSE 1
        END AS is_new
    FROM said
    WINDOW w AS (PARTITION BY vessel_id ORDER BY first_t_s, last_t_s, destination, mmsi)
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(is_new) OVER (
                PARTITION BY vessel_id ORDER BY first_t_s, last_t_s, destination, mmsi
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS span_no
    FROM followed
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vessel_id, span_no ORDER BY first_t_s, last_t_s, destination, mmsi
        ) AS from_start
    FROM numbered
),

-- spans of what resolves to no port too: they end the one before
spans AS (
    SELECT
        vessel_id,
        span_no,
        max(CASE WHEN from_start = 1 THEN mmsi END) AS mmsi,
        max(CASE WHEN from_start = 1 THEN destination END) AS declared_text,
        max(port_id) AS port_id,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s
    FROM ranked
    GROUP BY vessel_id, span_no
),

replaced AS (
    SELECT
        *,
        lead(first_t_s) OVER (PARTITION BY vessel_id ORDER BY span_no) AS replaced_t_s
    FROM spans
),

newest AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY witness, call_ref, relation ORDER BY declared_at DESC, visit_id DESC, file_id
        ) AS choice
    FROM said_declarations
),

told AS (
    SELECT
        newest.witness AS witness,
        newest.call_ref AS call_ref,
        newest.relation AS relation,
        newest.declared_text AS declared_text,
        newest.declared_at AS declared_at,
        newest.file_id AS file_id,
        newest.is_noncommercial AS is_noncommercial,
        witness_ships.vessel_id AS vessel_id,
        witness_ships.mmsi AS mmsi,
        witness_visits.port_id AS called_port_id,
        witness_visits.start_t_s AS start_t_s,
        coalesce(witness_visits.end_t_s, witness_visits.start_t_s) AS until_t_s
    FROM newest
    INNER JOIN witness_visits
        ON newest.witness = witness_visits.witness AND newest.visit_id = witness_visits.visit_id
    INNER JOIN witness_ships
        ON
            newest.witness = witness_ships.witness
            AND newest.visit_id = witness_ships.ref_id
            AND witness_ships.part = 1
    WHERE newest.choice = 1
),

called AS (
    SELECT
        told.witness AS witness,
        told.call_ref AS call_ref,
        told.relation AS relation,
        port_calls.port_call_id AS port_call_id,
        row_number() OVER (
            PARTITION BY told.witness, told.call_ref, told.relation
            ORDER BY
                abs(date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) - told.start_t_s),
                port_calls.port_call_id
        ) AS choice
    FROM told
    INNER JOIN port_calls
        ON
            told.vessel_id = port_calls.vessel_id
            AND told.called_port_id = port_calls.port_id
            AND CAST(
                date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) - told.until_t_s AS DOUBLE
            ) <= $port_calls_shift_hours * 3600e0
            AND CAST(
                told.start_t_s - date_diff(
                    'second',
                    TIMESTAMP '1970-01-01 00:00:00',
                    coalesce(port_calls.departed_at, port_calls.arrived_at)
                ) AS DOUBLE
            ) <= $port_calls_shift_hours * 3600e0
)

SELECT
    substr(
        md5(concat_ws('|', 'declared', vessel_id, port_id, CAST(first_t_s AS VARCHAR))), 1, 16
    ) AS declaration_id,
    vessel_id,
    mmsi,
    'ais' AS source,
    'destination' AS relation,
    declared_text,
    port_id,
    TIMESTAMP '1970-01-01 00:00:00' + first_t_s * INTERVAL '1' SECOND AS declared_at,
    TIMESTAMP '1970-01-01 00:00:00' + last_t_s * INTERVAL '1' SECOND AS last_declared_at,
    TIMESTAMP '1970-01-01 00:00:00' + replaced_t_s * INTERVAL '1' SECOND AS replaced_at,
    CAST(NULL AS VARCHAR) AS port_call_id,
    CAST(NULL AS VARCHAR) AS file_id,
    FALSE AS is_noncommercial
FROM replaced
WHERE port_id IS NOT NULL
UNION ALL
SELECT
    substr(
        md5(concat_ws('|', 'declared', told.witness, told.call_ref, told.relation)), 1, 16
    ) AS declaration_id,
    told.vessel_id AS vessel_id,
    told.mmsi AS mmsi,
    told.witness AS source,
    told.relation AS relation,
    told.declared_text AS declared_text,
    destination_ports.port_id AS port_id,
    told.declared_at AS declared_at,
    told.declared_at AS last_declared_at,
    CAST(NULL AS TIMESTAMP) AS replaced_at,
    called.port_call_id AS port_call_id,
    told.file_id AS file_id,
    told.is_noncommercial AS is_noncommercial
FROM told
LEFT JOIN destination_ports ON told.declared_text = destination_ports.text
LEFT JOIN called
    ON
        told.witness = called.witness
        AND told.call_ref = called.call_ref
        AND told.relation = called.relation
        AND called.choice = 1
