-- One row is one fact for or against an sts link, as a sentence with its figures and the row it rests on.
-- weight is in log odds; negative speaks against. What is not known weighs nothing and is not told.
-- Reads scored, vessels. Settings: none.
WITH
named AS (
    SELECT
        scored.*,
        coalesce(a.name, 'The ship with MMSI ' || CAST(scored.from_mmsi AS VARCHAR)) AS from_ship,
        coalesce(b.name, 'The ship with MMSI ' || CAST(scored.to_mmsi AS VARCHAR)) AS to_ship,
        CAST(CAST(round(scored.duration_h * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(scored.duration_h * 10e0) AS BIGINT) % 10 AS VARCHAR) AS duration_txt,
        CAST(CAST(round(scored.from_before_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(scored.from_before_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS from_before_txt,
        CAST(CAST(round(scored.from_after_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(scored.from_after_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS from_after_txt,
        CAST(CAST(round(scored.to_before_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(scored.to_before_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS to_before_txt,
        CAST(CAST(round(scored.to_after_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(scored.to_after_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS to_after_txt,
        CAST(
            CAST(round((CAST(scored.arrived_t_s - scored.to_end_t_s AS DOUBLE) / 86400e0) * 10e0) AS BIGINT) // 10 AS VARCHAR
        )
        || '.'
        || CAST(
            CAST(round((CAST(scored.arrived_t_s - scored.to_end_t_s AS DOUBLE) / 86400e0) * 10e0) AS BIGINT) % 10 AS VARCHAR
        ) AS way_txt,
        CAST(CAST(round(scored.arrival_in_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(scored.arrival_in_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS arrival_in_txt,
        CAST(CAST(round(scored.arrival_out_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(scored.arrival_out_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS arrival_out_txt
    FROM scored
    INNER JOIN vessels AS a ON scored.from_vessel_id = a.vessel_id
    INNER JOIN vessels AS b ON scored.to_vessel_id = b.vessel_id
),

said AS (
    SELECT
        link_id,
        1 AS seq,
        'prior' AS kind,
        'all' AS level,
        w_prior AS weight,
        'Before any evidence: how often a pair that fits in place and time is a transfer for Russia.' AS statement,
        CAST(NULL AS VARCHAR) AS ref_table,
        CAST(NULL AS VARCHAR) AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        3 AS seq,
        'meeting' AS kind,
        'met' AS level,
        w_meeting AS weight,
        'The two lay '
        || CAST(CAST(round(median_distance_m) AS BIGINT) AS VARCHAR)
        || ' m apart (median of their aerials); the meeting is taken for: '
        || meeting
        || '.' AS statement,
        'encounters' AS ref_table,
        encounter_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        4 AS seq,
        'duration' AS kind,
        duration AS level,
        w_duration AS weight,
        'They lay together for '
        || duration_txt
        || ' h.' AS statement,
        'encounters' AS ref_table,
        encounter_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        7 AS seq,
        'draught_from' AS kind,
        draught_from AS level,
        w_draught_from AS weight,
        from_ship
        || ' sent a draught of '
        || from_before_txt
        || ' m before and '
        || from_after_txt
        || ' m after.' AS statement,
        'encounters' AS ref_table,
        encounter_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        8 AS seq,
        'draught_to' AS kind,
        draught_to AS level,
        w_draught_to AS weight,
        to_ship
        || ' sent a draught of '
        || to_before_txt
        || ' m before and '
        || to_after_txt
        || ' m after.' AS statement,
        'encounters' AS ref_table,
        encounter_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        9 AS seq,
        'origin_from' AS kind,
        origin_from AS level,
        w_origin_from AS weight,
        from_ship
        || ' came from '
        || origin_port_name
        || '.' AS statement,
        'port_calls' AS ref_table,
        origin_port_call_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        10 AS seq,
        'origin_to' AS kind,
        origin_to AS level,
        w_origin_to AS weight,
        to_ship
        || ' came from '
        || to_origin_port_name
        || '.' AS statement,
        'port_calls' AS ref_table,
        to_origin_port_call_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        11 AS seq,
        'way' AS kind,
        way AS level,
        w_way AS weight,
        CASE
            WHEN arrival_id IS NULL
                THEN
                    to_ship || ' has made ' || CAST(n_calls_between AS VARCHAR) || ' call(s) since, one of them at '
                    || coalesce(way_port_name, 'an unnamed port') || '.'
            WHEN way = 'direct'
                THEN to_ship || ' called nowhere between and arrived after ' || way_txt || ' days.'
            ELSE
                to_ship || ' made ' || CAST(n_calls_between AS VARCHAR) || ' call(s) between, one of them at '
                || coalesce(way_port_name, 'an unnamed port') || ', and arrived after ' || way_txt || ' days.'
        END AS statement,
        'port_calls' AS ref_table,
        coalesce(way_port_call_id, russia_port_call_id) AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        12 AS seq,
        'way_draught' AS kind,
        way_draught AS level,
        w_way_draught AS weight,
        CASE
            WHEN way_draught = 'fell'
                THEN to_ship || ' lay higher after a call on the way: it may have landed the cargo there.'
            ELSE to_ship || ' did not lie higher after any call on the way.'
        END AS statement,
        'port_calls' AS ref_table,
        way_port_call_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        13 AS seq,
        'arrival_draught' AS kind,
        arrival_draught AS level,
        w_arrival_draught AS weight,
        to_ship
        || ' sent a draught of '
        || arrival_in_txt
        || ' m on arriving in Russia and '
        || arrival_out_txt
        || ' m on leaving.' AS statement,
        'port_calls' AS ref_table,
        russia_port_call_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        14 AS seq,
        'types' AS kind,
        types AS level,
        w_types AS weight,
        CASE WHEN types = 'fit' THEN 'Both are ships of one type.' ELSE 'The ships are of different types.' END AS statement,
        'vessels' AS ref_table,
        to_vessel_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        15 AS seq,
        'destination' AS kind,
        destination AS level,
        w_destination AS weight,
        to_ship
        || ' declared its destination as "'
        || to_destination
        || '" afterwards.' AS statement,
        'encounters' AS ref_table,
        encounter_id AS ref_id
    FROM named
)

SELECT
    link_id,
    CAST(seq AS INTEGER) AS seq,
    kind,
    weight,
    statement,
    ref_table,
    ref_id
FROM said
WHERE statement IS NOT NULL AND level <> 'unknown'
