-- One row is a meeting at a hub and one direction of it, with the arrival in Russia of the ship that would have taken the
-- cargo (null where there is none yet, and it may go there). Harbour craft are left out: they carry nothing. Reads
-- encounters, outcomes. Settings: none.
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
)

SELECT
    'sts' AS pattern,
    sides.hub_id AS hub_id,
    sides.encounter_id AS encounter_id,
    CAST(NULL AS VARCHAR) AS from_port_call_id,
    CAST(NULL AS VARCHAR) AS to_port_call_id,
    outcomes.stay_id AS stay_id,
    outcomes.arrival_id AS arrival_id,
    outcomes.russia_port_call_id AS russia_port_call_id,
    outcomes.arrived_t_s AS arrived_t_s,
    outcomes.until_t_s AS until_t_s,
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
INNER JOIN outcomes ON sides.encounter_id || '|' || sides.to_vessel_id = outcomes.stay_id
WHERE sides.hub_id IS NOT NULL
