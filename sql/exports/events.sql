-- One row is an event of any kind as it is handed on: a port call, an encounter, loitering, a silence, an arrival in
-- Russia that no stop shows. `is_selected` marks those that the files for people hold: at a hub, in Russia, or of a ship
-- in a link or on a list. Reads port_calls, encounters, loitering, ais_gaps, russia_arrivals, vessels, ports, hubs,
-- transshipment_links, screening_hits. Settings: none.
WITH
told AS (
    SELECT
        port_calls.port_call_id AS event_id,
        'port_call' AS kind,
        port_calls.kind AS detail,
        port_calls.vessel_id AS vessel_id,
        port_calls.mmsi AS mmsi,
        CAST(NULL AS VARCHAR) AS other_vessel_id,
        CAST(NULL AS BIGINT) AS other_mmsi,
        port_calls.arrived_at AS started_at,
        port_calls.departed_at AS ended_at,
        port_calls.port_id AS place_id,
        port_calls.lat AS lat,
        port_calls.lon AS lon,
        CAST(NULL AS DOUBLE) AS to_lat,
        CAST(NULL AS DOUBLE) AS to_lon,
        port_calls.draught_in_m AS draught_in_m,
        port_calls.draught_out_m AS draught_out_m,
        port_calls.confidence AS confidence,
        port_calls.witness AS witness,
        port_calls.is_noncommercial AS is_noncommercial
    FROM port_calls
    UNION ALL
    SELECT
        encounters.encounter_id AS event_id,
        'encounter' AS kind,
        encounters.kind AS detail,
        encounters.vessel_id_1 AS vessel_id,
        encounters.mmsi_1 AS mmsi,
        encounters.vessel_id_2 AS other_vessel_id,
        encounters.mmsi_2 AS other_mmsi,
        encounters.started_at AS started_at,
        encounters.ended_at AS ended_at,
        coalesce(encounters.hub_id, encounters.nearest_port_id) AS place_id,
        encounters.lat AS lat,
        encounters.lon AS lon,
        CAST(NULL AS DOUBLE) AS to_lat,
        CAST(NULL AS DOUBLE) AS to_lon,
        CAST(NULL AS DOUBLE) AS draught_in_m,
        CAST(NULL AS DOUBLE) AS draught_out_m,
        encounters.confidence AS confidence,
        'ais' AS witness,
        FALSE AS is_noncommercial
    FROM encounters
    UNION ALL
    SELECT
        loitering.loitering_id AS event_id,
        'loitering' AS kind,
        CAST(NULL AS VARCHAR) AS detail,
        loitering.vessel_id AS vessel_id,
        loitering.mmsi AS mmsi,
        loitering.dark_partner_vessel_id AS other_vessel_id,
        CAST(NULL AS BIGINT) AS other_mmsi,
        loitering.started_at AS started_at,
        loitering.ended_at AS ended_at,
        CAST(NULL AS VARCHAR) AS place_id,
        loitering.lat AS lat,
        loitering.lon AS lon,
        CAST(NULL AS DOUBLE) AS to_lat,
        CAST(NULL AS DOUBLE) AS to_lon,
        CAST(NULL AS DOUBLE) AS draught_in_m,
        CAST(NULL AS DOUBLE) AS draught_out_m,
        CAST(NULL AS INTEGER) AS confidence,
        'ais' AS witness,
        FALSE AS is_noncommercial
    FROM loitering
    UNION ALL
    SELECT
        ais_gaps.gap_id AS event_id,
        'silence' AS kind,
        CASE WHEN ais_gaps.is_suspicious THEN 'suspicious' END AS detail,
        ais_gaps.vessel_id AS vessel_id,
        ais_gaps.mmsi AS mmsi,
        CAST(NULL AS VARCHAR) AS other_vessel_id,
        CAST(NULL AS BIGINT) AS other_mmsi,
        ais_gaps.off_at AS started_at,
        ais_gaps.on_at AS ended_at,
        CAST(NULL AS VARCHAR) AS place_id,
        ais_gaps.off_lat AS lat,
        ais_gaps.off_lon AS lon,
        ais_gaps.on_lat AS to_lat,
        ais_gaps.on_lon AS to_lon,
        CAST(NULL AS DOUBLE) AS draught_in_m,
        CAST(NULL AS DOUBLE) AS draught_out_m,
        CAST(NULL AS INTEGER) AS confidence,
        'ais' AS witness,
        FALSE AS is_noncommercial
    FROM ais_gaps
    UNION ALL
    SELECT
        russia_arrivals.arrival_id AS event_id,
        'russia_arrival' AS kind,
        russia_arrivals.basis AS detail,
        russia_arrivals.vessel_id AS vessel_id,
        russia_arrivals.mmsi AS mmsi,
        CAST(NULL AS VARCHAR) AS other_vessel_id,
        CAST(NULL AS BIGINT) AS other_mmsi,
        russia_arrivals.arrived_at AS started_at,
        CAST(NULL AS TIMESTAMP) AS ended_at,
        russia_arrivals.port_id AS place_id,
        CAST(NULL AS DOUBLE) AS lat,
        CAST(NULL AS DOUBLE) AS lon,
        CAST(NULL AS DOUBLE) AS to_lat,
        CAST(NULL AS DOUBLE) AS to_lon,
        CAST(NULL AS DOUBLE) AS draught_in_m,
        CAST(NULL AS DOUBLE) AS draught_out_m,
        russia_arrivals.confidence AS confidence,
        CAST(NULL AS VARCHAR) AS witness,
        russia_arrivals.is_noncommercial AS is_noncommercial
    FROM russia_arrivals
    WHERE russia_arrivals.basis <> 'stop'
),

