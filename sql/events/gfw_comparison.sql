-- One row is an event of Global Fishing Watch held against ours, for ships on days on which both could see it:
-- `agree` with ours beside it; `gfw_only` where we received the ship on the day it began and have no such event;
-- `ours_only` where it was asked about that kind of event on that day at that hub or Russian port and tells of none.
-- Ours match where the ship (of an encounter: both ships) is the same and the times overlap or lie within 12 h; port
-- visits also need the same port. Loitering and gaps are asked about only near hubs, so ours alone are not told.
-- Reads gfw_events, own_calls, encounters, loitering, ais_gaps, ship_pieces, asked_days, ports, hubs. Settings: none.
WITH
theirs AS (
    SELECT
        event_id,
        kind,
        vessel_id,
        other_vessel_id,
        mmsi,
        port_id,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', started_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', ended_at) AS end_t_s,
        lat,
        lon,
        is_noncommercial
    FROM gfw_events
),

ours AS (
    SELECT
        'port_visit' AS kind,
        'port_calls' AS our_table,
        own_calls.port_call_id AS our_id,
        own_calls.vessel_id AS vessel_id,
        CAST(NULL AS VARCHAR) AS other_vessel_id,
        own_calls.mmsi AS mmsi,
        own_calls.port_id AS place_id,
        CASE WHEN ports.controlled_by = 'RU' OR hubs.tier = 1 THEN 1 ELSE 0 END AS is_asked,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', own_calls.arrived_at) AS start_t_s,
        date_diff(
            'second', TIMESTAMP '1970-01-01 00:00:00', coalesce(own_calls.departed_at, own_calls.arrived_at)
        ) AS end_t_s,
        own_calls.lat AS lat,
        own_calls.lon AS lon
    FROM own_calls
    INNER JOIN ports ON own_calls.port_id = ports.port_id
    LEFT JOIN hubs ON own_calls.port_id = hubs.hub_id AND hubs.kind = 'port'
    UNION ALL
    SELECT
        'encounter' AS kind,
        'encounters' AS our_table,
        encounters.encounter_id AS our_id,
        encounters.vessel_id_1 AS vessel_id,
        encounters.vessel_id_2 AS other_vessel_id,
        encounters.mmsi_1 AS mmsi,
        encounters.hub_id AS place_id,
        CASE WHEN hubs.tier <= 2 AND encounters.kind = 'transfer' THEN 1 ELSE 0 END AS is_asked,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', encounters.started_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', encounters.ended_at) AS end_t_s,
        encounters.lat AS lat,
        encounters.lon AS lon
    FROM encounters
    LEFT JOIN hubs ON encounters.hub_id = hubs.hub_id
    UNION ALL
    SELECT
        'loitering' AS kind,
        'loitering' AS our_table,
        loitering_id AS our_id,
        vessel_id,
        CAST(NULL AS VARCHAR) AS other_vessel_id,
        mmsi,
        CAST(NULL AS VARCHAR) AS place_id,
        0 AS is_asked,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', started_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', ended_at) AS end_t_s,
        lat,
        lon
    FROM loitering
    UNION ALL
    SELECT
        'gap' AS kind,
        'ais_gaps' AS our_table,
        gap_id AS our_id,
        vessel_id,
        CAST(NULL AS VARCHAR) AS other_vessel_id,
        mmsi,
        CAST(NULL AS VARCHAR) AS place_id,
        0 AS is_asked,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', off_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', coalesce(on_at, off_at)) AS end_t_s,
        off_lat AS lat,
        off_lon AS lon
    FROM ais_gaps
),

