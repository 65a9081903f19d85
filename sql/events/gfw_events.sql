-- One row is an event as Global Fishing Watch tells it, however many answers hold it, with our ids of the ships and
-- of the port; told when it was over counts before told while it lasted. An encounter stands here once for each of
-- its two ships, as sent. Reads said_events, witness_ships, witness_visits. Settings: none.
WITH
ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY event_id
            ORDER BY
                CASE WHEN ended_at IS NULL THEN 1 ELSE 0 END,
                ended_at DESC,
                confidence DESC,
                started_at,
                name,
                file_id
        ) AS choice
    FROM said_events
),

ours AS (
    SELECT
        ref_id,
        part,
        vessel_id,
        row_number() OVER (PARTITION BY ref_id, part ORDER BY vessel_id) AS choice
    FROM witness_ships
    WHERE witness = 'gfw'
)

SELECT
    e.event_id AS event_id,
    e.kind AS kind,
    a.vessel_id AS vessel_id,
    e.mmsi AS mmsi,
    e.name AS ship_name,
    e.flag AS flag,
    e.ship_type AS ship_type,
    b.vessel_id AS other_vessel_id,
    e.other_mmsi AS other_mmsi,
    e.other_name AS other_name,
    e.started_at AS started_at,
    coalesce(e.ended_at, e.started_at) AS ended_at,
    e.ended_at IS NULL AS is_open,
    CASE
        WHEN e.ended_at IS NOT NULL
            THEN CAST(
                date_diff('second', TIMESTAMP '1970-01-01 00:00:00', e.ended_at)
                - date_diff('second', TIMESTAMP '1970-01-01 00:00:00', e.started_at) AS DOUBLE
            ) / 3600e0
        ELSE e.duration_h
    END AS duration_h,
    CAST(e.lat AS DOUBLE) AS lat,
    CAST(e.lon AS DOUBLE) AS lon,
    witness_visits.port_id AS port_id,
    e.place AS place_name,
    e.confidence AS confidence,
    e.median_distance_km * 1000e0 AS median_distance_m,
    e.median_speed_kn AS median_speed_kn,
    e.distance_km AS distance_km,
    CAST(e.off_lat AS DOUBLE) AS off_lat,
    CAST(e.off_lon AS DOUBLE) AS off_lon,
    CAST(e.on_lat AS DOUBLE) AS on_lat,
    CAST(e.on_lon AS DOUBLE) AS on_lon,
    e.is_intentional AS is_intentional,
    e.file_id AS file_id,
    e.is_noncommercial AS is_noncommercial
FROM ranked AS e
LEFT JOIN ours AS a ON e.event_id = a.ref_id AND a.part = 1 AND a.choice = 1
LEFT JOIN ours AS b ON e.event_id = b.ref_id AND b.part = 2 AND b.choice = 1
LEFT JOIN witness_visits ON e.event_id = witness_visits.visit_id AND witness_visits.witness = 'gfw'
WHERE e.choice = 1
