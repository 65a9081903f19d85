-- One row is a ship and an entry of a list that may be it, by the best of its identities. By IMO number where one is
-- equal; by MMSI, or by names that are alike, only where not both have an IMO number: two ships with different ones
-- are different, whatever else is equal. Reads ship_numbers, ship_names, list_numbers (list, entity_id, kind, number),
-- list_names (list, entity_id, name, comparable), comparable_names (name, comparable), alike_names (listed, sent,
-- similarity). Settings: screening.mmsi_weight, screening.name_weight, screening.historic_weight.
WITH
by_number AS (
    SELECT
        ship_numbers.vessel_id AS vessel_id,
        list_numbers.list AS list,
        list_numbers.entity_id AS entity_id,
        ship_numbers.kind AS matched_on,
        CASE WHEN ship_numbers.kind = 'imo' THEN 1 ELSE 2 END AS rank,
        ship_numbers.is_present AS is_present,
        CASE WHEN ship_numbers.kind = 'imo' THEN 1e0 ELSE CAST($screening_mmsi_weight AS DOUBLE) END AS weight,
        CAST(ship_numbers.number AS VARCHAR) AS matched_value,
        CAST(ship_numbers.number AS VARCHAR) AS list_value,
        CAST(NULL AS DOUBLE) AS name_similarity,
        ship_numbers.valid_from AS valid_from,
        ship_numbers.valid_to AS valid_to,
        ship_numbers.is_noncommercial AS is_noncommercial
    FROM ship_numbers
    INNER JOIN list_numbers ON ship_numbers.kind = list_numbers.kind AND ship_numbers.number = list_numbers.number
),

by_name AS (
    SELECT
        ship_names.vessel_id AS vessel_id,
        list_names.list AS list,
        list_names.entity_id AS entity_id,
        'name' AS matched_on,
        3 AS rank,
        ship_names.is_present AS is_present,
        CAST($screening_name_weight AS DOUBLE) * alike_names.similarity AS weight,
        ship_names.name AS matched_value,
        list_names.name AS list_value,
        alike_names.similarity AS name_similarity,
        ship_names.valid_from AS valid_from,
        ship_names.valid_to AS valid_to,
        ship_names.is_noncommercial AS is_noncommercial
    FROM ship_names
    INNER JOIN comparable_names ON ship_names.name = comparable_names.name
    INNER JOIN alike_names ON comparable_names.comparable = alike_names.sent
    INNER JOIN list_names ON alike_names.listed = list_names.comparable
),

ships_with_imo AS (
    SELECT DISTINCT vessel_id
    FROM ship_numbers
    WHERE kind = 'imo'
),

entries_with_imo AS (
    SELECT DISTINCT
        list,
        entity_id
    FROM list_numbers
    WHERE kind = 'imo'
),

everything AS (
    SELECT
        vessel_id,
        list,
        entity_id,
        matched_on,
        rank,
        is_present,
        weight,
        matched_value,
        list_value,
        name_similarity,
        valid_from,
        valid_to,
        is_noncommercial
    FROM by_number
    UNION ALL
    SELECT
        vessel_id,
        list,
        entity_id,
        matched_on,
        rank,
        is_present,
        weight,
        matched_value,
        list_value,
        name_similarity,
        valid_from,
        valid_to,
        is_noncommercial
    FROM by_name
),

scored AS (
    SELECT
        everything.vessel_id AS vessel_id,
        everything.list AS list,
        everything.entity_id AS entity_id,
        everything.matched_on AS matched_on,
        everything.rank AS rank,
        everything.is_present AS is_present,
        everything.weight
        * CASE WHEN everything.is_present THEN 1e0 ELSE CAST($screening_historic_weight AS DOUBLE) END AS match_score,
        everything.matched_value AS matched_value,
        everything.list_value AS list_value,
        everything.name_similarity AS name_similarity,
        everything.valid_from AS valid_from,
        everything.valid_to AS valid_to,
        everything.is_noncommercial AS is_noncommercial
    FROM everything
    LEFT JOIN ships_with_imo ON everything.vessel_id = ships_with_imo.vessel_id
    LEFT JOIN entries_with_imo
        ON everything.list = entries_with_imo.list AND everything.entity_id = entries_with_imo.entity_id
    WHERE
        everything.matched_on = 'imo'
        OR ships_with_imo.vessel_id IS NULL
        OR entries_with_imo.entity_id IS NULL
)

SELECT
    vessel_id,
    list,
    entity_id,
    matched_on,
    is_present,
    match_score,
    matched_value,
    list_value,
    name_similarity,
    valid_from,
    valid_to,
    is_noncommercial
FROM scored
QUALIFY row_number() OVER (
    PARTITION BY vessel_id, list, entity_id
    ORDER BY rank, match_score DESC, is_noncommercial, matched_value, list_value
) = 1
