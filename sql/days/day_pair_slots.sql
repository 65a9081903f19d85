-- One row is a slot in which two ships lay near each other (near_slots), with the heading that each reported next to the
-- slot's time, at most a slot away, and how far they lay apart across those headings. Null where none was sent, or where
-- several ships sent it. Reads near_slots, headings (mmsi, t_s, heading_deg), day_labels. Settings: encounters.grid_minutes.
WITH
-- a report lies after the slot that begins its stretch and before the next one; time and heading in one number, so that
-- the nearest is a minimum and ties are decided
keyed AS (
    SELECT
        mmsi,
        t_s // (60 * CAST($encounters_grid_minutes AS BIGINT)) AS stretch,
        min(t_s * 1000 + heading_deg) AS first_key,
        max(t_s * 1000 + heading_deg) AS last_key
    FROM headings
    GROUP BY mmsi, t_s // (60 * CAST($encounters_grid_minutes AS BIGINT))
),

beside AS (
    SELECT
        mmsi,
        stretch AS slot,
        first_key // 1000 - stretch * (60 * CAST($encounters_grid_minutes AS BIGINT)) AS off_s,
        first_key % 1000 AS heading_deg
    FROM keyed
    UNION ALL
    SELECT
        mmsi,
        stretch + 1 AS slot,
        (stretch + 1) * (60 * CAST($encounters_grid_minutes AS BIGINT)) - last_key // 1000 AS off_s,
        last_key % 1000 AS heading_deg
    FROM keyed
),

nearest AS (
    SELECT
        mmsi,
        slot,
        CAST(heading_deg AS DOUBLE) AS heading_deg,
        row_number() OVER (PARTITION BY mmsi, slot ORDER BY off_s, heading_deg) AS choice
    FROM beside
),

split AS (
    SELECT DISTINCT
        day,
        mmsi
    FROM day_labels
),

headed AS (
    SELECT
        near_slots.*,
        CASE WHEN split_a.mmsi IS NULL THEN a.heading_deg END AS heading_1_deg,
        CASE WHEN split_b.mmsi IS NULL THEN b.heading_deg END AS heading_2_deg
    FROM near_slots
    LEFT JOIN nearest AS a ON near_slots.mmsi_1 = a.mmsi AND near_slots.slot = a.slot AND a.choice = 1
    LEFT JOIN nearest AS b ON near_slots.mmsi_2 = b.mmsi AND near_slots.slot = b.slot AND b.choice = 1
    LEFT JOIN split AS split_a ON near_slots.day = split_a.day AND near_slots.mmsi_1 = split_a.mmsi
    LEFT JOIN split AS split_b ON near_slots.day = split_b.day AND near_slots.mmsi_2 = split_b.mmsi
),

steered AS (
    SELECT
        *,
        abs(east_m * cos(radians(heading_1_deg)) - north_m * sin(radians(heading_1_deg))) AS across_1_m,
        abs(east_m * cos(radians(heading_2_deg)) - north_m * sin(radians(heading_2_deg))) AS across_2_m
    FROM headed
)

SELECT
    day,
    slot,
    mmsi_1,
    piece_1,
    mmsi_2,
    piece_2,
    distance_m,
    speed_kn,
    lat,
    lon,
    heading_1_deg,
    heading_2_deg,
    (coalesce(across_1_m, across_2_m) + coalesce(across_2_m, across_1_m)) / 2e0 AS across_m
FROM steered
