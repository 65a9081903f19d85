-- One row is a stretch in which a ship lay still, over midnights and silences: day_stops joined where one ends
-- with its piece and the next begins with the next piece at the same place (port_calls.shift_km). Arrival and
-- departure are interpolated: the ship covers the way from the report before at half the speed it had there. Reads
-- day_stops, ship_pieces. Settings: port_calls.shift_km.
WITH
owned AS (
    SELECT
        ship_pieces.vessel_id AS vessel_id,
        day_stops.mmsi AS mmsi,
        ship_pieces.piece_no AS piece_no,
        day_stops.seg AS seg,
        day_stops.state AS state,
        day_stops.first_t_s AS first_t_s,
        day_stops.last_t_s AS last_t_s,
        day_stops.starts_open AS starts_open,
        day_stops.ends_open AS ends_open,
        coalesce(day_stops.prev_t_s, ship_pieces.before_t_s) AS prev_t_s,
        CASE WHEN day_stops.prev_t_s IS NULL THEN ship_pieces.before_lat ELSE day_stops.prev_lat END AS prev_lat,
        CASE WHEN day_stops.prev_t_s IS NULL THEN ship_pieces.before_lon ELSE day_stops.prev_lon END AS prev_lon,
        CASE WHEN day_stops.prev_t_s IS NOT NULL THEN day_stops.prev_sog_kn END AS prev_sog_kn,
        CASE WHEN day_stops.ends_open = 1 THEN ship_pieces.after_t_s ELSE day_stops.next_t_s END AS next_t_s,
        CASE WHEN day_stops.ends_open = 1 THEN ship_pieces.after_lat ELSE day_stops.next_lat END AS next_lat,
        CASE WHEN day_stops.ends_open = 1 THEN ship_pieces.after_lon ELSE day_stops.next_lon END AS next_lon,
        CASE WHEN day_stops.ends_open = 0 THEN day_stops.next_sog_kn END AS next_sog_kn,
        day_stops.lat AS lat,
        day_stops.lon AS lon,
        day_stops.n_reports AS n_reports,
        day_stops.n_marks AS n_marks,
        day_stops.n_moored AS n_moored,
        day_stops.n_anchored AS n_anchored,
        day_stops.max_gap_s AS max_gap_s
    FROM day_stops
    INNER JOIN ship_pieces
        ON
            day_stops.day = ship_pieces.day
            AND day_stops.mmsi = ship_pieces.mmsi
            AND day_stops.piece = ship_pieces.piece
),

followed AS (
    SELECT
        *,
        lag(ends_open) OVER w AS prev_ends_open,
        lag(state) OVER w AS prev_state,
        lag(piece_no) OVER w AS prev_piece_no,
        lag(seg) OVER w AS prev_seg,
        lag(last_t_s) OVER w AS prev_last_t_s,
        sqrt(
            power(111195e0 * (lat - lag(lat) OVER w), 2)
            + power(
                111195e0 * cos(radians(lat))
                * ((lon - lag(lon) OVER w) - 360e0 * round((lon - lag(lon) OVER w) / 360e0)),
                2
            )
        ) AS moved_m
    FROM owned
    WINDOW w AS (PARTITION BY vessel_id ORDER BY piece_no, seg)
),

grouped AS (
    SELECT
        *,
        CASE
            WHEN
                prev_ends_open = 1
                AND starts_open = 1
                AND piece_no = prev_piece_no + 1
                AND moved_m <= $port_calls_shift_km * 1000e0
                THEN first_t_s - prev_last_t_s
            WHEN
                prev_state = 2
                AND piece_no = prev_piece_no
                AND seg = prev_seg + 1
                THEN first_t_s - prev_last_t_s
        END AS bridged_s
    FROM followed
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(CASE WHEN bridged_s IS NULL THEN 1 ELSE 0 END) OVER (
                PARTITION BY vessel_id ORDER BY piece_no, seg ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS rest_no,
        row_number() OVER (PARTITION BY vessel_id ORDER BY piece_no, seg) AS n,
        row_number() OVER (PARTITION BY vessel_id ORDER BY piece_no DESC, seg DESC) AS n_back
    FROM grouped
),

edges AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY vessel_id, rest_no ORDER BY n) AS from_start,
        row_number() OVER (PARTITION BY vessel_id, rest_no ORDER BY n_back) AS from_end
    FROM numbered
),