wanted_ships AS (
    SELECT from_vessel_id AS vessel_id
    FROM transshipment_links
    UNION
    SELECT to_vessel_id AS vessel_id
    FROM transshipment_links
    UNION
    SELECT vessel_id
    FROM screening_hits
    WHERE NOT is_lead
)

SELECT
    told.event_id AS event_id,
    told.kind AS kind,
    told.detail AS detail,
    told.vessel_id AS vessel_id,
    told.mmsi AS mmsi,
    vessels.imo AS imo,
    vessels.name AS name,
    vessels.flag AS flag,
    told.other_vessel_id AS other_vessel_id,
    coalesce(told.other_mmsi, others.mmsi) AS other_mmsi,
    others.name AS other_name,
    told.started_at AS started_at,
    told.ended_at AS ended_at,
    told.place_id AS place_id,
    coalesce(hubs.name, ports.name) AS place_name,
    coalesce(ports.country, hubs.country) AS country,
    told.draught_in_m AS draught_in_m,
    told.draught_out_m AS draught_out_m,
    told.confidence AS confidence,
    told.witness AS witness,
    coalesce(told.lat, ports.lat) AS lat,
    coalesce(told.lon, ports.lon) AS lon,
    told.to_lat AS to_lat,
    told.to_lon AS to_lon,
    concat(
        CASE told.kind
            WHEN 'port_call' THEN 'Port call'
            WHEN 'encounter' THEN 'Encounter'
            WHEN 'loitering' THEN 'Lying at sea'
            WHEN 'silence' THEN 'Silence'
            ELSE 'Arrival in Russia'
        END,
        CASE WHEN told.detail IS NULL THEN '' ELSE concat(' (', told.detail, ')') END,
        ' of ', coalesce(vessels.name, 'a ship without a name'), ' (MMSI ', coalesce(CAST(told.mmsi AS VARCHAR), '?'), ')',
        CASE
            WHEN told.other_vessel_id IS NULL THEN ''
            ELSE
                concat(
                    CASE WHEN told.kind = 'loitering' THEN ', perhaps with ' ELSE ' and ' END,
                    coalesce(others.name, 'a ship without a name'),
                    ' (MMSI ', coalesce(CAST(coalesce(told.other_mmsi, others.mmsi) AS VARCHAR), '?'), ')'
                )
        END,
        CASE
            WHEN told.place_id IS NULL THEN ''
            ELSE concat(
                CASE WHEN told.kind = 'encounter' THEN ' near ' ELSE ' at ' END,
                coalesce(hubs.name, ports.name, told.place_id)
            )
        END,
        ', from ', substr(CAST(told.started_at AS VARCHAR), 1, 16),
        CASE WHEN told.ended_at IS NULL THEN '' ELSE concat(' to ', substr(CAST(told.ended_at AS VARCHAR), 1, 16)) END,
        ' UTC'
    ) AS told,
    hubs.hub_id IS NOT NULL
    OR coalesce(ports.controlled_by, '') = 'RU'
    OR a.vessel_id IS NOT NULL
    OR b.vessel_id IS NOT NULL AS is_selected,
    told.is_noncommercial AS is_noncommercial
FROM told
INNER JOIN vessels ON told.vessel_id = vessels.vessel_id
LEFT JOIN vessels AS others ON told.other_vessel_id = others.vessel_id
LEFT JOIN ports ON told.place_id = ports.port_id
LEFT JOIN hubs ON told.place_id = hubs.hub_id
LEFT JOIN wanted_ships AS a ON told.vessel_id = a.vessel_id
LEFT JOIN wanted_ships AS b ON told.other_vessel_id = b.vessel_id
