-- One row is a physical ship, as far as the data tells: newest MMSI, name, call sign and flag; most often sent IMO
-- number, type and size. Reads ship_pieces, ship_statics (vessel_id and the day_statics columns), mids. Settings:
-- none.
WITH
seen AS (
    SELECT
        vessel_id,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(n_reports) AS BIGINT) AS n_positions
    FROM ship_pieces
    GROUP BY vessel_id
),

newest AS (
    SELECT
        vessel_id,
        mmsi,
        row_number() OVER (PARTITION BY vessel_id ORDER BY last_t_s DESC, mmsi DESC) AS choice
    FROM ship_pieces
),

named AS (
    SELECT
        vessel_id,
        name,
        row_number() OVER (PARTITION BY vessel_id ORDER BY last_t_s DESC, n_reports DESC, name) AS choice
    FROM ship_statics
    WHERE name IS NOT NULL
),

called AS (
    SELECT
        vessel_id,
        callsign,
        row_number() OVER (PARTITION BY vessel_id ORDER BY last_t_s DESC, n_reports DESC, callsign) AS choice
    FROM ship_statics
    WHERE callsign IS NOT NULL
),

numbers AS (
    SELECT
        vessel_id,
        imo,
        row_number() OVER (PARTITION BY vessel_id ORDER BY sum(n_reports) DESC, imo) AS choice
    FROM ship_statics
    WHERE imo IS NOT NULL
    GROUP BY vessel_id, imo
),

types AS (
    SELECT
        vessel_id,
        ship_type,
        row_number() OVER (PARTITION BY vessel_id ORDER BY sum(n_reports) DESC, ship_type) AS choice
    FROM ship_statics
    WHERE ship_type IS NOT NULL
    GROUP BY vessel_id, ship_type
),

sizes AS (
    SELECT
        vessel_id,
        length_m,
        width_m,
        row_number() OVER (PARTITION BY vessel_id ORDER BY sum(n_reports) DESC, length_m, width_m) AS choice
    FROM ship_statics
    WHERE length_m IS NOT NULL
    GROUP BY vessel_id, length_m, width_m
)

SELECT
    seen.vessel_id AS vessel_id,
    numbers.imo AS imo,
    newest.mmsi AS mmsi,
    named.name AS name,
    called.callsign AS callsign,
    mids.country AS flag,
    types.ship_type AS ship_type,
    sizes.length_m AS length_m,
    sizes.width_m AS width_m,
    TIMESTAMP '1970-01-01 00:00:00' + seen.first_t_s * INTERVAL '1' SECOND AS first_seen_at,
    TIMESTAMP '1970-01-01 00:00:00' + seen.last_t_s * INTERVAL '1' SECOND AS last_seen_at,
    seen.n_positions AS n_positions
FROM seen
INNER JOIN newest ON seen.vessel_id = newest.vessel_id AND newest.choice = 1
LEFT JOIN named ON seen.vessel_id = named.vessel_id AND named.choice = 1
LEFT JOIN called ON seen.vessel_id = called.vessel_id AND called.choice = 1
LEFT JOIN numbers ON seen.vessel_id = numbers.vessel_id AND numbers.choice = 1
LEFT JOIN types ON seen.vessel_id = types.vessel_id AND types.choice = 1
LEFT JOIN sizes ON seen.vessel_id = sizes.vessel_id AND sizes.choice = 1
LEFT JOIN mids ON newest.mmsi // 1000000 = mids.mid
