-- One row is a number that no ship can have, sent by a ship: an MMSI of a country number that ITU has not given, an MMSI
-- made up (a country number and zeros or 123456, nine digits in a row, an IMO number with two more digits), or an IMO
-- number of a false check digit (or a placeholder) that was sent oftener than a true one. What is no ship's form at all
-- is rejected on reading (docs/reading.md). Reads ship_pieces, ship_statics, mids. Settings: none.
WITH
in_a_row AS (
    SELECT * FROM (
        VALUES
        (234567890), (345678901), (456789012), (567890123), (678901234), (789012345), (789123456),
        (210987654), (321098765), (432109876), (543210987), (654321098), (765432109)
    ) AS numbers (mmsi)
),

numbered AS (
    SELECT DISTINCT
        ship_pieces.vessel_id AS vessel_id,
        ship_pieces.mmsi AS mmsi,
        CASE
            WHEN mids.mid IS NULL
                THEN concat('no country has the number ', CAST(ship_pieces.mmsi // 1000000 AS VARCHAR))
            ELSE 'this MMSI is made up, or a set''s default'
        END AS detail
    FROM ship_pieces
    LEFT JOIN mids ON ship_pieces.mmsi // 1000000 = mids.mid
    LEFT JOIN in_a_row ON ship_pieces.mmsi = in_a_row.mmsi
    LEFT JOIN ship_statics
        ON
            ship_pieces.vessel_id = ship_statics.vessel_id
            AND ship_pieces.mmsi = ship_statics.mmsi
            AND ship_pieces.mmsi // 100 = ship_statics.imo
    WHERE
        mids.mid IS NULL
        OR in_a_row.mmsi IS NOT NULL
        OR ship_statics.imo IS NOT NULL
        OR ship_pieces.mmsi % 1000000 IN (0, 123456)
),

wrong AS (
    SELECT
        vessel_id,
        mmsi,
        max(wrong_imo) AS wrong_imo,
        CASE WHEN count(DISTINCT wrong_imo) > 1 THEN 1 ELSE 0 END AS has_more,
        min(CASE WHEN wrong_imo IS NOT NULL THEN first_t_s END) AS first_t_s,
        max(CASE WHEN wrong_imo IS NOT NULL THEN last_t_s END) AS last_t_s
    FROM ship_statics
    GROUP BY vessel_id, mmsi
    HAVING
        sum(n_wrong_imo) > 1
        AND sum(n_wrong_imo) > sum(CASE WHEN imo IS NOT NULL THEN n_reports - n_wrong_imo ELSE 0 END)
),

spans AS (
    SELECT
        vessel_id,
        mmsi,
        detail,
        CAST(NULL AS BIGINT) AS first_t_s,
        CAST(NULL AS BIGINT) AS last_t_s
    FROM numbered
    UNION ALL
    SELECT
        vessel_id,
        mmsi,
        concat(
            'sent the IMO number ', CAST(wrong_imo AS VARCHAR), CASE WHEN has_more = 1 THEN ' and others' ELSE '' END,
            ', which no ship can have'
        ) AS detail,
        first_t_s,
        last_t_s
    FROM wrong
)

SELECT
    spans.vessel_id AS vessel_id,
    spans.mmsi AS mmsi,
    spans.detail AS detail,
    coalesce(max(spans.first_t_s), min(ship_pieces.first_t_s)) AS first_t_s,
    coalesce(max(spans.last_t_s), max(ship_pieces.last_t_s)) AS last_t_s,
    CAST(sum(ship_pieces.n_reports) AS BIGINT) AS n_positions,
    median(ship_pieces.first_lat) AS lat,
    median(ship_pieces.first_lon) AS lon
FROM spans
INNER JOIN ship_pieces
    ON
        spans.vessel_id = ship_pieces.vessel_id
        AND spans.mmsi = ship_pieces.mmsi
        AND (spans.last_t_s IS NULL OR spans.last_t_s >= ship_pieces.first_t_s)
        AND (spans.first_t_s IS NULL OR spans.first_t_s <= ship_pieces.last_t_s)
GROUP BY spans.vessel_id, spans.mmsi, spans.detail
