-- One row is a ship that stands on a list, or, where its name alone is alike, a lead to it (contract:
-- pipeline/schema.txt). Several entries of one list that resolves no duplicates are one row where the same number or
-- name of theirs matched: the entry that is a sanction, then the first, gives name and id.
-- Reads matches, list_entries. Settings: none.
WITH
listed AS (
    SELECT
        matches.vessel_id AS vessel_id,
        matches.list AS list,
        matches.entity_id AS entity_id,
        matches.matched_on AS matched_on,
        matches.is_present AS is_present,
        matches.match_score AS match_score,
        matches.matched_value AS matched_value,
        matches.list_value AS list_value,
        matches.name_similarity AS name_similarity,
        matches.valid_from AS valid_from,
        matches.valid_to AS valid_to,
        CASE WHEN matches.is_noncommercial OR list_entries.is_noncommercial THEN 1 ELSE 0 END AS is_closed,
        list_entries.entity_name AS entity_name,
        list_entries.listed_on AS listed_on,
        list_entries.program AS program,
        list_entries.reason AS reason,
        list_entries.legal_point AS legal_point,
        CASE WHEN list_entries.is_sanction THEN 1 ELSE 0 END AS is_sanction,
        list_entries.topics AS topics,
        list_entries.datasets AS datasets,
        list_entries.url AS url,
        list_entries.file_id AS file_id,
        list_entries.list_date AS list_date,
        list_entries.fetched_at AS fetched_at,
        CASE
            WHEN list_entries.is_resolved THEN concat_ws('|', 'entry', matches.entity_id)
            ELSE concat_ws('|', matches.matched_on, matches.matched_value)
        END AS one_ship
    FROM matches
    INNER JOIN list_entries ON matches.list = list_entries.list AND matches.entity_id = list_entries.entity_id
),

grouped AS (
    SELECT
        vessel_id,
        list,
        matched_on,
        one_ship,
        min(listed_on) AS listed_on,
        CAST(count(*) AS INTEGER) AS n_entries,
        string_agg(entity_id, ';' ORDER BY entity_id) AS entity_ids,
        string_agg(topics, ';' ORDER BY entity_id) AS topics,
        string_agg(datasets, ';' ORDER BY entity_id) AS datasets,
        max(is_sanction) AS is_sanction,
        max(match_score) AS match_score,
        max(is_closed) AS is_closed
    FROM listed
    GROUP BY vessel_id, list, matched_on, one_ship
),

chosen AS (
    SELECT listed.*
    FROM listed
    QUALIFY row_number() OVER (
        PARTITION BY listed.vessel_id, listed.list, listed.matched_on, listed.one_ship
        ORDER BY listed.is_sanction DESC, listed.match_score DESC, listed.entity_id
    ) = 1
)

SELECT
    substr(
        md5(concat_ws('|', 'hit', chosen.vessel_id, chosen.list, chosen.matched_on, chosen.one_ship)), 1, 16
    ) AS hit_id,
    chosen.vessel_id AS vessel_id,
    chosen.list AS list,
    chosen.entity_id AS entity_id,
    chosen.entity_name AS entity_name,
    chosen.matched_on AS matched_on,
    chosen.matched_on = 'name' AS is_lead,
    grouped.match_score AS match_score,
    grouped.listed_on AS listed_on,
    chosen.url AS url,
    grouped.is_sanction = 1 AS is_sanction,
    chosen.program AS program,
    chosen.reason AS reason,
    chosen.legal_point AS legal_point,
    grouped.topics AS topics,
    grouped.datasets AS datasets,
    concat_ws(
        ' ',
        CASE chosen.matched_on WHEN 'imo' THEN 'IMO' WHEN 'mmsi' THEN 'MMSI' ELSE 'name' END,
        chosen.matched_value,
        CASE
            WHEN chosen.is_present THEN NULL
            WHEN chosen.valid_from IS NULL THEN 'formerly'
            ELSE concat(
                'from ', substr(CAST(chosen.valid_from AS VARCHAR), 1, 10),
                ' to ', substr(CAST(chosen.valid_to AS VARCHAR), 1, 10)
            )
        END
    ) AS matched_identity,
    chosen.is_present AS is_present,
    CASE WHEN chosen.matched_on = 'name' THEN chosen.list_value END AS list_name,
    chosen.name_similarity AS name_similarity,
    grouped.n_entries AS n_entries,
    grouped.entity_ids AS entity_ids,
    chosen.file_id AS file_id,
    chosen.list_date AS list_date,
    chosen.fetched_at AS fetched_at,
    grouped.is_closed = 1 AS is_noncommercial
FROM chosen
INNER JOIN grouped
    ON
        chosen.vessel_id = grouped.vessel_id
        AND chosen.list = grouped.list
        AND chosen.matched_on = grouped.matched_on
        AND chosen.one_ship = grouped.one_ship
