-- One row is one ship lying or drifting at sea with no other seen beside it (contract: pipeline/schema.txt).
-- One that lay at anchor within a port's ring is a port call, and stands here too only where a silent ship fits
-- beside it with loitering.dark_p or more. Reads lonely, dark_partners, ports. Settings: loitering.dark_p.
WITH
partners AS (
    SELECT
        vessel_id,
        first_t_s,
        partner_id,
        p_partner
    FROM dark_partners
    WHERE choice = 1
),

alone AS (
    SELECT
        lonely.vessel_id AS vessel_id,
        lonely.mmsi AS mmsi,
        lonely.first_t_s AS first_t_s,
        lonely.last_t_s AS last_t_s,
        lonely.lat AS lat,
        lonely.lon AS lon,
        partners.partner_id AS partner_id,
        partners.p_partner AS p_partner
    FROM lonely
    LEFT JOIN partners ON lonely.vessel_id = partners.vessel_id AND lonely.first_t_s = partners.first_t_s
    WHERE lonely.at_anchor = 0 OR coalesce(partners.p_partner, 0e0) >= $loitering_dark_p
),

away AS (
    SELECT
        alone.vessel_id AS vessel_id,
        alone.first_t_s AS first_t_s,
        min(
            111.195e0 * degrees(
                2e0 * asin(
                    sqrt(
                        least(
                            1e0,
                            power(sin(radians((alone.lat - ports.lat) / 2e0)), 2)
                            + cos(radians(alone.lat)) * cos(radians(ports.lat))
                            * power(sin(radians((alone.lon - ports.lon) / 2e0)), 2)
                        )
                    )
                )
            )
        ) AS away_km
    FROM alone
    INNER JOIN ports ON abs(alone.lat - ports.lat) <= 5e0
    GROUP BY alone.vessel_id, alone.first_t_s
)

SELECT
    substr(
        md5(concat_ws('|', 'loitering', alone.vessel_id, CAST(alone.first_t_s AS VARCHAR))), 1, 16
    ) AS loitering_id,
    alone.vessel_id AS vessel_id,
    alone.mmsi AS mmsi,
    TIMESTAMP '1970-01-01 00:00:00' + alone.first_t_s * INTERVAL '1' SECOND AS started_at,
    TIMESTAMP '1970-01-01 00:00:00' + alone.last_t_s * INTERVAL '1' SECOND AS ended_at,
    CAST(alone.last_t_s - alone.first_t_s AS DOUBLE) / 3600e0 AS duration_h,
    alone.lat AS lat,
    alone.lon AS lon,
    away.away_km AS distance_to_port_km,
    alone.partner_id AS dark_partner_vessel_id,
    alone.p_partner AS p_dark_partner
FROM alone
LEFT JOIN away ON alone.vessel_id = away.vessel_id AND alone.first_t_s = away.first_t_s
