-- One row is an IMO number or MMSI under which a ship is or was known, with the span in which it was sent. It is
-- present where `vessels` has it now. Reads vessels, vessel_identities. Settings: none.
WITH
told AS (
    SELECT
        vessel_id,
        'imo' AS kind,
        imo AS number,
        valid_from,
        valid_to,
        is_noncommercial
    FROM vessel_identities
    WHERE imo IS NOT NULL
    UNION ALL
    SELECT
        vessel_id,
        'mmsi' AS kind,
        mmsi AS number,
        valid_from,
        valid_to,
        is_noncommercial
    FROM vessel_identities
    WHERE mmsi IS NOT NULL
    UNION ALL
    SELECT
        vessel_id,
        'imo' AS kind,
        imo AS number,
        CAST(NULL AS TIMESTAMP) AS valid_from,
        CAST(NULL AS TIMESTAMP) AS valid_to,
        is_noncommercial
    FROM vessels
    WHERE imo IS NOT NULL
    UNION ALL
    SELECT
        vessel_id,
        'mmsi' AS kind,
        mmsi AS number,
        CAST(NULL AS TIMESTAMP) AS valid_from,
        CAST(NULL AS TIMESTAMP) AS valid_to,
        is_noncommercial
    FROM vessels
    WHERE mmsi IS NOT NULL
)

SELECT
    told.vessel_id AS vessel_id,
    told.kind AS kind,
    told.number AS number,
    min(told.valid_from) AS valid_from,
    max(told.valid_to) AS valid_to,
    max(
        CASE WHEN (CASE WHEN told.kind = 'imo' THEN vessels.imo ELSE vessels.mmsi END) = told.number THEN 1 ELSE 0 END
    ) = 1 AS is_present,
    min(CASE WHEN told.is_noncommercial THEN 1 ELSE 0 END) = 1 AS is_noncommercial
FROM told
INNER JOIN vessels ON told.vessel_id = vessels.vessel_id
GROUP BY told.vessel_id, told.kind, told.number
