-- One row is a pair of calls at one hub: ship A's, and a call of ship B during it or within links.max_days_at_hub after it,
-- B's being one that is asked for; with what speaks for the two together. Reads hub_calls, loading_calls (port_call_id).
-- Settings: links.max_days_at_hub, links.near_berths_m.
SELECT
    a.port_call_id AS from_port_call_id,
    b.port_call_id AS to_port_call_id,
    CASE
        WHEN b.start_t_s < a.end_t_s THEN 'together'
        WHEN b.start_t_s - a.end_t_s <= 86400 THEN 'days_0_1'
        WHEN b.start_t_s - a.end_t_s <= 259200 THEN 'days_1_3'
        WHEN b.start_t_s - a.end_t_s <= 604800 THEN 'days_3_7'
        WHEN b.start_t_s - a.end_t_s <= 1209600 THEN 'days_7_14'
        WHEN b.start_t_s - a.end_t_s <= 1814400 THEN 'days_14_21'
        ELSE 'days_21_on'
    END AS wait,
    CASE
        WHEN a.ship_type IS NULL OR b.ship_type IS NULL THEN 'unknown'
        WHEN a.ship_type = b.ship_type THEN 'fit'
        ELSE 'unfit'
    END AS types,
    CASE
        WHEN a.length_m IS NULL OR b.length_m IS NULL THEN 'unknown'
        WHEN a.length_m >= 1.5e0 * b.length_m THEN 'larger'
        WHEN a.length_m >= 0.8e0 * b.length_m THEN 'alike'
        ELSE 'smaller'
    END AS sizes,
    CASE
        WHEN a.terminal_id IS NOT NULL AND a.terminal_id = b.terminal_id THEN 'same'
        WHEN
            power((a.lat - b.lat) * 111195e0, 2e0) + power((a.lon - b.lon) * 111195e0 * cos(radians(a.lat)), 2e0)
            <= power($links_near_berths_m, 2e0)
            THEN 'near'
        WHEN a.terminal_id IS NULL OR b.terminal_id IS NULL THEN 'unknown'
        ELSE 'other'
    END AS terminal,
    CASE
        WHEN b.here_before_t_s IS NULL OR b.here_before_t_s < a.start_t_s THEN 'first'
        ELSE 'later'
    END AS sailing
FROM loading_calls
INNER JOIN hub_calls AS b ON loading_calls.port_call_id = b.port_call_id
INNER JOIN hub_calls AS a
    ON
        b.hub_id = a.hub_id
        AND b.vessel_id <> a.vessel_id
        AND a.start_t_s < b.end_t_s
        AND CAST(b.start_t_s - a.end_t_s AS DOUBLE) <= $links_max_days_at_hub * 86400e0
