-- One row is a stretch at rest with the place it lies in: the fine cell's berth or anchorage, else the nearest
-- port whose ring holds it, else the open sea (port_id null). is_berth decides alone from this day, for encounters
-- at berths. Reads day_stops, berth_cells, port_rings. Settings: port_calls.exit_km, port_calls.moored_km.
WITH
celled AS (
    SELECT
        day,
        mmsi,
        piece,
        seg,
        lat,
        lon,
        n_marks,
        n_moored,
        n_anchored,
        CAST(floor((lat + 90e0) * 500e0) AS BIGINT) * 1000000 + CAST(floor((lon + 180e0) * 500e0) AS BIGINT) AS fine_cell,
        CAST(floor((lat + 90e0) * 100e0) AS BIGINT) * 1000000 + CAST(floor((lon + 180e0) * 100e0) AS BIGINT) AS ring_cell
    FROM stops_to_place
),

fine AS (
    SELECT
        celled.day AS day,
        celled.mmsi AS mmsi,
        celled.piece AS piece,
        celled.seg AS seg,
        berth_cells.port_id AS port_id,
        berth_cells.terminal_id AS terminal_id,
        berth_cells.kind AS cell_kind,
        berth_cells.confidence AS cell_confidence,
        row_number() OVER (
            PARTITION BY celled.day, celled.mmsi, celled.piece, celled.seg
            ORDER BY
                CASE WHEN berth_cells.kind = 'berth' THEN 0 ELSE 1 END,
                berth_cells.port_id,
                berth_cells.terminal_id
        ) AS choice
    FROM celled
    INNER JOIN berth_cells ON celled.fine_cell = berth_cells.cell_id
),

ringed AS (
    SELECT
        celled.day AS day,
        celled.mmsi AS mmsi,
        celled.piece AS piece,
        celled.seg AS seg,
        port_rings.port_id AS port_id,
        sqrt(
            power(111195e0 * (celled.lat - port_rings.point_lat), 2)
            + power(111195e0 * cos(radians(celled.lat)) * (celled.lon - port_rings.point_lon), 2)
        ) AS d_m
    FROM celled
    INNER JOIN port_rings ON celled.ring_cell = port_rings.cell_id
),

nearest AS (
    SELECT
        day,
        mmsi,
        piece,
        seg,
        port_id,
        d_m,
        row_number() OVER (
            PARTITION BY day, mmsi, piece, seg ORDER BY CAST(round(d_m) AS BIGINT), port_id
        ) AS choice
    FROM ringed
    WHERE d_m <= $port_calls_exit_km * 1000e0
)

SELECT
    celled.day AS day,
    celled.mmsi AS mmsi,
    celled.piece AS piece,
    celled.seg AS seg,
    coalesce(fine.port_id, nearest.port_id) AS port_id,
    fine.terminal_id AS terminal_id,
    nearest.d_m AS ring_d_m,
    CASE
        WHEN
            fine.cell_kind = 'berth'
            AND NOT (fine.cell_confidence <= 2 AND celled.n_anchored * 2 > celled.n_marks)
            THEN 'berth'
        WHEN fine.cell_kind IS NOT NULL THEN 'anchorage'
        WHEN nearest.port_id IS NULL THEN NULL
        WHEN
            celled.n_moored * 2 > celled.n_marks AND nearest.d_m <= $port_calls_moored_km * 1000e0
            THEN 'berth'
        ELSE 'anchorage'
    END AS kind
FROM celled
LEFT JOIN fine
    ON
        celled.day = fine.day
        AND celled.mmsi = fine.mmsi
        AND celled.piece = fine.piece
        AND celled.seg = fine.seg
        AND fine.choice = 1
LEFT JOIN nearest
    ON
        celled.day = nearest.day
        AND celled.mmsi = nearest.mmsi
        AND celled.piece = nearest.piece
        AND celled.seg = nearest.seg
        AND nearest.choice = 1