summed AS (
    SELECT
        vessel_id,
        rest_no,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(CAST(round(lat * 1000000e0) AS BIGINT) * n_marks) AS DOUBLE)
        / CAST(sum(n_marks) AS DOUBLE) / 1000000e0 AS lat,
        CAST(sum(CAST(round(lon * 1000000e0) AS BIGINT) * n_marks) AS DOUBLE)
        / CAST(sum(n_marks) AS DOUBLE) / 1000000e0 AS lon,
        max(CASE WHEN state = 1 THEN 1 ELSE 0 END) AS was_seen_at_rest,
        CAST(sum(n_reports) AS BIGINT) AS n_reports,
        CAST(sum(n_marks) AS BIGINT) AS n_marks,
        CAST(sum(n_moored) AS BIGINT) AS n_moored,
        CAST(sum(n_anchored) AS BIGINT) AS n_anchored,
        greatest(max(max_gap_s), coalesce(max(CASE WHEN from_start > 1 THEN bridged_s END), 0)) AS max_gap_s
    FROM edges
    GROUP BY vessel_id, rest_no
),

around AS (
    SELECT
        summed.vessel_id AS vessel_id,
        summed.rest_no AS rest_no,
        f.mmsi AS mmsi,
        summed.first_t_s AS first_t_s,
        summed.last_t_s AS last_t_s,
        summed.lat AS lat,
        summed.lon AS lon,
        summed.n_reports AS n_reports,
        summed.n_marks AS n_marks,
        summed.n_moored AS n_moored,
        summed.n_anchored AS n_anchored,
        summed.max_gap_s AS max_gap_s,
        f.prev_t_s AS prev_t_s,
        f.prev_sog_kn AS prev_sog_kn,
        l.next_t_s AS next_t_s,
        l.next_sog_kn AS next_sog_kn,
        l.ends_open AS ends_open,
        sqrt(
            power(111195e0 * (summed.lat - f.prev_lat), 2)
            + power(
                111195e0 * cos(radians(summed.lat))
                * ((summed.lon - f.prev_lon) - 360e0 * round((summed.lon - f.prev_lon) / 360e0)),
                2
            )
        ) AS in_m,
        sqrt(
            power(111195e0 * (summed.lat - l.next_lat), 2)
            + power(
                111195e0 * cos(radians(summed.lat))
                * ((summed.lon - l.next_lon) - 360e0 * round((summed.lon - l.next_lon) / 360e0)),
                2
            )
        ) AS out_m
    FROM summed
    INNER JOIN edges AS f ON summed.vessel_id = f.vessel_id AND summed.rest_no = f.rest_no AND f.from_start = 1
    INNER JOIN edges AS l ON summed.vessel_id = l.vessel_id AND summed.rest_no = l.rest_no AND l.from_end = 1
    WHERE summed.was_seen_at_rest = 1
)

SELECT
    vessel_id,
    CAST(rest_no AS BIGINT) AS rest_no,
    mmsi,
    first_t_s,
    last_t_s,
    lat,
    lon - 360e0 * round(lon / 360e0) AS lon,
    n_reports,
    n_marks,
    n_moored,
    n_anchored,
    max_gap_s,
    prev_t_s,
    next_t_s,
    ends_open,
    -- 0.2572 m/s is half a knot: the mean speed, per knot, of a ship that slows from what it reported to nothing. Where
    -- the speed is not known the ship had time to spare: it is split evenly, at 6.17 m/s (12 kn) for the way.
    CASE
        WHEN prev_t_s IS NULL THEN first_t_s
        WHEN prev_sog_kn IS NULL
            THEN first_t_s - CAST(round(greatest(CAST(first_t_s - prev_t_s AS DOUBLE) - in_m / 6.17e0, 0e0) / 2e0) AS BIGINT)
        ELSE
            least(first_t_s, prev_t_s + CAST(round(in_m / (0.25722e0 * greatest(prev_sog_kn, 1e0))) AS BIGINT))
    END AS arrived_t_s,
    CASE
        WHEN next_t_s IS NULL THEN last_t_s
        WHEN next_sog_kn IS NULL
            THEN last_t_s + CAST(round(greatest(CAST(next_t_s - last_t_s AS DOUBLE) - out_m / 6.17e0, 0e0) / 2e0) AS BIGINT)
        ELSE
            greatest(last_t_s, next_t_s - CAST(round(out_m / (0.25722e0 * greatest(next_sog_kn, 1e0))) AS BIGINT))
    END AS departed_t_s
FROM around
