-- One row is one term of a port_relay link's sum in log odds, as a sentence with the row it rests on: what its two calls say
-- by themselves, what they say together, and what the rivals leave. Reads relay_scored, giver_terms, taker_terms, weights.
-- Settings: none.
WITH
together AS (
    SELECT
        link_id,
        3 AS seq,
        'wait' AS kind,
        wait AS level,
        CASE
            WHEN wait = 'together' THEN to_ship || ' was in port while ' || from_ship || ' was.'
            ELSE
                to_ship || ' arrived ' || CAST((to_start_t_s - from_end_t_s) // 86400 AS VARCHAR) || ' days and '
                || CAST((to_start_t_s - from_end_t_s) % 86400 // 3600 AS VARCHAR)
                || ' hours after '
                || from_ship
                || ' had left.'
        END AS statement,
        'port_calls' AS ref_table,
        to_port_call_id AS ref_id
    FROM relay_scored
    UNION ALL
    SELECT
        link_id,
        4 AS seq,
        'sailing' AS kind,
        sailing AS level,
        CASE
            WHEN sailing = 'first' THEN 'It was ' || to_ship || '''s first call there since ' || from_ship || ' came.'
            ELSE
                to_ship
                || ' had called there once before since '
                || from_ship
                || ' came, and could have taken the cargo then.'
        END AS statement,
        'port_calls' AS ref_table,
        to_port_call_id AS ref_id
    FROM relay_scored
    UNION ALL
    SELECT
        link_id,
        5 AS seq,
        'terminal' AS kind,
        terminal AS level,
        CASE
            WHEN terminal = 'same' THEN 'Both lay at the same terminal.'
            WHEN terminal = 'near' THEN 'Their berths are neighbours.'
            ELSE 'They lay at different terminals of the port.'
        END AS statement,
        'port_calls' AS ref_table,
        from_port_call_id AS ref_id
    FROM relay_scored
    UNION ALL
    SELECT
        link_id,
        6 AS seq,
        'types' AS kind,
        types AS level,
        CASE WHEN types = 'fit' THEN 'Both are ships of one type.' ELSE 'The ships are of different types.' END AS statement,
        'vessels' AS ref_table,
        to_vessel_id AS ref_id
    FROM relay_scored
    UNION ALL
    SELECT
        link_id,
        7 AS seq,
        'sizes' AS kind,
        sizes AS level,
        CASE
            WHEN sizes = 'larger' THEN from_ship || ' is much larger than ' || to_ship || '.'
            WHEN sizes = 'alike' THEN 'The two are of like size.'
            ELSE from_ship || ' is smaller than ' || to_ship || '.'
        END AS statement,
        'vessels' AS ref_table,
        from_vessel_id AS ref_id
    FROM relay_scored
)

SELECT
    together.link_id AS link_id,
    together.seq AS seq,
    together.kind AS kind,
    CAST(weights.weight_milli AS DOUBLE) / 1000e0 AS weight,
    together.statement AS statement,
    together.ref_table AS ref_table,
    together.ref_id AS ref_id
FROM together
INNER JOIN weights ON weights.pattern = 'port_relay' AND together.kind = weights.kind AND together.level = weights.level
UNION ALL
SELECT
    relay_scored.link_id AS link_id,
    giver_terms.seq AS seq,
    giver_terms.kind AS kind,
    CAST(giver_terms.weight_milli AS DOUBLE) / 1000e0 AS weight,
    giver_terms.statement AS statement,
    giver_terms.ref_table AS ref_table,
    giver_terms.ref_id AS ref_id
FROM relay_scored
INNER JOIN giver_terms ON relay_scored.from_port_call_id = giver_terms.port_call_id
UNION ALL
SELECT
    relay_scored.link_id AS link_id,
    taker_terms.seq AS seq,
    taker_terms.kind AS kind,
    CAST(taker_terms.weight_milli AS DOUBLE) / 1000e0 AS weight,
    taker_terms.statement AS statement,
    taker_terms.ref_table AS ref_table,
    taker_terms.ref_id AS ref_id
FROM relay_scored
INNER JOIN taker_terms ON relay_scored.to_port_call_id = taker_terms.port_call_id
UNION ALL
SELECT
    link_id,
    60 AS seq,
    'rivals' AS kind,
    w_rivals AS weight,
    'By time alone ' || CAST(n_rivals AS VARCHAR) || ' calls at the hub could have fed this one; all of them together leave '
    || CAST(CAST(round(p_none * 100e0) AS BIGINT) AS VARCHAR) || ' in 100 that none did.' AS statement,
    'port_calls' AS ref_table,
    to_port_call_id AS ref_id
FROM relay_scored
