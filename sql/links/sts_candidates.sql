-- One row is a meeting at a hub and one direction of it, with the first arrival in Russia of the ship that would
-- have taken the cargo, within links.max_days_to_russia. Harbour craft are left out: they carry nothing. Reads
-- encounters, russia_arrivals. Settings: links.max_days_to_russia.
WITH
sides AS (
    SELECT
        encounter_id,
        hub_id,
        vessel_id_1 AS from_vessel_id,
        mmsi_1 AS from_mmsi,
        vessel_id_2 AS to_vessel_id,
        mmsi_2 AS to_mmsi,
        started_at,
        ended_at,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', started_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', ended_at) AS end_t_s,
        duration_h,
        median_distance_m,
        kind
    FROM encounters
    WHERE kind <> 'service'
    UNION ALL
    SELECT
        encounter_id,
        hub_id,
        vessel_id_2 AS from_vessel_id,
        mmsi_2 AS from_mmsi,
        vessel_id_1 AS to_vessel_id,
        mmsi_1 AS to_mmsi,
        started_at,
        ended_at,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', started_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', ended_at) AS end_t_s,
        duration_h,
        median_distance_m,
        kind
    FROM encounters
    WHERE kind <> 'service'
),

arriving AS (
    SELECT
        sides.encounter_id AS encounter_id,
        sides.to_vessel_id AS to_vessel_id,
        russia_arrivals.arrival_id AS arrival_id,
        russia_arrivals.arrived_at AS arrived_at,
        row_number() OVER (
            PARTITION BY sides.encounter_id, sides.to_vessel_id
            ORDER BY russia_arrivals.arrived_at, russia_arrivals.arrival_id
        ) AS choice
    FROM sides
    INNER JOIN russia_arrivals
        ON
            sides.to_vessel_id = russia_arrivals.vessel_id
            AND russia_arrivals.basis <> 'declared'
            AND russia_arrivals.arrived_at > sides.ended_at
            AND CAST(
                date_diff('second', sides.ended_at, russia_arrivals.arrived_at) AS DOUBLE
            ) <= $links_max_days_to_russia * 86400e0
)

SELECT
    'sts' AS pattern,
    sides.hub_id AS hub_id,
    sides.encounter_id AS encounter_id,
    CAST(NULL AS VARCHAR) AS from_port_call_id,
    CAST(NULL AS VARCHAR) AS to_port_call_id,
    arriving.arrival_id AS arrival_id,
    sides.from_vessel_id AS from_vessel_id,
    sides.from_mmsi AS from_mmsi,
    sides.to_vessel_id AS to_vessel_id,
    sides.to_mmsi AS to_mmsi,
    sides.start_t_s AS from_start_t_s,
    sides.end_t_s AS from_end_t_s,
    sides.start_t_s AS to_start_t_s,
    sides.end_t_s AS to_end_t_s,
    sides.duration_h AS duration_h,
    sides.median_distance_m AS median_distance_m,
    sides.kind AS meeting_kind
FROM sides
INNER JOIN arriving
    ON
        sides.encounter_id = arriving.encounter_id
        AND sides.to_vessel_id = arriving.to_vessel_id
        AND arriving.choice = 1
WHERE sides.hub_id IS NOT NULL
