-- One row is a ship's place at one slot of the common grid (UTC multiples of encounters.grid_minutes), interpolated
-- between the reports before and after it where these are at most encounters.max_gap_minutes apart, never extrapolated.
-- x, y, z are metres on a sphere of 6371.0088 km, so that neighbours are found alike at the date line and the poles.
-- Reads marks. Settings: encounters.grid_minutes, encounters.max_gap_minutes.
WITH
legs AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s,
        prev_t_s,
        lat,
        lon,
        prev_lat,
        prev_lon,
        sog_kn,
        prev_sog_kn,
        prev_t_s // (60 * CAST($encounters_grid_minutes AS BIGINT)) + 1 AS first_slot,
        t_s // (60 * CAST($encounters_grid_minutes AS BIGINT)) AS last_slot
    FROM marks
    WHERE prev_t_s IS NOT NULL AND CAST(t_s - prev_t_s AS DOUBLE) <= $encounters_max_gap_minutes * 60e0
),

slots AS (
    SELECT
        *,
        unnest(generate_series(first_slot, last_slot)) AS slot
    FROM legs
    WHERE first_slot <= last_slot
),

-- a report that stands on the slot itself, with no report before it to interpolate from
starts AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s // (60 * CAST($encounters_grid_minutes AS BIGINT)) AS slot,
        lat,
        lon,
        sog_kn
    FROM marks
    WHERE
        t_s % (60 * CAST($encounters_grid_minutes AS BIGINT)) = 0
        AND (prev_t_s IS NULL OR CAST(t_s - prev_t_s AS DOUBLE) > $encounters_max_gap_minutes * 60e0)
),

shares AS (
    SELECT
        day,
        mmsi,
        piece,
        slot,
        prev_lat,
        prev_lon,
        lat,
        lon,
        sog_kn,
        prev_sog_kn,
        CAST(slot * (60 * CAST($encounters_grid_minutes AS BIGINT)) - prev_t_s AS DOUBLE)
        / CAST(t_s - prev_t_s AS DOUBLE) AS share
    FROM slots
),

placed AS (
    SELECT
        day,
        mmsi,
        piece,
        slot,
        prev_lat + share * (lat - prev_lat) AS lat,
        prev_lon + share * ((lon - prev_lon) - 360e0 * round((lon - prev_lon) / 360e0)) AS lon,
        coalesce(prev_sog_kn + share * (sog_kn - prev_sog_kn), sog_kn, prev_sog_kn) AS sog_kn
    FROM shares
    UNION ALL
    SELECT
        day,
        mmsi,
        piece,
        slot,
        lat,
        lon,
        sog_kn
    FROM starts
)

SELECT
    day,
    mmsi,
    piece,
    slot,
    lat,
    lon - 360e0 * round(lon / 360e0) AS lon,
    sog_kn,
    6371008.8e0 * cos(radians(lat)) * cos(radians(lon)) AS x_m,
    6371008.8e0 * cos(radians(lat)) * sin(radians(lon)) AS y_m,
    6371008.8e0 * sin(radians(lat)) AS z_m
FROM placed
WHERE slot * (60 * CAST($encounters_grid_minutes AS BIGINT)) // 86400 = day
