-- One row is one stop of a ship in a port (contract: pipeline/schema.txt): our own calls, and those that only a
-- witness told. A witness's call is the same as another where ship and port are, and their times overlap or lie
-- within port_calls.shift_hours (nearest first), or where the times overlap within 20 km, since a port's edge is
-- nobody's to draw. Our own times count where we have any, then a port's, then Global Fishing Watch's.
-- Reads own_calls, told_calls, told_pairs, vessels, ports. Settings: none.
WITH
-- a call told as one may be several of ours (roads, then berth); one that overlaps none is the nearest one
joined AS (
    SELECT
        key,
        max(CASE WHEN witness = 'gfw' THEN 'gfw' END) AS gfw,
        max(CASE WHEN witness = 'port_authority' THEN 'port_authority' END) AS port_authority,
        max(end_t_s) AS end_t_s
    FROM told_pairs
    WHERE is_same = 1
    GROUP BY key
),

taken AS (
    SELECT DISTINCT told_key
    FROM told_pairs
)

SELECT
    own_calls.port_call_id AS port_call_id,
    own_calls.vessel_id AS vessel_id,
    own_calls.mmsi AS mmsi,
    own_calls.imo AS imo,
    own_calls.ship_name AS ship_name,
    own_calls.flag AS flag,
    own_calls.port_id AS port_id,
    own_calls.port_name AS port_name,
    own_calls.country AS country,
    own_calls.terminal_id AS terminal_id,
    own_calls.kind AS kind,
    own_calls.entered_at AS entered_at,
    own_calls.arrived_at AS arrived_at,
    CASE
        WHEN own_calls.departed_at IS NOT NULL THEN own_calls.departed_at
        WHEN joined.end_t_s > date_diff('second', TIMESTAMP '1970-01-01 00:00:00', own_calls.arrived_at)
            THEN TIMESTAMP '1970-01-01 00:00:00' + joined.end_t_s * INTERVAL '1' SECOND
    END AS departed_at,
    own_calls.exited_at AS exited_at,
    own_calls.stopped_h AS stopped_h,
    own_calls.lat AS lat,
    own_calls.lon AS lon,
    own_calls.draught_in_m AS draught_in_m,
    own_calls.draught_out_m AS draught_out_m,
    own_calls.destination_text AS destination_text,
    own_calls.confidence AS confidence,
    own_calls.had_gap AS had_gap,
    own_calls.departed_at IS NULL
    AND coalesce(joined.end_t_s, 0) <= date_diff('second', TIMESTAMP '1970-01-01 00:00:00', own_calls.arrived_at)
        AS is_open,
    own_calls.n_positions AS n_positions,
    concat_ws('+', 'ais', joined.gfw, joined.port_authority) AS witness,
    FALSE AS is_noncommercial
FROM own_calls
LEFT JOIN joined ON own_calls.port_call_id = joined.key
UNION ALL
SELECT
    told.port_call_id AS port_call_id,
    told.vessel_id AS vessel_id,
    told.mmsi AS mmsi,
    vessels.imo AS imo,
    vessels.name AS ship_name,
    vessels.flag AS flag,
    told.port_id AS port_id,
    ports.name AS port_name,
    ports.country AS country,
    CAST(NULL AS VARCHAR) AS terminal_id,
    told.kind AS kind,
    CAST(NULL AS TIMESTAMP) AS entered_at,
    TIMESTAMP '1970-01-01 00:00:00' + told.start_t_s * INTERVAL '1' SECOND AS arrived_at,
    CASE
        WHEN told.end_t_s IS NOT NULL
            THEN TIMESTAMP '1970-01-01 00:00:00' + told.end_t_s * INTERVAL '1' SECOND
    END AS departed_at,
    CAST(NULL AS TIMESTAMP) AS exited_at,
    CAST(told.end_t_s - told.start_t_s AS DOUBLE) / 3600e0 AS stopped_h,
    coalesce(told.lat, ports.lat) AS lat,
    coalesce(told.lon, ports.lon) AS lon,
    CAST(NULL AS DOUBLE) AS draught_in_m,
    CAST(NULL AS DOUBLE) AS draught_out_m,
    CAST(NULL AS VARCHAR) AS destination_text,
    CAST(told.confidence AS INTEGER) AS confidence,
    CAST(NULL AS BOOLEAN) AS had_gap,
    told.end_t_s IS NULL AS is_open,
    CAST(0 AS INTEGER) AS n_positions,
    concat_ws(
        '+',
        CASE WHEN told.witness = 'gfw' THEN 'gfw' ELSE joined.gfw END,
        CASE WHEN told.witness = 'port_authority' THEN 'port_authority' END
    ) AS witness,
    told.is_noncommercial AS is_noncommercial
FROM told_calls AS told
INNER JOIN vessels ON told.vessel_id = vessels.vessel_id
INNER JOIN ports ON told.port_id = ports.port_id
LEFT JOIN joined ON told.key = joined.key
LEFT JOIN taken ON told.key = taken.told_key
WHERE taken.told_key IS NULL
