-- One row is one term of a chain's sum in log odds: each hop's probability, and what their product is as odds.
-- Reads chain_links (link_id, tail_id, last_link_id, p_first, p_rest, score, ships and hubs). Settings: none.
SELECT
    link_id,
    1 AS seq,
    'first_hop' AS kind,
    ln(p_first) AS weight,
    by_ship || ' took cargo from ' || from_ship || ' at ' || hub_name || ' with a probability of '
    || CAST(CAST(round(p_first * 1000e0) AS BIGINT) // 10 AS VARCHAR) || '.'
    || CAST(CAST(round(p_first * 1000e0) AS BIGINT) % 10 AS VARCHAR) || ' in 100.' AS statement,
    'port_calls' AS ref_table,
    way_port_call_id AS ref_id
FROM chain_links
UNION ALL
SELECT
    link_id,
    2 AS seq,
    'other_hops' AS kind,
    ln(p_rest) AS weight,
    'What follows, from ' || by_ship || ' on to Russia, has a probability of '
    || CAST(CAST(round(p_rest * 1000e0) AS BIGINT) // 10 AS VARCHAR) || '.'
    || CAST(CAST(round(p_rest * 1000e0) AS BIGINT) % 10 AS VARCHAR)
    || ' in 100; it stands as a link of its own.' AS statement,
    'transshipment_links' AS ref_table,
    tail_id AS ref_id
FROM chain_links
UNION ALL
SELECT
    link_id,
    3 AS seq,
    'as_odds' AS kind,
    -ln(1e0 - score) AS weight,
    'A chain is as probable as all its hops together: the product, here turned into odds.' AS statement,
    CAST(NULL AS VARCHAR) AS ref_table,
    CAST(NULL AS VARCHAR) AS ref_id
FROM chain_links