met AS (
    SELECT
        theirs.event_id AS event_id,
        ours.our_id AS our_id,
        theirs.start_t_s AS their_start_t_s,
        theirs.end_t_s AS their_end_t_s,
        ours.start_t_s AS our_start_t_s,
        ours.end_t_s AS our_end_t_s
    FROM theirs
    INNER JOIN ours
        ON
            theirs.kind = ours.kind
            AND theirs.vessel_id = ours.vessel_id
            AND (theirs.kind <> 'port_visit' OR theirs.port_id = ours.place_id)
    WHERE theirs.kind <> 'encounter'
    UNION ALL
    SELECT
        theirs.event_id AS event_id,
        ours.our_id AS our_id,
        theirs.start_t_s AS their_start_t_s,
        theirs.end_t_s AS their_end_t_s,
        ours.start_t_s AS our_start_t_s,
        ours.end_t_s AS our_end_t_s
    FROM theirs
    INNER JOIN ours
        ON
            theirs.kind = ours.kind
            AND least(theirs.vessel_id, theirs.other_vessel_id) = least(ours.vessel_id, ours.other_vessel_id)
            AND greatest(theirs.vessel_id, theirs.other_vessel_id) = greatest(ours.vessel_id, ours.other_vessel_id)
    WHERE theirs.kind = 'encounter'
),

pairs AS (
    SELECT
        event_id,
        our_id,
        row_number() OVER (
            PARTITION BY event_id
            ORDER BY
                greatest(0, our_start_t_s - their_end_t_s, their_start_t_s - our_end_t_s),
                abs(our_start_t_s - their_start_t_s),
                our_id
        ) AS choice
    FROM met
    WHERE our_start_t_s <= their_end_t_s + 43200 AND their_start_t_s <= our_end_t_s + 43200
),

heard AS (
    SELECT DISTINCT
        vessel_id,
        day
    FROM ship_pieces
)

SELECT
    substr(md5(concat_ws('|', 'gfw', theirs.event_id, coalesce(ours.our_id, ''))), 1, 16) AS comparison_id,
    theirs.kind AS kind,
    CASE WHEN ours.our_id IS NULL THEN 'gfw_only' ELSE 'agree' END AS verdict,
    theirs.vessel_id AS vessel_id,
    theirs.mmsi AS mmsi,
    CAST(TIMESTAMP '1970-01-01 00:00:00' + theirs.start_t_s * INTERVAL '1' SECOND AS DATE) AS day,
    theirs.event_id AS event_id,
    ours.our_table AS our_table,
    ours.our_id AS our_id,
    CAST(ours.start_t_s - theirs.start_t_s AS DOUBLE) / 3600e0 AS start_difference_h,
    CAST(ours.end_t_s - theirs.end_t_s AS DOUBLE) / 3600e0 AS end_difference_h,
    sqrt(
        power(111.195e0 * (ours.lat - theirs.lat), 2)
        + power(111.195e0 * cos(radians(theirs.lat)) * (ours.lon - theirs.lon), 2)
    ) AS distance_km,
    theirs.is_noncommercial AS is_noncommercial
FROM theirs
INNER JOIN heard ON theirs.vessel_id = heard.vessel_id AND theirs.start_t_s // 86400 = heard.day
LEFT JOIN pairs ON theirs.event_id = pairs.event_id AND pairs.choice = 1
LEFT JOIN ours ON pairs.our_id = ours.our_id AND theirs.kind = ours.kind
UNION ALL
SELECT
    substr(md5(concat_ws('|', 'ours', ours.our_table, ours.our_id)), 1, 16) AS comparison_id,
    ours.kind AS kind,
    'ours_only' AS verdict,
    ours.vessel_id AS vessel_id,
    ours.mmsi AS mmsi,
    CAST(TIMESTAMP '1970-01-01 00:00:00' + ours.start_t_s * INTERVAL '1' SECOND AS DATE) AS day,
    CAST(NULL AS VARCHAR) AS event_id,
    ours.our_table AS our_table,
    ours.our_id AS our_id,
    CAST(NULL AS DOUBLE) AS start_difference_h,
    CAST(NULL AS DOUBLE) AS end_difference_h,
    CAST(NULL AS DOUBLE) AS distance_km,
    TRUE AS is_noncommercial
FROM ours
INNER JOIN asked_days ON ours.kind = asked_days.kind AND ours.start_t_s // 86400 = asked_days.day
LEFT JOIN pairs ON ours.our_id = pairs.our_id
WHERE ours.is_asked = 1 AND pairs.our_id IS NULL
