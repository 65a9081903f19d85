-- One row is a time in which a ship was not heard, with where it was before and after: silences of ships that we hear,
-- and the time from one port to the next of ships of which only others tell calls. Reads silences, port_calls, vessels,
-- data_until. Settings: none.
WITH
ends AS (
    SELECT max(t_s) AS t_s FROM data_until
),

told AS (
    SELECT
        port_calls.vessel_id AS vessel_id,
        port_calls.mmsi AS mmsi,
        port_calls.port_call_id AS port_call_id,
        port_calls.lat AS lat,
        port_calls.lon AS lon,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) AS from_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.departed_at) AS to_t_s
    FROM port_calls
    INNER JOIN vessels ON port_calls.vessel_id = vessels.vessel_id
    WHERE vessels.n_positions = 0 AND NOT port_calls.is_noncommercial
),

followed AS (
    SELECT
        *,
        lead(from_t_s) OVER w AS next_t_s,
        lead(lat) OVER w AS next_lat,
        lead(lon) OVER w AS next_lon
    FROM told
    WINDOW w AS (PARTITION BY vessel_id ORDER BY from_t_s, to_t_s, port_call_id)
)

SELECT
    silences.vessel_id AS vessel_id,
    silences.mmsi AS mmsi,
    silences.off_t_s AS off_t_s,
    silences.off_lat AS off_lat,
    silences.off_lon AS off_lon,
    silences.on_t_s AS on_t_s,
    silences.on_lat AS on_lat,
    silences.on_lon AS on_lon,
    coalesce(silences.on_t_s, ends.t_s) AS until_t_s
FROM silences
CROSS JOIN ends
UNION ALL
SELECT
    followed.vessel_id AS vessel_id,
    followed.mmsi AS mmsi,
    followed.to_t_s AS off_t_s,
    followed.lat AS off_lat,
    followed.lon AS off_lon,
    followed.next_t_s AS on_t_s,
    followed.next_lat AS on_lat,
    followed.next_lon AS on_lon,
    coalesce(followed.next_t_s, ends.t_s) AS until_t_s
FROM followed
CROSS JOIN ends
WHERE followed.to_t_s IS NOT NULL
