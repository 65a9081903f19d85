-- One row is one fact about a call at a hub as one that may have loaded cargo for Russia: a term of the sum in log odds,
-- as a sentence with the row it rests on. Reads hub_calls, takers, ship_facts, weights (pattern, kind,
-- level, weight). Settings: none.
WITH
spelled AS (
    SELECT
        takers.*,
        hub_calls.ship AS ship,
        hub_calls.vessel_id AS vessel_id,
        hub_calls.hub_name AS hub_name,
        hub_calls.before_name AS before_name,
        hub_calls.before_call_id AS before_call_id,
        hub_calls.n_before AS n_before,
        hub_calls.destination_text AS destination_text,
        CAST(CAST(round(hub_calls.length_m) AS BIGINT) AS VARCHAR) AS length_txt,
        CAST(CAST(round(hub_calls.draught_in_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(hub_calls.draught_in_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS in_txt,
        CAST(CAST(round(hub_calls.draught_out_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(hub_calls.draught_out_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS out_txt,
        CAST(CAST(round(takers.arrival_in_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(takers.arrival_in_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS arrival_in_txt,
        CAST(CAST(round(takers.arrival_out_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(takers.arrival_out_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS arrival_out_txt,
        CAST((takers.arrived_t_s - hub_calls.end_t_s) // 86400 AS VARCHAR) AS days_txt
    FROM takers
    INNER JOIN hub_calls ON takers.port_call_id = hub_calls.port_call_id
),

said AS (
    SELECT
        port_call_id,
        1 AS seq,
        'relay_prior' AS kind,
        'all' AS level,
        'Before any evidence: the odds that one call which fits in place and time fed the other.' AS statement,
        CAST(NULL AS VARCHAR) AS ref_table,
        CAST(NULL AS VARCHAR) AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        2 AS seq,
        'taker_hub' AS kind,
        taker_hub AS level,
        hub_name
        || CASE WHEN taker_hub = 'first' THEN ' is a hub of the first tier.' ELSE ' is a hub of the second tier.' END
            AS statement,
        'hubs' AS ref_table,
        hub_id AS ref_id
    FROM
        (SELECT
            spelled.*,
            hub_calls.hub_id
        FROM spelled INNER JOIN hub_calls ON spelled.port_call_id = hub_calls.port_call_id) AS at_hub
    UNION ALL
    SELECT
        port_call_id,
        20 AS seq,
        'taker_draught' AS kind,
        taker_draught AS level,
        ship || ' sent a draught of ' || in_txt || ' m before and ' || out_txt || ' m after its call.' AS statement,
        'port_calls' AS ref_table,
        port_call_id AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        21 AS seq,
        'taker_origin' AS kind,
        taker_origin AS level,
        ship || ' came from ' || before_name || '.' AS statement,
        'port_calls' AS ref_table,
        before_call_id AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        22 AS seq,
        'taker_size' AS kind,
        taker_size AS level,
        ship || ' is ' || length_txt || ' m long.' AS statement,
        'vessels' AS ref_table,
        vessel_id AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        23 AS seq,
        'taker_history' AS kind,
        taker_history AS level,
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
        port_call_id,
        24 AS seq,
        'destination' AS kind,
        destination AS level,
        ship || ' declared its destination as "' || destination_text || '" on leaving.' AS statement,
        'port_calls' AS ref_table,
        port_call_id AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        25 AS seq,
        'way' AS kind,
        way AS level,
        CASE
            WHEN arrival_id IS NULL
                THEN
                    ship || ' has made ' || CAST(n_calls_between AS VARCHAR) || ' call(s) since, one of them at '
                    || coalesce(way_port_name, 'an unnamed port') || '.'
            WHEN n_calls_between = 0 THEN ship || ' called nowhere between and arrived after ' || days_txt || ' days.'
            ELSE
                ship || ' made ' || CAST(n_calls_between AS VARCHAR) || ' call(s) between, one of them at '
                || coalesce(way_port_name, 'an unnamed port') || ', and arrived after ' || days_txt || ' days.'
        END AS statement,
        'port_calls' AS ref_table,
        coalesce(way_port_call_id, russia_port_call_id) AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        26 AS seq,
        'way_draught' AS kind,
        way_draught AS level,
        CASE
            WHEN way_draught = 'kept' THEN ship || ' did not lie higher after any call on the way.'
            ELSE ship || ' lay higher after a call on the way: it may have landed the cargo there.'
        END AS statement,
        'port_calls' AS ref_table,
        way_port_call_id AS ref_id
    FROM spelled
    UNION ALL
    SELECT
        port_call_id,
        27 AS seq,
        'arrival_draught' AS kind,
        arrival_draught AS level,
        ship
        || ' sent a draught of '
        || arrival_in_txt
        || ' m on arriving in Russia and '
        || arrival_out_txt
        || ' m on leaving.'
            AS statement,
        'port_calls' AS ref_table,
        russia_port_call_id AS ref_id
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
    WHERE role = 'to'
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
WHERE said.statement IS NOT NULL
