-- One row is a silence of one ship, longer than gaps.min_hours of time in which it could have been heard (contract:
-- pipeline/schema.txt). The last silence of each ship stays open until it is heard again. It is suspicious where
-- others were heard there while it began, and the ship did not lie in a port. Reads long_silences, calls.
-- Settings: gaps.min_hours.
WITH
silent AS (
    SELECT
        *,
        end_t_s - off_t_s AS silent_s,
        111.195e0 * degrees(
            2e0 * asin(
                sqrt(
                    least(
                        1e0,
                        power(sin(radians((on_lat - off_lat) / 2e0)), 2)
                        + cos(radians(off_lat)) * cos(radians(on_lat))
                        * power(sin(radians((on_lon - off_lon) / 2e0)), 2)
                    )
                )
            )
        ) AS distance_km
    FROM long_silences
    WHERE CAST(end_t_s - off_t_s - unheard_s AS DOUBLE) > $gaps_min_hours * 3600e0
),

in_port AS (
    SELECT DISTINCT
        silent.vessel_id AS vessel_id,
        silent.off_t_s AS off_t_s
    FROM silent
    INNER JOIN calls
        ON
            silent.vessel_id = calls.vessel_id
            AND silent.off_t_s BETWEEN calls.arrived_t_s AND calls.departed_t_s
)

SELECT
    substr(
        md5(concat_ws('|', 'gap', silent.vessel_id, CAST(silent.off_t_s AS VARCHAR))), 1, 16
    ) AS gap_id,
    silent.vessel_id AS vessel_id,
    silent.mmsi AS mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + silent.off_t_s * INTERVAL '1' SECOND AS off_at,
    TIMESTAMP '1970-01-01 00:00:00' + silent.on_t_s * INTERVAL '1' SECOND AS on_at,
    CAST(silent.silent_s AS DOUBLE) / 3600e0 AS duration_h,
    silent.off_lat AS off_lat,
    silent.off_lon AS off_lon,
    silent.on_lat AS on_lat,
    silent.on_lon AS on_lon,
    silent.distance_km AS distance_km,
    silent.distance_km / 1.852e0 / (CAST(silent.silent_s AS DOUBLE) / 3600e0) AS implied_speed_kn,
    silent.others_heard AND in_port.vessel_id IS NULL AS is_suspicious
FROM silent
LEFT JOIN in_port ON silent.vessel_id = in_port.vessel_id AND silent.off_t_s = in_port.off_t_s
