-- One row is a ship whose silence fits a stretch in which another lay alone: it can have sailed there after its
-- last report, lain beside it for loitering.dark_hours or more, and sailed on to its next, at
-- loitering.dark_speed_kn. p_partner shares one chance among all that fit and none of them (weight 1). A candidate
-- weighs more the nearer its reports before and after, the shorter its silence beside the time alone, and if it is
-- of the same type; less if of another. Time in which nobody could hear a ship is no silence of its own.
-- Reads lonely, long_silences, vessels. Settings: loitering.dark_hours, loitering.dark_speed_kn, loitering.dark_km.
WITH
near AS (
    SELECT
        lonely.vessel_id AS vessel_id,
        lonely.first_t_s AS first_t_s,
        lonely.last_t_s AS last_t_s,
        silences.vessel_id AS partner_id,
        silences.off_t_s AS off_t_s,
        silences.end_t_s AS on_t_s,
        sqrt(
            power(111.195e0 * (lonely.lat - silences.off_lat), 2)
            + power(
                111.195e0 * cos(radians(lonely.lat))
                * ((lonely.lon - silences.off_lon) - 360e0 * round((lonely.lon - silences.off_lon) / 360e0)),
                2
            )
        ) AS off_km,
        sqrt(
            power(111.195e0 * (lonely.lat - silences.on_lat), 2)
            + power(
                111.195e0 * cos(radians(lonely.lat))
                * ((lonely.lon - silences.on_lon) - 360e0 * round((lonely.lon - silences.on_lon) / 360e0)),
                2
            )
        ) AS on_km
    FROM lonely
    INNER JOIN long_silences AS silences
        ON
            lonely.vessel_id <> silences.vessel_id
            AND silences.off_t_s < lonely.last_t_s
            AND silences.end_t_s > lonely.first_t_s
            AND CAST(silences.end_t_s - silences.off_t_s - silences.unheard_s AS DOUBLE)
            >= $loitering_dark_hours * 3600e0
            AND abs(lonely.lat - silences.off_lat) * 111.195e0 <= $loitering_dark_km
),

timed AS (
    SELECT
        *,
        CAST(greatest(off_t_s, first_t_s) AS DOUBLE) AS seen_from_s,
        greatest(
            CAST(first_t_s AS DOUBLE), CAST(off_t_s AS DOUBLE) + off_km / 1.852e0 / $loitering_dark_speed_kn * 3600e0
        ) AS from_s,
        least(
            CAST(last_t_s AS DOUBLE),
            CAST(on_t_s AS DOUBLE) - coalesce(on_km, 0e0) / 1.852e0 / $loitering_dark_speed_kn * 3600e0
        ) AS to_s
    FROM near
    WHERE off_km <= $loitering_dark_km AND coalesce(on_km, 0e0) <= $loitering_dark_km
),

weighed AS (
    SELECT
        timed.vessel_id AS vessel_id,
        timed.first_t_s AS first_t_s,
        timed.partner_id AS partner_id,
        max(
            exp(
                2e0
                - ln(1e0 + (timed.off_km + coalesce(timed.on_km, timed.off_km)) / 50e0)
                - ln(
                    greatest(
                        1e0,
                        CAST(timed.on_t_s - timed.off_t_s AS DOUBLE)
                        / (1.5e0 * CAST(timed.last_t_s - timed.first_t_s AS DOUBLE))
                    )
                )
                + CASE
                    WHEN a.ship_type IS NULL OR b.ship_type IS NULL THEN -1e0
                    WHEN a.ship_type = b.ship_type AND a.ship_type IN ('tanker', 'cargo') THEN 1e0
                    ELSE -3e0
                END
            )
        ) AS w
    FROM timed
    INNER JOIN vessels AS a ON timed.vessel_id = a.vessel_id
    INNER JOIN vessels AS b ON timed.partner_id = b.vessel_id
    WHERE timed.to_s - timed.from_s >= $loitering_dark_hours * 3600e0
    GROUP BY timed.vessel_id, timed.first_t_s, timed.partner_id
)

SELECT
    vessel_id,
    first_t_s,
    partner_id,
    w / (
        1e0
        + CAST(sum(CAST(round(w * 1000000e0) AS BIGINT)) OVER (PARTITION BY vessel_id, first_t_s) AS DOUBLE) / 1000000e0
    ) AS p_partner,
    row_number() OVER (
        PARTITION BY vessel_id, first_t_s ORDER BY CAST(round(w * 1000000e0) AS BIGINT) DESC, partner_id
    ) AS choice
FROM weighed
