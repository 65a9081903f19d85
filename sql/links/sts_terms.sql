-- One row is one fact for or against an sts link, as a sentence with its figures and the row it rests on.
-- weight is in log odds; negative speaks against. What is not known weighs nothing and is not told.
-- Reads features, vessels, ship_facts, weights (pattern, kind, level, weight_milli). Settings: none.
WITH
named AS (
    SELECT
        f.*,
        coalesce(a.name, 'The ship with MMSI ' || CAST(f.from_mmsi AS VARCHAR)) AS from_ship,
        coalesce(b.name, 'The ship with MMSI ' || CAST(f.to_mmsi AS VARCHAR)) AS to_ship,
        CAST(CAST(round(f.duration_h * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(f.duration_h * 10e0) AS BIGINT) % 10 AS VARCHAR) AS duration_txt,
        CAST(CAST(round(f.from_before_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(f.from_before_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS from_before_txt,
        CAST(CAST(round(f.from_after_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(f.from_after_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS from_after_txt,
        CAST(CAST(round(f.to_before_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(f.to_before_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS to_before_txt,
        CAST(CAST(round(f.to_after_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(f.to_after_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS to_after_txt,
        CAST(
            CAST(round((CAST(f.arrived_t_s - f.to_end_t_s AS DOUBLE) / 86400e0) * 10e0) AS BIGINT) // 10 AS VARCHAR
        )
        || '.'
        || CAST(
            CAST(round((CAST(f.arrived_t_s - f.to_end_t_s AS DOUBLE) / 86400e0) * 10e0) AS BIGINT) % 10 AS VARCHAR
        ) AS way_txt,
        CAST(CAST(round(f.arrival_in_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(f.arrival_in_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS arrival_in_txt,
        CAST(CAST(round(f.arrival_out_m * 10e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(f.arrival_out_m * 10e0) AS BIGINT) % 10 AS VARCHAR) AS arrival_out_txt
    FROM features AS f
    INNER JOIN vessels AS a ON f.from_vessel_id = a.vessel_id
    INNER JOIN vessels AS b ON f.to_vessel_id = b.vessel_id
),

said AS (
    SELECT
        link_id,
        1 AS seq,
        'prior' AS kind,
        'all' AS level,
        'Before any evidence: how often a pair that fits in place and time is a transfer for Russia.' AS statement,
        CAST(NULL AS VARCHAR) AS ref_table,
        CAST(NULL AS VARCHAR) AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        3 AS seq,
        'meeting' AS kind,
        meeting AS level,
        'The two lay '
        || CAST(CAST(round(median_distance_m) AS BIGINT) AS VARCHAR)
        || ' m apart (median of their aerials); the meeting is taken for: '
        || coalesce(meeting_kind, 'unknown')
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
        to_ship
        || ' declared its destination as "'
        || to_destination
        || '" afterwards.' AS statement,
        'encounters' AS ref_table,
        encounter_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        16 AS seq,
        'load_from' AS kind,
        load_from AS level,
        'Before, ' || from_ship || ' had last ' || CASE load_from WHEN 'laden' THEN 'loaded' ELSE 'landed' END
        || ' cargo, by the draughts it sent.' AS statement,
        'encounters' AS ref_table,
        encounter_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        link_id,
        17 AS seq,
        'load_to' AS kind,
        load_to AS level,
        'Before, ' || to_ship || ' had last ' || CASE load_to WHEN 'laden' THEN 'loaded' ELSE 'landed' END
        || ' cargo, by the draughts it sent.' AS statement,
        'encounters' AS ref_table,
        encounter_id AS ref_id
    FROM named
    UNION ALL
    SELECT
        named.link_id AS link_id,
        ship_facts.seq AS seq,
        ship_facts.kind AS kind,
        ship_facts.level AS level,
        ship_facts.statement AS statement,
        ship_facts.ref_table AS ref_table,
        ship_facts.ref_id AS ref_id
    FROM named
    INNER JOIN ship_facts
        ON
            named.encounter_id = ship_facts.our_id
            AND (
                (ship_facts.role = 'from' AND named.from_vessel_id = ship_facts.vessel_id)
                OR (ship_facts.role = 'to' AND named.to_vessel_id = ship_facts.vessel_id)
            )
)

SELECT
    said.link_id AS link_id,
    CAST(said.seq AS INTEGER) AS seq,
    said.kind AS kind,
    weights.weight_milli AS weight_milli,
    said.statement AS statement,
    said.ref_table AS ref_table,
    said.ref_id AS ref_id
FROM said
INNER JOIN weights ON weights.pattern = 'sts' AND said.kind = weights.kind AND said.level = weights.level
WHERE said.statement IS NOT NULL
