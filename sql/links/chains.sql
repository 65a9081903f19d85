-- One row is a chain of transfers over two or more hubs, with the product of its hops' probabilities; no ship stands in it
-- twice. Its hub and transfer are the first hop's. Reads tails (link_id, last_link_id, call_id, to_call_id, stay_id,
-- arrival_id, arrived_t_s, russia_port_call_id, hops, score, path), onward_calls, first_hops, hub_calls.
-- Settings: links.min_score.
SELECT
    substr(md5(concat_ws('|', 'link', 'chain', a.port_call_id, tails.link_id)), 1, 16) AS link_id,
    'chain' AS pattern,
    a.hub_id AS hub_id,
    CAST(NULL AS VARCHAR) AS encounter_id,
    a.port_call_id AS from_port_call_id,
    tails.to_call_id AS to_port_call_id,
    tails.stay_id AS stay_id,
    tails.arrival_id AS arrival_id,
    a.vessel_id AS from_vessel_id,
    a.mmsi AS from_mmsi,
    c.vessel_id AS to_vessel_id,
    c.mmsi AS to_mmsi,
    a.start_t_s AS from_start_t_s,
    a.end_t_s AS from_end_t_s,
    b.start_t_s AS to_start_t_s,
    b.end_t_s AS to_end_t_s,
    tails.arrived_t_s AS arrived_t_s,
    tails.russia_port_call_id AS russia_port_call_id,
    CAST(NULL AS INTEGER) AS n_calls_between,
    b.port_call_id AS way_port_call_id,
    a.before_port_id AS origin_port_id,
    a.before_call_id AS origin_port_call_id,
    tails.call_id AS to_origin_port_call_id,
    a.ship AS from_ship,
    b.ship AS by_ship,
    b.hub_name AS hub_name,
    tails.last_link_id AS last_link_id,
    tails.link_id AS tail_id,
    CAST(tails.hops + 1 AS INTEGER) AS hops,
    tails.path || '|' || a.vessel_id AS path,
    first_hops.p AS p_first,
    tails.score AS p_rest,
    first_hops.p * tails.score AS score
FROM tails
INNER JOIN onward_calls ON tails.call_id = onward_calls.onward_call_id
INNER JOIN first_hops ON onward_calls.port_call_id = first_hops.to_port_call_id
INNER JOIN hub_calls AS a ON first_hops.from_port_call_id = a.port_call_id
INNER JOIN hub_calls AS b ON onward_calls.port_call_id = b.port_call_id
INNER JOIN hub_calls AS c ON tails.to_call_id = c.port_call_id
WHERE
    first_hops.p * tails.score >= $links_min_score
    AND tails.path NOT LIKE '%' || a.vessel_id || '%'
