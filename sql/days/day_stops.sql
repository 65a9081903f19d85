-- One row is a stretch of one piece in which the ship lay still (state 1), or of which nobody knows yet (state 2:
-- before the first speed that decides). Times are those of reports; the reports around are kept to interpolate
-- between; a ship at rest in two places in a row was two times at rest. Reads marks. Settings: port_calls.shift_km.
WITH
own AS (
    SELECT
        day,
        mmsi,
        piece,
        t_s,
        seq,
        lat,
        lon,
        sog_kn,
        nav_status,
        is_first,
        is_last,
        prev_t_s,
        prev_lat,
        prev_lon,
        prev_sog_kn,
        coalesce(stopped, 2) AS state,
        lag(coalesce(stopped, 2)) OVER w AS prev_state,
        lag(lat) OVER w AS mark_lat,
        lag(lon) OVER w AS mark_lon
    FROM marks
    WHERE is_own = 1
    WINDOW w AS (PARTITION BY day, mmsi, piece ORDER BY seq)
),

-- a ship at rest here and then at rest elsewhere has moved in between, though nobody saw it
cut AS (
    SELECT
        *,
        CASE
            WHEN prev_state IS NULL OR prev_state <> state THEN 1
            WHEN
                state = 1
                AND sqrt(
                    power(111195e0 * (lat - mark_lat), 2)
                    + power(
                        111195e0 * cos(radians(lat))
                        * ((lon - mark_lon) - 360e0 * round((lon - mark_lon) / 360e0)),
                        2
                    )
                ) > $port_calls_shift_km * 1000e0
                THEN 1
            ELSE 0
        END AS is_new
    FROM own
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(is_new)
                OVER (PARTITION BY day, mmsi, piece ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
            AS BIGINT
        ) AS seg
    FROM cut
),

begins AS (
    SELECT * FROM numbered
    WHERE is_new = 1
),

segs AS (
    SELECT
        numbered.day AS day,
        numbered.mmsi AS mmsi,
        numbered.piece AS piece,
        numbered.seg AS seg,
        max(numbered.state) AS state,
        max(numbered.t_s) AS last_mark_t_s,
        max(numbered.seq) AS last_mark_seq,
        max(numbered.is_last) AS ends_open,
        CAST(sum(CAST(round(numbered.lat * 1000000e0) AS BIGINT)) AS DOUBLE) / CAST(count(*) AS DOUBLE) / 1000000e0 AS lat,
        begins.lon
        + CAST(
            sum(
                CAST(
                    round(
                        ((numbered.lon - begins.lon) - 360e0 * round((numbered.lon - begins.lon) / 360e0)) * 1000000e0
                    ) AS BIGINT
                )
            ) AS DOUBLE
        )
        / CAST(count(*) AS DOUBLE)
        / 1000000e0 AS lon,
        CAST(count(CASE WHEN numbered.nav_status = 5 THEN 1 END) AS BIGINT) AS n_moored,
        CAST(count(CASE WHEN numbered.nav_status = 1 THEN 1 END) AS BIGINT) AS n_anchored,
        CAST(count(*) AS BIGINT) AS n_marks,
        max(CASE WHEN numbered.seq > begins.seq THEN numbered.t_s - numbered.prev_t_s ELSE 0 END) AS max_gap_s
    FROM numbered
    INNER JOIN begins
        ON
            numbered.day = begins.day
            AND numbered.mmsi = begins.mmsi
            AND numbered.piece = begins.piece
            AND numbered.seg = begins.seg
    GROUP BY numbered.day, numbered.mmsi, numbered.piece, numbered.seg, begins.lon
),

stretches AS (
    SELECT
        begins.day AS day,
        begins.mmsi AS mmsi,
        begins.piece AS piece,
        begins.seg AS seg,
        begins.state AS state,
        begins.t_s AS first_t_s,
        begins.seq AS first_seq,
        begins.is_first AS starts_open,
        begins.prev_t_s AS prev_t_s,
        begins.prev_lat AS prev_lat,
        begins.prev_lon AS prev_lon,
        CASE WHEN begins.prev_state = 1 AND begins.state = 1 THEN NULL ELSE begins.prev_sog_kn END AS prev_sog_kn,
        lead(begins.prev_t_s) OVER w AS next_prev_t_s,
        lead(begins.t_s) OVER w AS next_t_s,
        lead(begins.lat) OVER w AS next_lat,
        lead(begins.lon) OVER w AS next_lon,
        lead(CASE WHEN begins.prev_state = 1 AND begins.state = 1 THEN NULL ELSE begins.sog_kn END) OVER w AS next_sog_kn,
        lead(begins.seq) OVER w AS next_seq
    FROM begins
    WINDOW w AS (PARTITION BY begins.day, begins.mmsi, begins.piece ORDER BY begins.seg)
),

rested AS (
    SELECT
        stretches.day AS day,
        stretches.mmsi AS mmsi,
        stretches.piece AS piece,
        stretches.seg AS seg,
        stretches.state AS state,
        stretches.first_t_s AS first_t_s,
        coalesce(stretches.next_prev_t_s, segs.last_mark_t_s) AS last_t_s,
        stretches.starts_open AS starts_open,
        segs.ends_open AS ends_open,
        stretches.prev_t_s AS prev_t_s,
        stretches.prev_lat AS prev_lat,
        stretches.prev_lon AS prev_lon,
        stretches.prev_sog_kn AS prev_sog_kn,
        stretches.next_t_s AS next_t_s,
        stretches.next_lat AS next_lat,
        stretches.next_lon AS next_lon,
        stretches.next_sog_kn AS next_sog_kn,
        segs.lat AS lat,
        segs.lon - 360e0 * round(segs.lon / 360e0) AS lon,
        coalesce(stretches.next_seq, segs.last_mark_seq + 1) - stretches.first_seq AS n_reports,
        segs.n_marks AS n_marks,
        segs.n_moored AS n_moored,
        segs.n_anchored AS n_anchored,
        segs.max_gap_s AS max_gap_s
    FROM stretches
    INNER JOIN segs
        ON
            stretches.day = segs.day
            AND stretches.mmsi = segs.mmsi
            AND stretches.piece = segs.piece
            AND stretches.seg = segs.seg
    WHERE stretches.state <> 0
)

SELECT * FROM rested
