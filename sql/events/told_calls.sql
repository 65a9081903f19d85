-- One row is a port call as one witness tells it, with our ids of ship and port; of visits of one ship at one port
-- that overlap, the one that is over and ended last. Visits outside every port are left out. key tells it from others
-- where port_call_id, which it has where no other tells of the call, does not.
-- Reads witness_visits, witness_ships. Settings: none.
WITH
owned AS (
    SELECT
        witness_visits.witness AS witness,
        witness_visits.visit_id AS visit_id,
        witness_ships.vessel_id AS vessel_id,
        witness_ships.mmsi AS mmsi,
        witness_visits.port_id AS port_id,
        witness_visits.kind AS kind,
        witness_visits.start_t_s AS start_t_s,
        witness_visits.end_t_s AS end_t_s,
        coalesce(witness_visits.end_t_s, witness_visits.start_t_s) AS until_t_s,
        witness_visits.confidence AS confidence,
        witness_visits.lat AS lat,
        witness_visits.lon AS lon,
        witness_visits.file_id AS file_id,
        witness_visits.is_noncommercial AS is_noncommercial
    FROM witness_visits
    INNER JOIN witness_ships
        ON
            witness_visits.witness = witness_ships.witness
            AND witness_visits.visit_id = witness_ships.ref_id
            AND witness_ships.part = 1
    WHERE witness_visits.port_id IS NOT NULL
),

followed AS (
    SELECT
        *,
        max(until_t_s) OVER (
            PARTITION BY witness, vessel_id, port_id ORDER BY start_t_s, until_t_s, visit_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_t_s
    FROM owned
),

numbered AS (
    SELECT
        *,
        CAST(
            sum(CASE WHEN start_t_s < before_t_s THEN 0 ELSE 1 END) OVER (
                PARTITION BY witness, vessel_id, port_id ORDER BY start_t_s, until_t_s, visit_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS BIGINT
        ) AS stay
    FROM followed
),

chosen AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY witness, vessel_id, port_id, stay
            ORDER BY CASE WHEN end_t_s IS NULL THEN 1 ELSE 0 END, until_t_s DESC, start_t_s, visit_id
        ) AS choice
    FROM numbered
)

SELECT
    substr(
        md5(concat_ws('|', 'call', vessel_id, port_id, kind, CAST(start_t_s AS VARCHAR))), 1, 16
    ) AS port_call_id,
    concat_ws('|', witness, visit_id) AS key,
    witness,
    visit_id,
    vessel_id,
    mmsi,
    port_id,
    kind,
    start_t_s,
    end_t_s,
    confidence,
    lat,
    lon,
    file_id,
    is_noncommercial
FROM chosen
WHERE choice = 1
