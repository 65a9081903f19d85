-- One row is one slot in which two ships lay within encounters.max_distance_m of each other, neither of them at a berth
-- (where encounters.exclude_berths). Each ship looks into the eight cubes of twice that size that can hold a neighbour.
-- north_m and east_m lead from the first ship to the second.
-- Reads grid, day_stops, day_stop_places. Settings: encounters.grid_minutes, encounters.max_distance_m,
-- encounters.exclude_berths.
WITH
berthed AS (
    SELECT DISTINCT
        grid.day AS day,
        grid.mmsi AS mmsi,
        grid.piece AS piece,
        grid.slot AS slot
    FROM grid
    INNER JOIN day_stops
        ON
            grid.day = day_stops.day
            AND grid.mmsi = day_stops.mmsi
            AND grid.piece = day_stops.piece
            AND grid.slot * (60 * CAST($encounters_grid_minutes AS BIGINT))
            BETWEEN day_stops.first_t_s AND day_stops.last_t_s
    INNER JOIN day_stop_places
        ON
            day_stops.day = day_stop_places.day
            AND day_stops.mmsi = day_stop_places.mmsi
            AND day_stops.piece = day_stop_places.piece
            AND day_stops.seg = day_stop_places.seg
    WHERE day_stops.state = 1 AND day_stop_places.kind = 'berth' AND CAST($encounters_exclude_berths AS BOOLEAN)
),

free AS (
    SELECT
        grid.day AS day,
        grid.mmsi AS mmsi,
        grid.piece AS piece,
        grid.slot AS slot,
        grid.lat AS lat,
        grid.lon AS lon,
        grid.sog_kn AS sog_kn,
        grid.x_m AS x_m,
        grid.y_m AS y_m,
        grid.z_m AS z_m
    FROM grid
    LEFT JOIN berthed
        ON
            grid.day = berthed.day
            AND grid.mmsi = berthed.mmsi
            AND grid.piece = berthed.piece
            AND grid.slot = berthed.slot
    WHERE berthed.slot IS NULL
),

cubed AS (
    SELECT
        *,
        CAST(floor(x_m / (2e0 * $encounters_max_distance_m)) AS BIGINT) AS cx,
        CAST(floor(y_m / (2e0 * $encounters_max_distance_m)) AS BIGINT) AS cy,
        CAST(floor(z_m / (2e0 * $encounters_max_distance_m)) AS BIGINT) AS cz
    FROM free
),

sides AS (
    SELECT * FROM (VALUES (-1), (1)) AS side (s)
),

looking AS (
    SELECT DISTINCT
        free.day AS day,
        free.mmsi AS mmsi,
        free.piece AS piece,
        free.slot AS slot,
        CAST(floor((free.x_m + sx.s * $encounters_max_distance_m) / (2e0 * $encounters_max_distance_m)) AS BIGINT) AS cx,
        CAST(floor((free.y_m + sy.s * $encounters_max_distance_m) / (2e0 * $encounters_max_distance_m)) AS BIGINT) AS cy,
        CAST(floor((free.z_m + sz.s * $encounters_max_distance_m) / (2e0 * $encounters_max_distance_m)) AS BIGINT) AS cz,
        free.lat AS lat,
        free.lon AS lon,
        free.sog_kn AS sog_kn,
        free.x_m AS x_m,
        free.y_m AS y_m,
        free.z_m AS z_m
    FROM free
    CROSS JOIN sides AS sx
    CROSS JOIN sides AS sy
    CROSS JOIN sides AS sz
),

pairs AS (
    SELECT
        a.day AS day,
        a.slot AS slot,
        a.mmsi AS mmsi_1,
        a.piece AS piece_1,
        b.mmsi AS mmsi_2,
        b.piece AS piece_2,
        sqrt(power(a.x_m - b.x_m, 2) + power(a.y_m - b.y_m, 2) + power(a.z_m - b.z_m, 2)) AS distance_m,
        (a.sog_kn + b.sog_kn) / 2e0 AS speed_kn,
        (a.lat + b.lat) / 2e0 AS lat,
        a.lon + ((b.lon - a.lon) - 360e0 * round((b.lon - a.lon) / 360e0)) / 2e0 AS lon,
        111195e0 * (b.lat - a.lat) AS north_m,
        111195e0 * cos(radians(a.lat)) * ((b.lon - a.lon) - 360e0 * round((b.lon - a.lon) / 360e0)) AS east_m
    FROM looking AS a
    INNER JOIN cubed AS b
        ON a.day = b.day AND a.slot = b.slot AND a.cx = b.cx AND a.cy = b.cy AND a.cz = b.cz AND a.mmsi < b.mmsi
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
    lon - 360e0 * round(lon / 360e0) AS lon,
    north_m,
    east_m
FROM pairs
WHERE distance_m <= $encounters_max_distance_m
