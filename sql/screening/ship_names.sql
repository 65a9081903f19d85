-- One row is a name under which a ship is or was known, with the span in which it was sent. Ships known to be
-- shorter than the setting are left out: lists hold sea-going ships. Reads vessels, vessel_identities.
-- Settings: screening.name_min_length_m.
WITH
told AS (
    SELECT
        vessel_id,
        name,
        valid_from,
        valid_to,
        is_noncommercial
    FROM vessel_identities
    WHERE name IS NOT NULL
    UNION ALL
    SELECT
        vessel_id,
        name,
        CAST(NULL AS TIMESTAMP) AS valid_from,
        CAST(NULL AS TIMESTAMP) AS valid_to,
        is_noncommercial
    FROM vessels
    WHERE name IS NOT NULL
)

SELECT
    told.vessel_id AS vessel_id,
    told.name AS name,
    min(told.valid_from) AS valid_from,
    max(told.valid_to) AS valid_to,
    max(CASE WHEN vessels.name = told.name THEN 1 ELSE 0 END) = 1 AS is_present,
    min(CASE WHEN told.is_noncommercial THEN 1 ELSE 0 END) = 1 AS is_noncommercial
FROM told
INNER JOIN vessels ON told.vessel_id = vessels.vessel_id
WHERE vessels.length_m IS NULL OR vessels.length_m >= CAST($screening_name_min_length_m AS DOUBLE)
GROUP BY told.vessel_id, told.name
