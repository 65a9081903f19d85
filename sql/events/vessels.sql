-- One row is a physical ship, as far as the data tells: newest MMSI, name, call sign and flag; IMO number, type and
-- size most often sent, else as witnesses tell. A ship that no report of ours shows has 0 positions.
-- Reads ship_pieces, witness_ships, ship_names, mids. Settings: none.
WITH
sightings AS (
    SELECT
        vessel_id,
        mmsi,
        first_t_s,
        last_t_s,
        CAST(NULL AS VARCHAR) AS flag,
        n_reports,
        0 AS is_told,
        0 AS is_closed
    FROM ship_pieces
    UNION ALL
    SELECT
        vessel_id,
        mmsi,
        first_t_s,
        last_t_s,
        flag,
        CAST(0 AS BIGINT) AS n_reports,
        1 AS is_told,
        CASE WHEN is_noncommercial THEN 1 ELSE 0 END AS is_closed
    FROM witness_ships
),

seen AS (
    SELECT
        vessel_id,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(n_reports) AS BIGINT) AS n_positions
    FROM sightings
    GROUP BY vessel_id
),

newest AS (
    SELECT
        vessel_id,
        mmsi,
        flag,
        is_closed,
        row_number() OVER (
            PARTITION BY vessel_id ORDER BY last_t_s DESC, is_told, mmsi DESC, flag, is_closed
        ) AS choice
    FROM sightings
),

named AS (
    SELECT
        vessel_id,
        name,
        is_noncommercial,
        row_number() OVER (
            PARTITION BY vessel_id ORDER BY last_t_s DESC, n_reports DESC, name, is_noncommercial
        ) AS choice
    FROM ship_names
    WHERE name IS NOT NULL
),

called AS (
    SELECT
        vessel_id,
        callsign,
        is_noncommercial,
        row_number() OVER (
            PARTITION BY vessel_id ORDER BY last_t_s DESC, n_reports DESC, callsign, is_noncommercial
        ) AS choice
    FROM ship_names
    WHERE callsign IS NOT NULL
),

numbers AS (
    SELECT
        vessel_id,
        imo,
        min(is_noncommercial) AS is_noncommercial,
        row_number() OVER (PARTITION BY vessel_id ORDER BY sum(n_reports) DESC, count(*) DESC, imo) AS choice
    FROM ship_names
    WHERE imo IS NOT NULL
    GROUP BY vessel_id, imo
),

types AS (
    SELECT
        vessel_id,
        ship_type,
        min(is_noncommercial) AS is_noncommercial,
        row_number() OVER (
            PARTITION BY vessel_id ORDER BY sum(n_reports) DESC, count(*) DESC, ship_type
        ) AS choice
    FROM ship_names
    WHERE ship_type IS NOT NULL
    GROUP BY vessel_id, ship_type
),

sizes AS (
    SELECT
        vessel_id,
        length_m,
        width_m,
        min(is_noncommercial) AS is_noncommercial,
        row_number() OVER (PARTITION BY vessel_id ORDER BY sum(n_reports) DESC, length_m, width_m) AS choice
    FROM ship_names
    WHERE length_m IS NOT NULL
    GROUP BY vessel_id, length_m, width_m
)

SELECT
    seen.vessel_id AS vessel_id,
    numbers.imo AS imo,
    newest.mmsi AS mmsi,
    named.name AS name,
    called.callsign AS callsign,
    coalesce(newest.flag, mids.country) AS flag,
    types.ship_type AS ship_type,
    sizes.length_m AS length_m,
    sizes.width_m AS width_m,
    TIMESTAMP '1970-01-01 00:00:00' + seen.first_t_s * INTERVAL '1' SECOND AS first_seen_at,
    TIMESTAMP '1970-01-01 00:00:00' + seen.last_t_s * INTERVAL '1' SECOND AS last_seen_at,
    seen.n_positions AS n_positions,
    newest.is_closed = 1
    OR coalesce(named.is_noncommercial, FALSE)
    OR coalesce(called.is_noncommercial, FALSE)
    OR coalesce(numbers.is_noncommercial, FALSE)
    OR coalesce(types.is_noncommercial, FALSE)
    OR coalesce(sizes.is_noncommercial, FALSE) AS is_noncommercial
FROM seen
INNER JOIN newest ON seen.vessel_id = newest.vessel_id AND newest.choice = 1
LEFT JOIN named ON seen.vessel_id = named.vessel_id AND named.choice = 1
LEFT JOIN called ON seen.vessel_id = called.vessel_id AND called.choice = 1
LEFT JOIN numbers ON seen.vessel_id = numbers.vessel_id AND numbers.choice = 1
LEFT JOIN types ON seen.vessel_id = types.vessel_id AND types.choice = 1
LEFT JOIN sizes ON seen.vessel_id = sizes.vessel_id AND sizes.choice = 1
LEFT JOIN mids ON newest.mmsi // 1000000 = mids.mid
