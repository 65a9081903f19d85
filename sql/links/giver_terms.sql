-- One row is one fact about a call at a hub as one that may have left cargo there: a term of the sum in log odds, as a
-- sentence with the row it rests on. Reads hub_calls, givers, ship_facts, weights (pattern, kind,
-- level, weight). Settings: none.
WITH
spelled AS (
    SELECT
        givers.*,
        hub_calls.ship AS ship,
        hub_calls.vessel_id AS vessel_id,
        hub_calls.hub_name AS hub_name,
        hub_calls.before_name AS before_name,
        hub_calls.before_call_id AS before_call_id,
        hub_calls.n_before AS n_before,
        CAST(CAST(round(hub_calls.length_m) AS BIGINT) AS VARCHAR) AS length_txt,
        CAST(CAST(round(hub_calls.draught_in_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(hub_calls.draught_in_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS in_txt,
        CAST(CAST(round(hub_calls.draught_out_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(hub_calls.draught_out_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS out_txt
    FROM givers
    INNER JOIN hub_calls ON givers.port_call_id = hub_calls.port_call_id
),

said AS (
    SELECT
        port_call_id,
        10 AS seq,
        'giver_origin' AS kind,
        giver_origin AS level,
        ship || ' came from ' || before_name || '.' AS statement,
        'port_calls' AS ref_table,
        before_call_id AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        11 AS seq,
        'giver_draught' AS kind,
        giver_draught AS level,
        ship || ' sent a draught of ' || in_txt || ' m before and ' || out_txt || ' m after its call.' AS statement,
        'port_calls' AS ref_table,
        port_call_id AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        12 AS seq,
        'giver_size' AS kind,
        giver_size AS level,
        ship || ' is ' || length_txt || ' m long.' AS statement,
        'vessels' AS ref_table,
        vessel_id AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        13 AS seq,
        'giver_history' AS kind,
        giver_history AS level,
        ship
        || ' had called at '
        || hub_name
        || ' '
        || CAST(n_before AS VARCHAR)
        || ' time(s) in the 90 days before.' AS statement,
        'port_calls' AS ref_table,
        port_call_id AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        our_id AS port_call_id,
        seq,
        kind,
        level,
        statement,
        ref_table,
        ref_id
    FROM ship_facts
    WHERE role = 'from'
)

SELECT
    said.port_call_id AS port_call_id,
    said.seq AS seq,
    said.kind AS kind,
    weights.weight_milli AS weight_milli,
    said.statement AS statement,
    said.ref_table AS ref_table,
    said.ref_id AS ref_id
FROM said
INNER JOIN weights ON weights.pattern = 'port_relay' AND said.kind = weights.kind AND said.level = weights.level
