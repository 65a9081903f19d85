-- One row is a candidate with what speaks for and against it, each as a level whose weight in log odds stands in
-- weights.csv; 'unknown' weighs nothing: missing data are no evidence. Reads candidates, draughts, ways, origins, loads,
-- vessels, port_calls, ports, destinations (text, port_id). Settings: links.draught_change_m, links.short_call_hours.
SELECT
    substr(
        md5(
            concat_ws(
                '|',
                'link',
                c.pattern,
                coalesce(c.encounter_id, ''),
                coalesce(c.from_port_call_id, ''),
                coalesce(c.to_port_call_id, ''),
                c.from_vessel_id,
                c.to_vessel_id
            )
        ),
        1,
        16
    ) AS link_id,
    c.pattern AS pattern,
    c.hub_id AS hub_id,
    c.encounter_id AS encounter_id,
    c.from_port_call_id AS from_port_call_id,
    c.to_port_call_id AS to_port_call_id,
    c.stay_id AS stay_id,
    c.arrival_id AS arrival_id,
    c.from_vessel_id AS from_vessel_id,
    c.from_mmsi AS from_mmsi,
    c.to_vessel_id AS to_vessel_id,
    c.to_mmsi AS to_mmsi,
    c.from_start_t_s AS from_start_t_s,
    c.from_end_t_s AS from_end_t_s,
    c.to_start_t_s AS to_start_t_s,
    c.to_end_t_s AS to_end_t_s,
    w.arrived_t_s AS arrived_t_s,
    w.russia_port_call_id AS russia_port_call_id,
    w.n_calls AS n_calls_between,
    w.landed_m AS landed_m,
    w.a_port_name AS way_port_name,
    w.a_port_call_id AS way_port_call_id,
    w.longest_h AS way_longest_h,
    w.arrival_in_m AS arrival_in_m,
    w.arrival_out_m AS arrival_out_m,
    c.duration_h AS duration_h,
    c.median_distance_m AS median_distance_m,
    df.before_m AS from_before_m,
    df.after_m AS from_after_m,
    dt.before_m AS to_before_m,
    dt.after_m AS to_after_m,
    dt.destination AS to_destination,
    of.port_id AS origin_port_id,
    of.port_name AS origin_port_name,
    of.port_call_id AS origin_port_call_id,
    ot.port_name AS to_origin_port_name,
    ot.port_call_id AS to_origin_port_call_id,
    c.meeting_kind AS meeting_kind,
    CASE WHEN c.meeting_kind IS NULL OR c.meeting_kind = 'unknown' THEN 'unclear' ELSE c.meeting_kind END AS meeting,
    CASE
        WHEN c.duration_h IS NULL THEN 'unknown'
        WHEN c.duration_h < 4e0 THEN 'short'
        WHEN c.duration_h <= 72e0 THEN 'usual'
        ELSE 'long'
    END AS duration,
    CASE
        WHEN df.before_m IS NULL OR df.after_m IS NULL THEN 'unknown'
        WHEN df.after_m - df.before_m <= -$links_draught_change_m THEN 'fell'
        WHEN df.after_m - df.before_m >= $links_draught_change_m THEN 'rose'
        ELSE 'unchanged'
    END AS draught_from,
    CASE
        WHEN dt.before_m IS NULL OR dt.after_m IS NULL THEN 'unknown'
        WHEN dt.after_m - dt.before_m >= $links_draught_change_m THEN 'rose'
        WHEN dt.after_m - dt.before_m <= -$links_draught_change_m THEN 'fell'
        ELSE 'unchanged'
    END AS draught_to,
    CASE WHEN of.port_id IS NULL THEN 'unknown' WHEN of.controlled_by = 'RU' THEN 'russia' ELSE 'other' END AS origin_from,
    CASE WHEN ot.port_id IS NULL THEN 'unknown' WHEN ot.controlled_by = 'RU' THEN 'russia' ELSE 'other' END AS origin_to,
    coalesce(lf.load, 'unknown') AS load_from,
    coalesce(lt.load, 'unknown') AS load_to,
    CASE
        -- what has called nowhere yet may still do so
        WHEN c.arrival_id IS NULL AND w.n_calls = 0 THEN 'unknown'
        WHEN w.n_calls = 0 THEN 'direct'
        WHEN w.n_calls = 1 AND w.longest_h <= $links_short_call_hours THEN 'short_call'
        WHEN w.n_calls = 1 THEN 'one_call'
        ELSE 'more_calls'
    END AS way,
    CASE
        WHEN w.n_calls = 0 OR w.landed_m IS NULL THEN 'unknown'
        WHEN w.landed_m >= $links_draught_change_m THEN 'fell'
        ELSE 'kept'
    END AS way_draught,
    CASE
        WHEN w.arrival_in_m IS NULL OR w.arrival_out_m IS NULL THEN 'unknown'
        WHEN w.arrival_in_m - w.arrival_out_m >= $links_draught_change_m THEN 'fell'
        WHEN w.arrival_in_m - w.arrival_out_m <= -$links_draught_change_m THEN 'rose'
        ELSE 'unchanged'
    END AS arrival_draught,
    CASE
        WHEN a.ship_type IS NULL OR b.ship_type IS NULL THEN 'unknown'
        WHEN a.ship_type = b.ship_type THEN 'fit'
        ELSE 'unfit'
    END AS types,
    CASE
        WHEN said.port_id IS NULL THEN 'unknown'
        WHEN said_port.controlled_by = 'RU' THEN 'russia'
        ELSE 'other'
    END AS destination
FROM candidates AS c
INNER JOIN ways AS w ON c.stay_id = w.stay_id
INNER JOIN vessels AS a ON c.from_vessel_id = a.vessel_id
INNER JOIN vessels AS b ON c.to_vessel_id = b.vessel_id
LEFT JOIN draughts AS df
    ON c.from_vessel_id = df.vessel_id AND c.from_start_t_s = df.start_t_s AND c.from_end_t_s = df.end_t_s
LEFT JOIN draughts AS dt
    ON c.to_vessel_id = dt.vessel_id AND c.to_start_t_s = dt.start_t_s AND c.to_end_t_s = dt.end_t_s
LEFT JOIN loads AS lf ON c.from_vessel_id = lf.vessel_id AND c.from_start_t_s = lf.start_t_s
LEFT JOIN loads AS lt ON c.to_vessel_id = lt.vessel_id AND c.to_start_t_s = lt.start_t_s
LEFT JOIN origins AS of ON c.from_vessel_id = of.vessel_id AND c.from_start_t_s = of.start_t_s
LEFT JOIN origins AS ot ON c.to_vessel_id = ot.vessel_id AND c.to_start_t_s = ot.start_t_s
LEFT JOIN destinations AS said ON dt.destination = said.text
LEFT JOIN ports AS said_port ON said.port_id = said_port.port_id
