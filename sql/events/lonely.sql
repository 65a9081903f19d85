-- One row is a stretch in which one ship lay or drifted with no other seen beside it: slow stretches joined over
-- midnights, at least loitering.min_hours, at no berth, in no encounter. at_anchor says that it lay within a
-- port's ring. Small craft in the coast's neighbourhood (a cell of land within 0.1 degree) lie in harbour, not at sea.
-- Reads day_slow, ship_pieces, calls, meetings, small_craft, land_cells. Settings: loitering.min_hours,
-- encounters.grid_minutes.
WITH
owned AS (
    SELECT
        ship_pieces.vessel_id AS vessel_id,
        ship_pieces.piece_no AS piece_no,
        day_slow.mmsi AS mmsi,
        day_slow.first_t_s AS first_t_s,
        day_slow.last_t_s AS last_t_s,
        day_slow.lat AS lat,
        day_slow.lon AS lon,
        day_slow.starts_open AS starts_open,
        day_slow.ends_open AS ends_open,
        day_slow.n_marks AS n_marks
    FROM day_slow
    INNER JOIN ship_pieces
        ON
            day_slow.day = ship_pieces.day
            AND day_slow.mmsi = ship_pieces.mmsi
            AND day_slow.piece = ship_pieces.piece
),

followed AS (
    SELECT
        *,
        CASE
            WHEN
                lag(ends_open) OVER w = 1
                AND starts_open = 1
                AND piece_no = lag(piece_no) OVER w + 1
                AND abs(lat - lag(lat) OVER w) < 0.5e0
                THEN 0
            ELSE 1
        END AS is_new
    FROM owned
    WINDOW w AS (PARTITION BY vessel_id ORDER BY first_t_s, last_t_s)
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(is_new) OVER (
                PARTITION BY vessel_id ORDER BY first_t_s, last_t_s ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS stretch_no
    FROM followed
),

stretches AS (
    SELECT
        vessel_id,
        stretch_no,
        min(mmsi) AS mmsi,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(CAST(round(lat * 1000000e0) AS BIGINT) * n_marks) AS DOUBLE)
        / CAST(sum(n_marks) AS DOUBLE) / 1000000e0 AS lat,
        median(lon) AS lon
    FROM numbered
    GROUP BY vessel_id, stretch_no
),

together AS (
    SELECT
        vessel_id_1 AS vessel_id,
        first_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS first_t_s,
        last_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS last_t_s
    FROM meetings
    UNION ALL
    SELECT
        vessel_id_2 AS vessel_id,
        first_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS first_t_s,
        last_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS last_t_s
    FROM meetings
),

alone AS (
    SELECT
        stretches.vessel_id AS vessel_id,
        stretches.stretch_no AS stretch_no,
        stretches.mmsi AS mmsi,
        stretches.first_t_s AS first_t_s,
        stretches.last_t_s AS last_t_s,
        stretches.lat AS lat,
        stretches.lon AS lon,
        max(CASE WHEN calls.kind = 'berth' THEN 1 ELSE 0 END) AS at_berth,
        max(CASE WHEN calls.kind = 'anchorage' THEN 1 ELSE 0 END) AS at_anchor,
        max(CASE WHEN together.vessel_id IS NULL THEN 0 ELSE 1 END) AS in_company
    FROM stretches
    LEFT JOIN calls
        ON
            stretches.vessel_id = calls.vessel_id
            AND stretches.first_t_s <= calls.departed_t_s
            AND stretches.last_t_s >= calls.arrived_t_s
    LEFT JOIN together
        ON
            stretches.vessel_id = together.vessel_id
            AND stretches.first_t_s <= together.last_t_s
            AND stretches.last_t_s >= together.first_t_s
    WHERE CAST(stretches.last_t_s - stretches.first_t_s AS DOUBLE) >= $loitering_min_hours * 3600e0
    GROUP BY
        stretches.vessel_id,
        stretches.stretch_no,
        stretches.mmsi,
        stretches.first_t_s,
        stretches.last_t_s,
        stretches.lat,
        stretches.lon
),

around AS (
    SELECT * FROM (VALUES (-1), (0), (1)) AS offsets (k)
),

ashore AS (
    SELECT DISTINCT
        alone.vessel_id AS vessel_id,
        alone.stretch_no AS stretch_no
    FROM alone
    INNER JOIN small_craft ON alone.vessel_id = small_craft.vessel_id
    CROSS JOIN around AS north
    CROSS JOIN around AS east
    INNER JOIN land_cells
        ON
            (CAST(floor((alone.lat + 90e0) * 10e0) AS BIGINT) + north.k) * 1000000
            + (CAST(floor((alone.lon + 180e0) * 10e0) AS BIGINT) + east.k + 3600) % 3600
            = land_cells.cell_id
)

SELECT
    alone.vessel_id AS vessel_id,
    alone.mmsi AS mmsi,
    alone.first_t_s AS first_t_s,
    alone.last_t_s AS last_t_s,
    alone.lat AS lat,
    alone.lon AS lon,
    alone.at_anchor AS at_anchor
FROM alone
LEFT JOIN ashore ON alone.vessel_id = ashore.vessel_id AND alone.stretch_no = ashore.stretch_no
WHERE alone.at_berth = 0 AND alone.in_company = 0 AND ashore.vessel_id IS NULL
