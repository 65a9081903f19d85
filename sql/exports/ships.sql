-- One row is a ship as it is handed on: who it is and was, where it was last (its latest event), in how many links it
-- stands, and on which lists. Reads vessels, vessel_identities, events_export, transshipment_links, screening_hits.
-- Settings: none.
WITH
sides AS (
    SELECT
        vessel_id,
        started_at,
        event_id,
        lat,
        lon,
        CASE WHEN is_selected THEN 1 ELSE 0 END AS selected
    FROM events_export
    UNION ALL
    SELECT
        other_vessel_id AS vessel_id,
        started_at,
        event_id,
        lat,
        lon,
        CASE WHEN is_selected THEN 1 ELSE 0 END AS selected
    FROM events_export
    WHERE other_vessel_id IS NOT NULL AND kind = 'encounter'
),

latest AS (
    SELECT
        vessel_id,
        started_at,
        lat,
        lon,
        row_number() OVER (PARTITION BY vessel_id ORDER BY started_at DESC, event_id) AS choice
    FROM sides
    WHERE lat IS NOT NULL
),

selected AS (
    SELECT DISTINCT vessel_id
    FROM sides
    WHERE selected = 1
),

linked AS (
    SELECT
        vessel_id,
        CAST(count(*) AS INTEGER) AS n_links,
        max(score) AS best_score
    FROM (
        SELECT
            from_vessel_id AS vessel_id,
            score
        FROM transshipment_links
        UNION ALL
        SELECT
            to_vessel_id AS vessel_id,
            score
        FROM transshipment_links
    ) AS both_sides
    GROUP BY vessel_id
),

listed AS (
    SELECT
        vessel_id,
        string_agg(list, ';' ORDER BY list) AS lists,
        CAST(sum(n_leads) AS INTEGER) AS n_leads
    FROM (
        SELECT
            vessel_id,
            max(CASE WHEN is_lead THEN NULL ELSE list END) AS list,
            CAST(sum(CASE WHEN is_lead THEN 1 ELSE 0 END) AS INTEGER) AS n_leads
        FROM screening_hits
        GROUP BY vessel_id, list
    ) AS by_list
    GROUP BY vessel_id
),

named AS (
    SELECT
        vessel_id,
        string_agg(name, ';' ORDER BY name) AS former_names
    FROM (
        SELECT DISTINCT
            vessel_identities.vessel_id AS vessel_id,
            vessel_identities.name AS name
        FROM vessel_identities
        INNER JOIN vessels ON vessel_identities.vessel_id = vessels.vessel_id
        WHERE vessel_identities.name <> coalesce(vessels.name, '')
    ) AS other_names
    GROUP BY vessel_id
),

numbered AS (
    SELECT
        vessel_id,
        string_agg(mmsi, ';' ORDER BY mmsi) AS mmsis
    FROM (
        SELECT DISTINCT
            vessel_id,
            CAST(mmsi AS VARCHAR) AS mmsi
        FROM vessel_identities
        WHERE mmsi IS NOT NULL
    ) AS numbers
    GROUP BY vessel_id
)

SELECT
    vessels.vessel_id AS vessel_id,
    vessels.imo AS imo,
    vessels.mmsi AS mmsi,
    vessels.name AS name,
    vessels.callsign AS callsign,
    vessels.flag AS flag,
    vessels.ship_type AS ship_type,
    vessels.length_m AS length_m,
    vessels.width_m AS width_m,
    named.former_names AS former_names,
    numbered.mmsis AS mmsis,
    vessels.first_seen_at AS first_seen_at,
    vessels.last_seen_at AS last_seen_at,
    coalesce(linked.n_links, 0) AS n_links,
    linked.best_score AS best_score,
    listed.lists AS lists,
    coalesce(listed.n_leads, 0) AS n_leads,
    latest.started_at AS last_event_at,
    latest.lat AS lat,
    latest.lon AS lon,
    concat(
        coalesce(vessels.name, 'A ship without a name'), ' (MMSI ', coalesce(CAST(vessels.mmsi AS VARCHAR), '?'),
        CASE WHEN vessels.imo IS NULL THEN '' ELSE concat(', IMO ', CAST(vessels.imo AS VARCHAR)) END,
        CASE WHEN vessels.flag IS NULL THEN '' ELSE concat(', flag ', vessels.flag) END, ')',
        CASE WHEN listed.lists IS NULL THEN '' ELSE concat(', on the lists ', listed.lists) END,
        CASE
            WHEN linked.n_links IS NULL THEN '' ELSE concat(', in ', CAST(linked.n_links AS VARCHAR), ' possible transfers')
        END
    ) AS told,
    selected.vessel_id IS NOT NULL OR linked.vessel_id IS NOT NULL OR listed.lists IS NOT NULL AS is_selected,
    vessels.is_noncommercial AS is_noncommercial
FROM vessels
LEFT JOIN latest ON vessels.vessel_id = latest.vessel_id AND latest.choice = 1
LEFT JOIN selected ON vessels.vessel_id = selected.vessel_id
LEFT JOIN linked ON vessels.vessel_id = linked.vessel_id
LEFT JOIN listed ON vessels.vessel_id = listed.vessel_id
LEFT JOIN named ON vessels.vessel_id = named.vessel_id
LEFT JOIN numbered ON vessels.vessel_id = numbered.vessel_id
