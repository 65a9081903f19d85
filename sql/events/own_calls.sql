-- One row is one stop of a ship in a port, as its own reports tell it (contract: pipeline/schema.txt).
-- confidence as Global Fishing Watch counts it: 4 entry, stop and exit seen; 3 a stop and one of them; 2 a stop alone;
-- 1 a silence alone. Draught in is the last one sent up to the arrival, draught out the last one sent until
-- port_calls.draught_hours after the departure and before the next call; destination likewise.
-- Reads calls, vessels, ports, static_values (vessel_id, t_s, draught_m, destination), data_until (t_s).
-- Settings: port_calls.gap_hours, port_calls.draught_hours.
WITH
timed AS (
    SELECT
        *,
        lead(arrived_t_s) OVER (PARTITION BY vessel_id ORDER BY arrived_t_s, departed_t_s, port_id) AS next_call_t_s
    FROM calls
),

asked AS (
    SELECT
        vessel_id,
        port_id,
        call_no,
        arrived_t_s AS t_s,
        1 AS moment
    FROM timed
    UNION ALL
    SELECT
        vessel_id,
        port_id,
        call_no,
        greatest(
            departed_t_s,
            least(
                departed_t_s + CAST(round($port_calls_draught_hours * 3600e0) AS BIGINT),
                coalesce(next_call_t_s, departed_t_s + CAST(round($port_calls_draught_hours * 3600e0) AS BIGINT))
            )
        ) AS t_s,
        2 AS moment
    FROM timed
),

lined_up AS (
    SELECT
        vessel_id,
        NULL AS port_id,
        NULL AS call_no,
        t_s,
        0 AS moment,
        draught_m,
        destination
    FROM static_values
    UNION ALL
    SELECT
        vessel_id,
        port_id,
        call_no,
        t_s,
        moment,
        NULL AS draught_m,
        NULL AS destination
    FROM asked
),

told AS (
    SELECT
        vessel_id,
        port_id,
        call_no,
        moment,
        last_value(draught_m IGNORE NULLS) OVER (
            PARTITION BY vessel_id ORDER BY t_s, moment, port_id, call_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS draught_m,
        last_value(destination IGNORE NULLS) OVER (
            PARTITION BY vessel_id ORDER BY t_s, moment, port_id, call_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS destination
    FROM lined_up
),

ends AS (
    SELECT max(t_s) AS t_s FROM data_until
)

SELECT
    substr(
        md5(
            concat_ws(
                '|', 'call', timed.vessel_id, timed.port_id, timed.kind, CAST(timed.arrived_t_s AS VARCHAR)
            )
        ),
        1,
        16
    ) AS port_call_id,
    timed.vessel_id AS vessel_id,
    timed.mmsi AS mmsi,
    vessels.imo AS imo,
    vessels.name AS ship_name,
    vessels.flag AS flag,
    timed.port_id AS port_id,
    ports.name AS port_name,
    ports.country AS country,
    timed.terminal_id AS terminal_id,
    timed.kind AS kind,
    CASE
        WHEN timed.starts_open = 0
            THEN TIMESTAMP '1970-01-01 00:00:00' + least(timed.enter_t_s, timed.arrived_t_s) * INTERVAL '1' SECOND
    END AS entered_at,
    TIMESTAMP '1970-01-01 00:00:00' + timed.arrived_t_s * INTERVAL '1' SECOND AS arrived_at,
    CASE
        WHEN timed.next_t_s IS NOT NULL
            THEN TIMESTAMP '1970-01-01 00:00:00' + timed.departed_t_s * INTERVAL '1' SECOND
    END AS departed_at,
    CASE
        WHEN timed.next_t_s IS NOT NULL AND timed.ends_open = 0
            THEN TIMESTAMP '1970-01-01 00:00:00' + greatest(timed.exit_t_s, timed.departed_t_s) * INTERVAL '1' SECOND
    END AS exited_at,
    CAST(timed.stopped_s AS DOUBLE) / 3600e0 AS stopped_h,
    coalesce(timed.lat, ports.lat) AS lat,
    coalesce(timed.lon, ports.lon) AS lon,
    t_in.draught_m AS draught_in_m,
    t_out.draught_m AS draught_out_m,
    t_out.destination AS destination_text,
    CAST(
        CASE
            WHEN timed.was_seen_at_rest = 0 THEN 1
            ELSE
                2
                + CASE WHEN timed.starts_open = 0 THEN 1 ELSE 0 END
                + CASE WHEN timed.ends_open = 0 AND timed.next_t_s IS NOT NULL THEN 1 ELSE 0 END
        END AS INTEGER
    ) AS confidence,
    CAST(timed.max_gap_s AS DOUBLE) >= $port_calls_gap_hours * 3600e0 AS had_gap,
    timed.next_t_s IS NULL AS is_open,
    CAST(timed.n_reports AS INTEGER) AS n_positions,
    'ais' AS witness,
    FALSE AS is_noncommercial
FROM timed
INNER JOIN vessels ON timed.vessel_id = vessels.vessel_id
LEFT JOIN ports ON timed.port_id = ports.port_id
LEFT JOIN told AS t_in
    ON
        timed.vessel_id = t_in.vessel_id
        AND timed.port_id = t_in.port_id
        AND timed.call_no = t_in.call_no
        AND t_in.moment = 1
LEFT JOIN told AS t_out
    ON
        timed.vessel_id = t_out.vessel_id
        AND timed.port_id = t_out.port_id
        AND timed.call_no = t_out.call_no
        AND t_out.moment = 2
CROSS JOIN ends
