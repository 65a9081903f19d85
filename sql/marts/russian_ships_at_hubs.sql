-- One row is a call at a hub of a ship that flew the Russian flag then, that served Russian ports before, or that stands
-- on a list, with why and what for (contract: pipeline/schema.txt). The flag is that of the MMSI sent at the call;
-- service counts berth calls before this one; a lead by name is no listing, a detention by a port state neither.
-- What for, first to last: a shipyard, or a long stay with draught unchanged, is repair; a bunker ship alongside during
-- the call, away from berth, is bunkering; a draught that changed, or some hours at a berth for cargo, is cargo.
-- Reads port_calls, ports, hubs, terminals, vessel_identities, encounters, screening_hits. Settings:
-- hub_ships.served_share, hub_ships.served_calls, hub_ships.served_days, hub_ships.repair_hours, hub_ships.cargo_hours,
-- links.draught_change_m.
WITH
berthed AS (
    SELECT
        port_calls.port_call_id AS port_call_id,
        port_calls.vessel_id AS vessel_id,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) AS t_s,
        CASE WHEN ports.controlled_by = 'RU' THEN 1 ELSE 0 END AS in_russia,
        CASE WHEN port_calls.is_noncommercial THEN 1 ELSE 0 END AS is_closed
    FROM port_calls
    INNER JOIN ports ON port_calls.port_id = ports.port_id
    WHERE port_calls.kind = 'berth'
),

called AS (
    SELECT
        port_calls.port_call_id AS port_call_id,
        port_calls.vessel_id AS vessel_id,
        port_calls.mmsi AS mmsi,
        port_calls.flag AS newest_flag,
        hubs.hub_id AS hub_id,
        port_calls.kind AS kind,
        terminals.kind AS terminal_kind,
        port_calls.arrived_at AS arrived_at,
        port_calls.departed_at AS departed_at,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) AS t_s,
        port_calls.stopped_h AS stopped_h,
        CASE
            WHEN port_calls.departed_at IS NULL THEN port_calls.stopped_h
            ELSE
                CAST(
                    date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.departed_at)
                    - date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) AS DOUBLE
                ) / 3600e0
        END AS stay_h,
        port_calls.draught_out_m - port_calls.draught_in_m AS change_m,
        CASE WHEN port_calls.is_noncommercial THEN 1 ELSE 0 END AS is_closed
    FROM port_calls
    INNER JOIN hubs ON port_calls.port_id = hubs.hub_id AND hubs.kind = 'port'
    LEFT JOIN terminals ON port_calls.terminal_id = terminals.terminal_id
),

flags AS (
    SELECT
        vessel_id,
        mmsi,
        max(flag) AS flag
    FROM vessel_identities
    GROUP BY vessel_id, mmsi
),

history AS (
    SELECT
        called.port_call_id AS port_call_id,
        CAST(count(*) AS INTEGER) AS n_calls_before,
        CAST(sum(berthed.in_russia) AS INTEGER) AS n_russian_before,
        max(berthed.is_closed) AS is_closed
    FROM called
    INNER JOIN berthed
        ON
            called.vessel_id = berthed.vessel_id
            AND berthed.t_s < called.t_s
            AND CAST(called.t_s - berthed.t_s AS DOUBLE) <= CAST($hub_ships_served_days AS DOUBLE) * 86400e0
    GROUP BY called.port_call_id
),

hits AS (
    SELECT
        vessel_id,
        string_agg(
            concat(
                list, ' as ', entity_name, ' (', entity_id, ', by ', upper(matched_on),
                CASE
                    WHEN listed_on IS NULL THEN ', day of listing not told'
                    ELSE concat(', since ', CAST(listed_on AS VARCHAR))
                END,
                CASE WHEN is_sanction THEN ')' ELSE ', no sanction)' END
            ),
            ', ' ORDER BY list, entity_id, hit_id
        ) AS told,
        min(listed_on) AS listed_on,
        max(CASE WHEN is_noncommercial THEN 1 ELSE 0 END) AS is_closed
    FROM screening_hits
    WHERE NOT is_lead AND (is_sanction OR contains(coalesce(topics, ''), 'mare.shadow'))
    GROUP BY vessel_id
),

sides AS (
    SELECT
        vessel_id_1 AS vessel_id,
        started_at,
        ended_at
    FROM encounters
    WHERE kind = 'bunkering'
    UNION ALL
    SELECT
        vessel_id_2 AS vessel_id,
        started_at,
        ended_at
    FROM encounters
    WHERE kind = 'bunkering'
),

bunkered AS (
    SELECT DISTINCT called.port_call_id AS port_call_id
    FROM called
    INNER JOIN sides
        ON
            called.vessel_id = sides.vessel_id
            AND sides.ended_at >= called.arrived_at
            AND (called.departed_at IS NULL OR sides.started_at <= called.departed_at)
),

