-- One row is a ship whose identity another ship claimed at the same time: an MMSI that two ships sent with contradictory
-- static data (two IMO numbers, or other names with other call signs, each more than once), or an IMO number that two
-- MMSIs sent from places which one ship cannot both have been at. Who is right is not said.
-- Reads ship_pieces, ship_statics. Settings: tracks.max_speed_kn, tracks.slack_m.
WITH
together AS (
    SELECT DISTINCT
        a.day AS day,
        a.mmsi AS mmsi,
        a.vessel_id AS vessel_id
    FROM ship_pieces AS a
    INNER JOIN ship_pieces AS b
        ON
            a.day = b.day
            AND a.mmsi = b.mmsi
            AND a.vessel_id <> b.vessel_id
            AND a.first_t_s <= b.last_t_s
            AND b.first_t_s <= a.last_t_s
),

shared AS (
    SELECT DISTINCT
        day,
        mmsi
    FROM together
),

said AS (
    SELECT
        ship_statics.mmsi AS mmsi,
        ship_statics.imo AS imo,
        coalesce(ship_statics.name, '') AS name,
        coalesce(ship_statics.callsign, '') AS callsign
    FROM ship_statics
    INNER JOIN shared
        ON ship_statics.mmsi = shared.mmsi AND ship_statics.first_t_s // 86400 = shared.day
    GROUP BY
        ship_statics.mmsi,
        ship_statics.imo,
        coalesce(ship_statics.name, ''),
        coalesce(ship_statics.callsign, '')
    HAVING sum(ship_statics.n_reports) > 1
),

contradicted AS (
    SELECT a.mmsi AS mmsi
    FROM said AS a
    INNER JOIN said AS b ON a.mmsi = b.mmsi
    WHERE
        a.imo <> b.imo
        OR (
            (a.imo IS NULL OR b.imo IS NULL)
            AND a.callsign <> '' AND b.callsign <> '' AND a.callsign <> b.callsign
            AND a.name <> '' AND b.name <> '' AND levenshtein(a.name, b.name) > 3
        )
    GROUP BY a.mmsi
),

heard AS (
    SELECT DISTINCT
        mmsi,
        CAST(imo AS VARCHAR) AS imo
    FROM said
    WHERE imo IS NOT NULL
),

numbers AS (
    SELECT
        mmsi,
        string_agg(imo, ' and ' ORDER BY imo) AS imos
    FROM heard
    GROUP BY mmsi
    HAVING count(*) > 1
),

ends AS (
    SELECT
        day,
        vessel_id,
        mmsi,
        first_t_s AS t_s,
        first_lat AS lat,
        first_lon AS lon
    FROM ship_pieces
    UNION ALL
    SELECT
        day,
        vessel_id,
        mmsi,
        last_t_s AS t_s,
        last_lat AS lat,
        last_lon AS lon
    FROM ship_pieces
),

claims AS (
    SELECT
        vessel_id,
        mmsi,
        imo,
        first_t_s // 86400 AS day
    FROM ship_statics
    WHERE imo IS NOT NULL
    GROUP BY vessel_id, mmsi, imo, first_t_s // 86400
    HAVING sum(n_reports) > 1
),

rivals AS (
    SELECT
        a.vessel_id AS vessel_id,
        a.mmsi AS mmsi,
        a.imo AS imo,
        a.day AS day,
        b.mmsi AS other_mmsi
    FROM claims AS a
    INNER JOIN claims AS b ON a.imo = b.imo AND a.day = b.day AND a.mmsi <> b.mmsi
),

-- two reports, one of each, that one ship cannot have sent: the ends of the pieces are enough to tell
apart AS (
    SELECT DISTINCT
        rivals.vessel_id AS vessel_id,
        rivals.mmsi AS mmsi,
        rivals.imo AS imo,
        rivals.day AS day,
        rivals.other_mmsi AS other_mmsi
    FROM rivals
    INNER JOIN ends AS a ON rivals.day = a.day AND rivals.mmsi = a.mmsi AND rivals.vessel_id = a.vessel_id
    INNER JOIN ends AS b ON rivals.day = b.day AND rivals.other_mmsi = b.mmsi
    WHERE
        sqrt(
            power(111195e0 * (a.lat - b.lat), 2)
            + power(
                111195e0 * cos(radians((a.lat + b.lat) / 2e0))
                * ((a.lon - b.lon) - 360e0 * round((a.lon - b.lon) / 360e0)),
                2
            )
        ) > $tracks_slack_m + $tracks_max_speed_kn * 1852e0 / 3600e0 * abs(CAST(a.t_s - b.t_s AS DOUBLE))
),

days AS (
    SELECT DISTINCT
        together.vessel_id AS vessel_id,
        together.mmsi AS mmsi,
        together.day AS day,
        concat(
            'another ship sent this MMSI at the same time from elsewhere, with other static data',
            CASE WHEN numbers.imos IS NOT NULL THEN concat(' (IMO ', numbers.imos, ')') ELSE '' END
        ) AS detail
    FROM together
    INNER JOIN contradicted ON together.mmsi = contradicted.mmsi
    LEFT JOIN numbers ON together.mmsi = numbers.mmsi
    UNION ALL
    SELECT DISTINCT
        vessel_id,
        mmsi,
        day,
        concat(
            'MMSI ', CAST(other_mmsi AS VARCHAR), ' sent the same IMO number ', CAST(imo AS VARCHAR),
            ' at the same time from elsewhere'
        ) AS detail
    FROM apart
)

SELECT
    days.vessel_id AS vessel_id,
    days.mmsi AS mmsi,
    days.detail AS detail,
    min(ship_pieces.first_t_s) AS first_t_s,
    max(ship_pieces.last_t_s) AS last_t_s,
    CAST(sum(ship_pieces.n_reports) AS BIGINT) AS n_positions,
    median(ship_pieces.first_lat) AS lat,
    median(ship_pieces.first_lon) AS lon
FROM days
INNER JOIN ship_pieces
    ON days.day = ship_pieces.day AND days.mmsi = ship_pieces.mmsi AND days.vessel_id = ship_pieces.vessel_id
GROUP BY days.vessel_id, days.mmsi, days.detail
