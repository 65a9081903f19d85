-- One row is a call at a hub after which the ship went to Russia, or may have, as one that may have loaded cargo for it,
-- with its arrival there (null where there is none), what it did on the way, and what speaks for it by itself: each as a
-- level whose weight stands in weights.csv; 'unknown' weighs nothing. Reads hub_calls, port_calls, hubs, outcomes.
-- Settings: links.draught_change_share, links.draught_change_much_share, links.draught_change_very_much_share,
-- links.draught_change_most_share.
WITH
arriving AS (
    SELECT
        outcomes.stay_id AS port_call_id,
        outcomes.arrival_id AS arrival_id,
        outcomes.russia_port_call_id AS russia_port_call_id,
        outcomes.arrived_t_s AS arrived_t_s,
        outcomes.until_t_s AS until_t_s
    FROM outcomes
    INNER JOIN hub_calls ON outcomes.stay_id = hub_calls.port_call_id
),

between_calls AS (
    SELECT
        arriving.port_call_id AS port_call_id,
        CAST(count(port_calls.port_call_id) AS INTEGER) AS n_calls,
        max((port_calls.draught_in_m - port_calls.draught_out_m) / nullif(port_calls.draught_in_m, 0e0)) AS landed,
        max(CASE WHEN hubs.tier = 1 THEN 1 ELSE 0 END) AS n_hubs,
        min(port_calls.port_name) AS a_port_name,
        min(port_calls.port_call_id) AS a_port_call_id
    FROM arriving
    INNER JOIN hub_calls ON arriving.port_call_id = hub_calls.port_call_id
    LEFT JOIN port_calls
        ON
            hub_calls.vessel_id = port_calls.vessel_id
            AND (port_calls.kind = 'berth' OR port_calls.witness NOT LIKE 'ais%')
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) > hub_calls.end_t_s
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) < arriving.until_t_s
    LEFT JOIN hubs ON port_calls.port_id = hubs.hub_id
    GROUP BY arriving.port_call_id
)

SELECT
    h.port_call_id AS port_call_id,
    arriving.arrival_id AS arrival_id,
    arriving.russia_port_call_id AS russia_port_call_id,
    arriving.arrived_t_s AS arrived_t_s,
    between_calls.n_calls AS n_calls_between,
    between_calls.a_port_name AS way_port_name,
    between_calls.a_port_call_id AS way_port_call_id,
    r.draught_in_m AS arrival_in_m,
    r.draught_out_m AS arrival_out_m,
    h.size AS taker_size,
    CASE WHEN h.tier = 1 THEN 'first' ELSE 'second' END AS taker_hub,
    CASE
        WHEN h.draught_change IS NULL THEN 'unknown'
        WHEN h.draught_change >= $links_draught_change_most_share THEN 'rose_most'
        WHEN h.draught_change >= $links_draught_change_very_much_share THEN 'rose_very_much'
        WHEN h.draught_change >= $links_draught_change_much_share THEN 'rose_much'
        WHEN h.draught_change >= $links_draught_change_share THEN 'rose'
        WHEN h.draught_change <= -$links_draught_change_most_share THEN 'fell_most'
        WHEN h.draught_change <= -$links_draught_change_very_much_share THEN 'fell_very_much'
        WHEN h.draught_change <= -$links_draught_change_much_share THEN 'fell_much'
        WHEN h.draught_change <= -$links_draught_change_share THEN 'fell'
        ELSE 'unchanged'
    END AS taker_draught,
    CASE WHEN h.before_country IS NULL THEN 'unknown' WHEN h.before_controlled_by = 'RU' THEN 'russia' ELSE 'other' END
        AS taker_origin,
    CASE
        WHEN h.n_before IS NULL THEN 'unknown' WHEN h.n_before = 0 THEN 'new' WHEN h.n_before <= 2 THEN 'known' ELSE 'often'
    END
        AS taker_history,
    CASE
        -- what has called nowhere yet may still do so
        WHEN arriving.arrival_id IS NULL AND between_calls.n_calls = 0 THEN 'unknown'
        WHEN between_calls.n_hubs > 0 THEN 'another_hub'
        WHEN between_calls.n_calls = 0 THEN 'direct'
        WHEN between_calls.n_calls = 1 THEN 'one_call'
        ELSE 'more_calls'
    END AS way,
    CASE
        WHEN between_calls.n_calls = 0 OR between_calls.landed IS NULL THEN 'unknown'
        WHEN between_calls.landed >= $links_draught_change_much_share THEN 'fell_much'
        WHEN between_calls.landed >= $links_draught_change_share THEN 'fell'
        ELSE 'kept'
    END AS way_draught,
    CASE
        WHEN r.draught_in_m IS NULL OR r.draught_out_m IS NULL THEN 'unknown'
        WHEN (r.draught_in_m - r.draught_out_m) >= $links_draught_change_share * r.draught_in_m THEN 'fell'
        WHEN (r.draught_out_m - r.draught_in_m) >= $links_draught_change_share * r.draught_in_m THEN 'rose'
        ELSE 'unchanged'
    END AS arrival_draught,
    CASE
        WHEN h.destination_text IS NULL THEN 'unknown'
        WHEN h.said_port_id IS NULL THEN 'no_port'
        WHEN h.said_controlled_by = 'RU' THEN 'russia'
        WHEN h.said_port_id = h.next_port_id THEN 'next_call'
        WHEN h.said_port_id = h.hub_id THEN 'not_changed'
        ELSE 'elsewhere'
    END AS destination
FROM arriving
INNER JOIN hub_calls AS h ON arriving.port_call_id = h.port_call_id
INNER JOIN between_calls ON arriving.port_call_id = between_calls.port_call_id
LEFT JOIN port_calls AS r ON arriving.russia_port_call_id = r.port_call_id
