-- One row is what one witness (Global Fishing Watch, a port authority) told of a port call, alone or beside others
-- (contract: pipeline/schema.txt). A visit told as one may be several calls of ours, and then stands with each.
-- Reads told_calls, told_pairs, own_calls. Settings: none.
WITH
taken AS (
    SELECT DISTINCT told_key
    FROM told_pairs
),

alone AS (
    SELECT told_calls.*
    FROM told_calls
    LEFT JOIN taken ON told_calls.key = taken.told_key
    WHERE taken.told_key IS NULL
),

kept AS (
    SELECT
        port_call_id AS key,
        port_call_id
    FROM own_calls
    UNION ALL
    SELECT
        key,
        port_call_id
    FROM alone
),

of_call AS (
    SELECT
        port_call_id,
        key AS told_key
    FROM alone
    UNION ALL
    SELECT
        kept.port_call_id AS port_call_id,
        told_pairs.told_key AS told_key
    FROM told_pairs
    INNER JOIN kept ON told_pairs.key = kept.key
    WHERE told_pairs.is_same = 1
)

SELECT
    of_call.port_call_id AS port_call_id,
    told_calls.witness AS witness,
    told_calls.visit_id AS visit_id,
    told_calls.mmsi AS mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + told_calls.start_t_s * INTERVAL '1' SECOND AS started_at,
    CASE
        WHEN told_calls.end_t_s IS NOT NULL
            THEN TIMESTAMP '1970-01-01 00:00:00' + told_calls.end_t_s * INTERVAL '1' SECOND
    END AS ended_at,
    told_calls.file_id AS file_id,
    told_calls.is_noncommercial AS is_noncommercial
FROM of_call
INNER JOIN told_calls ON of_call.told_key = told_calls.key
