-- One row is a run of one piece beyond one gate (the water behind it, closed off over land), with the reports around:
-- before_t_s is the last one outside, null where the piece's day begins beyond the gate; after_t_s likewise. A point
-- lies beyond where a line from it due east crosses the area's edge an odd number of times.
-- Reads marks, gate_cells, gate_edges. Settings: none.
WITH
near AS (
    SELECT
        marks.day AS day,
        marks.mmsi AS mmsi,
        marks.piece AS piece,
        marks.seq AS seq,
        marks.lat AS lat,
        marks.lon AS lon,
        gate_cells.gate_id AS gate_id
    FROM marks
    INNER JOIN gate_cells
        ON
            CAST(floor(marks.lat + 90e0) AS BIGINT) * 1000000 + CAST(floor(marks.lon + 180e0) AS BIGINT)
            = gate_cells.cell_id
    WHERE marks.is_own = 1
),

beyond AS (
    SELECT
        near.day AS day,
        near.mmsi AS mmsi,
        near.piece AS piece,
        near.seq AS seq,
        near.gate_id AS gate_id
    FROM near
    INNER JOIN gate_edges ON near.gate_id = gate_edges.gate_id
    WHERE
        (gate_edges.lat1 > near.lat) <> (gate_edges.lat2 > near.lat)
        AND near.lon < gate_edges.lon1
        + (near.lat - gate_edges.lat1) / nullif(gate_edges.lat2 - gate_edges.lat1, 0e0)
        * (gate_edges.lon2 - gate_edges.lon1)
    GROUP BY near.day, near.mmsi, near.piece, near.seq, near.gate_id
    HAVING count(*) % 2 = 1
),

touched AS (
    SELECT DISTINCT
        day,
        mmsi,
        piece
    FROM beyond
),

own AS (
    SELECT
        marks.day AS day,
        marks.mmsi AS mmsi,
        marks.piece AS piece,
        marks.seq AS seq,
        marks.t_s AS t_s,
        marks.lat AS lat,
        marks.lon AS lon,
        row_number() OVER w AS mark_no,
        lag(marks.t_s) OVER w AS before_t_s,
        lag(marks.lat) OVER w AS before_lat,
        lag(marks.lon) OVER w AS before_lon,
        lead(marks.t_s) OVER w AS after_t_s,
        lead(marks.lat) OVER w AS after_lat,
        lead(marks.lon) OVER w AS after_lon
    FROM marks
    INNER JOIN touched ON marks.day = touched.day AND marks.mmsi = touched.mmsi AND marks.piece = touched.piece
    WHERE marks.is_own = 1
    WINDOW w AS (PARTITION BY marks.day, marks.mmsi, marks.piece ORDER BY marks.seq)
),

inside AS (
    SELECT
        own.*,
        beyond.gate_id AS gate_id,
        own.mark_no
        - row_number() OVER (
            PARTITION BY own.day, own.mmsi, own.piece, beyond.gate_id ORDER BY own.mark_no
        ) AS island
    FROM own
    INNER JOIN beyond
        ON own.day = beyond.day AND own.mmsi = beyond.mmsi AND own.piece = beyond.piece AND own.seq = beyond.seq
),

ends AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY day, mmsi, piece, gate_id, island ORDER BY mark_no) AS from_start,
        row_number() OVER (PARTITION BY day, mmsi, piece, gate_id, island ORDER BY mark_no DESC) AS from_end
    FROM inside
)

SELECT
    day,
    mmsi,
    piece,
    gate_id,
    max(CASE WHEN from_start = 1 THEN before_t_s END) AS before_t_s,
    max(CASE WHEN from_start = 1 THEN before_lat END) AS before_lat,
    max(CASE WHEN from_start = 1 THEN before_lon END) AS before_lon,
    max(CASE WHEN from_start = 1 THEN t_s END) AS first_t_s,
    max(CASE WHEN from_start = 1 THEN lat END) AS first_lat,
    max(CASE WHEN from_start = 1 THEN lon END) AS first_lon,
    max(CASE WHEN from_end = 1 THEN t_s END) AS last_t_s,
    max(CASE WHEN from_end = 1 THEN lat END) AS last_lat,
    max(CASE WHEN from_end = 1 THEN lon END) AS last_lon,
    max(CASE WHEN from_end = 1 THEN after_t_s END) AS after_t_s,
    max(CASE WHEN from_end = 1 THEN after_lat END) AS after_lat,
    max(CASE WHEN from_end = 1 THEN after_lon END) AS after_lon
FROM ends
GROUP BY day, mmsi, piece, gate_id, island
