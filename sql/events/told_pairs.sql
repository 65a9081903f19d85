-- One row is a call that a witness told beside another's that may be the same. key and told_key are a port_call_id of
-- ours, or the key of told_calls. is_same: a call told as one may be several of ours (roads, then berth); one that
-- overlaps none is the nearest one. Reads own_calls, told_calls. Settings: port_calls.shift_hours.
WITH
everything AS (
    SELECT
        port_call_id AS key,
        'ais' AS witness,
        1 AS rank,
        vessel_id,
        port_id,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', arrived_at) AS start_t_s,
        coalesce(
            date_diff('second', TIMESTAMP '1970-01-01 00:00:00', departed_at),
            date_diff('second', TIMESTAMP '1970-01-01 00:00:00', arrived_at)
            + CAST(round(coalesce(stopped_h, 0e0) * 3600e0) AS BIGINT)
        ) AS until_t_s,
        CAST(NULL AS BIGINT) AS end_t_s,
        lat,
        lon
    FROM own_calls
    UNION ALL
    SELECT
        key,
        witness,
        CASE WHEN witness = 'port_authority' THEN 2 ELSE 3 END AS rank,
        vessel_id,
        port_id,
        start_t_s,
        coalesce(end_t_s, start_t_s) AS until_t_s,
        end_t_s,
        lat,
        lon
    FROM told_calls
),

-- who may keep a call, and who may lose it: where Global Fishing Watch is alone, there is nothing to join
keeping AS (
    SELECT *
    FROM everything
    WHERE rank < 3
),

losing AS (
    SELECT *
    FROM everything
    WHERE rank > 1
),

pairs AS (
    SELECT
        a.key AS key,
        b.key AS told_key,
        b.witness AS witness,
        b.end_t_s AS end_t_s,
        greatest(0, a.start_t_s - b.until_t_s, b.start_t_s - a.until_t_s) AS apart_s,
        row_number() OVER (
            PARTITION BY b.key
            ORDER BY
                a.rank,
                greatest(0, a.start_t_s - b.until_t_s, b.start_t_s - a.until_t_s),
                CASE WHEN a.port_id = b.port_id THEN 0 ELSE 1 END,
                a.start_t_s,
                a.key
        ) AS choice
    FROM keeping AS a
    INNER JOIN losing AS b
        ON
            a.vessel_id = b.vessel_id
            AND a.rank < b.rank
            AND (
                (
                    a.port_id = b.port_id
                    AND CAST(greatest(a.start_t_s - b.until_t_s, b.start_t_s - a.until_t_s) AS DOUBLE)
                    <= $port_calls_shift_hours * 3600e0
                )
                OR (
                    a.start_t_s < b.until_t_s
                    AND b.start_t_s < a.until_t_s
                    AND sqrt(
                        power(111195e0 * (a.lat - b.lat), 2)
                        + power(111195e0 * cos(radians(a.lat)) * (a.lon - b.lon), 2)
                    ) <= 20000e0
                )
            )
)

SELECT
    key,
    told_key,
    witness,
    end_t_s,
    CASE WHEN apart_s = 0 OR choice = 1 THEN 1 ELSE 0 END AS is_same
FROM pairs