told AS (
    SELECT
        called.port_call_id AS port_call_id,
        called.vessel_id AS vessel_id,
        called.hub_id AS hub_id,
        called.kind AS kind,
        called.terminal_kind AS terminal_kind,
        called.arrived_at AS arrived_at,
        called.departed_at AS departed_at,
        called.mmsi AS mmsi,
        called.stay_h AS stay_h,
        called.stopped_h AS stopped_h,
        called.change_m AS change_m,
        called.is_closed AS is_closed,
        coalesce(flags.flag, called.newest_flag, '') = 'RU' AS is_russian_flagged,
        coalesce(history.n_calls_before, 0) AS n_calls_before,
        coalesce(history.n_russian_before, 0) AS n_russian_before,
        coalesce(history.is_closed, 0) AS is_history_closed,
        hits.told AS listed,
        hits.listed_on AS listed_on,
        coalesce(hits.is_closed, 0) AS is_hit_closed,
        bunkered.port_call_id IS NOT NULL AS is_bunkered
    FROM called
    LEFT JOIN flags ON called.vessel_id = flags.vessel_id AND called.mmsi = flags.mmsi
    LEFT JOIN history ON called.port_call_id = history.port_call_id
    LEFT JOIN hits ON called.vessel_id = hits.vessel_id
    LEFT JOIN bunkered ON called.port_call_id = bunkered.port_call_id
),

judged AS (
    SELECT
        told.*,
        told.n_russian_before >= CAST($hub_ships_served_calls AS INTEGER)
        AND CAST(told.n_russian_before AS DOUBLE)
        >= CAST($hub_ships_served_share AS DOUBLE) * CAST(told.n_calls_before AS DOUBLE) AS is_russian_served,
        told.listed IS NOT NULL AS is_listed,
        coalesce(abs(told.change_m), 0e0) >= CAST($links_draught_change_m AS DOUBLE) AS is_draught_changed
    FROM told
)

SELECT
    judged.port_call_id AS port_call_id,
    judged.vessel_id AS vessel_id,
    judged.hub_id AS hub_id,
    judged.arrived_at AS arrived_at,
    judged.departed_at AS departed_at,
    concat_ws(
        '; ',
        CASE
            WHEN judged.is_russian_flagged
                THEN concat('flag: Russian by MMSI ', coalesce(CAST(judged.mmsi AS VARCHAR), 'not told'))
        END,
        CASE
            WHEN judged.is_russian_served
                THEN
                    concat(
                        'service: ', CAST(judged.n_russian_before AS VARCHAR), ' of ',
                        CAST(judged.n_calls_before AS VARCHAR), ' berth calls before were in ports that Russia controls'
                    )
        END,
        CASE
            WHEN judged.is_listed
                THEN
                    concat(
                        'list: ', judged.listed,
                        CASE
                            WHEN judged.listed_on IS NULL THEN ''
                            WHEN judged.listed_on <= CAST(judged.arrived_at AS DATE) THEN ', listed before this call'
                            ELSE ', listed only after this call'
                        END
                    )
        END
    ) AS why,
    CASE
        WHEN judged.terminal_kind = 'shipyard' THEN 'repair'
        WHEN
            judged.stay_h >= CAST($hub_ships_repair_hours AS DOUBLE)
            AND judged.change_m IS NOT NULL
            AND NOT judged.is_draught_changed
            AND judged.kind = 'berth'
            THEN 'repair'
        WHEN judged.is_bunkered AND NOT judged.is_draught_changed THEN 'bunkering'
        WHEN judged.is_draught_changed THEN 'cargo'
        WHEN
            judged.kind = 'berth'
            AND judged.terminal_kind IN ('container', 'general', 'bulk', 'oil', 'lng', 'ferry', 'offshore', 'fishing')
            AND judged.stopped_h >= CAST($hub_ships_cargo_hours AS DOUBLE)
            AND judged.stay_h < CAST($hub_ships_repair_hours AS DOUBLE)
            THEN 'cargo'
        ELSE 'unknown'
    END AS purpose,
    judged.is_russian_flagged AS is_russian_flagged,
    judged.is_russian_served AS is_russian_served,
    judged.is_listed AS is_listed,
    judged.listed_on AS listed_on,
    judged.n_calls_before AS n_calls_before,
    judged.n_russian_before AS n_russian_before,
    judged.stay_h AS stay_h,
    judged.change_m AS draught_change_m,
    judged.is_closed = 1
    OR judged.is_hit_closed = 1
    OR (judged.is_russian_served AND judged.is_history_closed = 1) AS is_noncommercial
FROM judged
WHERE judged.is_russian_flagged OR judged.is_russian_served OR judged.is_listed
