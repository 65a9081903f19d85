-- One row is a span in which a ship is known to have had these values: as it sent them, as a witness saw it, or as a
-- register of a witness has it. Values that were never received by us count 0 reports.
-- Reads ship_statics, witness_ships, said_identities. Settings: none.
WITH
owners AS (
    SELECT
        mmsi,
        vessel_id,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        row_number() OVER (PARTITION BY mmsi ORDER BY max(last_t_s) DESC, vessel_id) AS choice
    FROM witness_ships
    GROUP BY mmsi, vessel_id
)

SELECT
    vessel_id,
    mmsi,
    first_t_s,
    last_t_s,
    imo,
    name,
    callsign,
    CAST(NULL AS VARCHAR) AS flag,
    ship_type,
    length_m,
    width_m,
    n_reports,
    FALSE AS is_noncommercial
FROM ship_statics
UNION ALL
SELECT
    vessel_id,
    mmsi,
    first_t_s,
    last_t_s,
    imo,
    name,
    callsign,
    flag,
    ship_type,
    CAST(NULL AS DOUBLE) AS length_m,
    CAST(NULL AS DOUBLE) AS width_m,
    CAST(0 AS BIGINT) AS n_reports,
    is_noncommercial
FROM witness_ships
UNION ALL
SELECT DISTINCT
    owners.vessel_id AS vessel_id,
    said_identities.mmsi AS mmsi,
    coalesce(
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', said_identities.valid_from), owners.first_t_s
    ) AS first_t_s,
    coalesce(
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', said_identities.valid_to), owners.last_t_s
    ) AS last_t_s,
    said_identities.imo AS imo,
    said_identities.name AS name,
    said_identities.callsign AS callsign,
    said_identities.flag AS flag,
    said_identities.ship_type AS ship_type,
    said_identities.length_m AS length_m,
    CAST(NULL AS DOUBLE) AS width_m,
    CAST(0 AS BIGINT) AS n_reports,
    said_identities.is_noncommercial AS is_noncommercial
FROM said_identities
INNER JOIN owners ON said_identities.mmsi = owners.mmsi AND owners.choice = 1
