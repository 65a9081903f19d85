-- One row is a link as it is handed on: both ships, the transfer's place and Russia's, and the whole in a sentence.
-- Reads transshipment_links, encounters, port_calls, russia_arrivals, hubs, ports. Settings: none.
WITH
placed AS (
    SELECT
        links.link_id AS link_id,
        coalesce(encounters.lat, from_calls.lat, hubs.lat) AS lat,
        coalesce(encounters.lon, from_calls.lon, hubs.lon) AS lon,
        coalesce(arrival_calls.lat, russian.lat, expected.lat) AS to_lat,
        coalesce(arrival_calls.lon, russian.lon, expected.lon) AS to_lon,
        coalesce(hubs.name, links.hub_id) AS hub_name,
        coalesce(russian.name, links.russia_port_id) AS russia_port_name
    FROM transshipment_links AS links
    LEFT JOIN encounters ON links.encounter_id = encounters.encounter_id
    LEFT JOIN port_calls AS from_calls ON links.from_port_call_id = from_calls.port_call_id
    LEFT JOIN russia_arrivals AS arrivals ON links.arrival_id = arrivals.arrival_id
    LEFT JOIN port_calls AS arrival_calls ON arrivals.port_call_id = arrival_calls.port_call_id
    LEFT JOIN hubs ON links.hub_id = hubs.hub_id
    LEFT JOIN ports AS russian ON links.russia_port_id = russian.port_id
    LEFT JOIN ports AS expected ON links.expected_port_id = expected.port_id
)

SELECT
    links.link_id AS link_id,
    links.pattern AS pattern,
    links.status AS status,
    links.review AS review,
    links.score AS score,
    links.hub_id AS hub_id,
    placed.hub_name AS hub_name,
    links.transfer_started_at AS transfer_started_at,
    links.transfer_ended_at AS transfer_ended_at,
    links.from_vessel_id AS from_vessel_id,
    links.from_name AS from_name,
    links.from_mmsi AS from_mmsi,
    links.from_imo AS from_imo,
    links.from_flag AS from_flag,
    links.origin_port_id AS origin_port_id,
    links.to_vessel_id AS to_vessel_id,
    links.to_name AS to_name,
    links.to_mmsi AS to_mmsi,
    links.to_imo AS to_imo,
    links.to_flag AS to_flag,
    links.russia_port_id AS russia_port_id,
    placed.russia_port_name AS russia_port_name,
    links.arrived_at AS arrived_at,
    links.expected_port_id AS expected_port_id,
    links.expected_from_at AS expected_from_at,
    links.expected_to_at AS expected_to_at,
    links.days_to_russia AS days_to_russia,
    links.calls_between AS calls_between,
    links.hops AS hops,
    placed.lat AS lat,
    placed.lon AS lon,
    placed.to_lat AS to_lat,
    placed.to_lon AS to_lon,
    concat(
        'Possible transfer (', links.pattern, ') at ', placed.hub_name, ' on ',
        substr(CAST(links.transfer_started_at AS VARCHAR), 1, 10), ': from ',
        coalesce(links.from_name, 'a ship without a name'),
        ' (MMSI ',
        coalesce(CAST(links.from_mmsi AS VARCHAR), '?'),
        ') to ',
        coalesce(links.to_name, 'a ship without a name'), ' (MMSI ', coalesce(CAST(links.to_mmsi AS VARCHAR), '?'), ')',
        CASE
            WHEN links.arrived_at IS NULL THEN ', not arrived in Russia yet'
            ELSE
                concat(
                    ', which arrived at ', placed.russia_port_name, ' on ', substr(CAST(links.arrived_at AS VARCHAR), 1, 10)
                )
        END,
        '. Score ', CAST(CAST(floor(links.score * 100e0 + 5e-1) AS INTEGER) AS VARCHAR),
        ' in 100: a lead to check, not a verdict; status ', links.status, ', review ', links.review, '.'
    ) AS told,
    links.is_noncommercial AS is_noncommercial
FROM transshipment_links AS links
INNER JOIN placed ON links.link_id = placed.link_id
