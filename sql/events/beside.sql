-- One row is a slot in which two ships lay near each other, with the headings they sent and how far apart they lay across
-- these. Reads day_pair_slots, ship_pieces. Settings: none.
WITH
owned AS (
    SELECT
        a.vessel_id AS vessel_id_1,
        b.vessel_id AS vessel_id_2,
        s.mmsi_1 AS mmsi_1,
        s.mmsi_2 AS mmsi_2,
        s.slot AS slot,
        s.distance_m AS distance_m,
        s.speed_kn AS speed_kn,
        s.lat AS lat,
        s.lon AS lon,
        s.heading_1_deg AS heading_1_deg,
        s.heading_2_deg AS heading_2_deg,
        s.across_m AS across_m
    FROM day_pair_slots AS s
    INNER JOIN ship_pieces AS a ON s.day = a.day AND s.mmsi_1 = a.mmsi AND s.piece_1 = a.piece
    INNER JOIN ship_pieces AS b ON s.day = b.day AND s.mmsi_2 = b.mmsi AND s.piece_2 = b.piece
    WHERE a.vessel_id <> b.vessel_id
),

one_a_slot AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY vessel_id_1, vessel_id_2, slot ORDER BY mmsi_1, mmsi_2, CAST(round(distance_m * 1000e0) AS BIGINT)
        ) AS choice
    FROM owned
)

SELECT
    vessel_id_1,
    vessel_id_2,
    mmsi_1,
    mmsi_2,
    slot,
    distance_m,
    speed_kn,
    lat,
    lon,
    heading_1_deg,
    heading_2_deg,
    across_m
FROM one_a_slot
WHERE choice = 1
