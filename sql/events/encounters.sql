-- One row is two ships alongside each other, away from a berth (contract: pipeline/schema.txt). The kind:
-- `service` where one of them is a harbour craft or a launch; `bunkering` where a tanker lies at a ship that carries no
-- oil, or a small one at a tanker much larger, or at three ships or more within a week; `transfer` where two cargo
-- ships or two tankers lie as only hulls alongside do; else `unknown`. Reads meetings, hulls, harboured, vessels,
-- ports, port_rings, sts_cells, hubs, data_until. Settings: encounters.grid_minutes, encounters.alongside_m,
-- encounters.bunker_length_m, encounters.launch_m, encounters.hub_km, encounters.max_gap_minutes.
WITH
ends AS (
    SELECT max(t_s) AS t_s FROM data_until
),

typed AS (
    SELECT
        meetings.vessel_id_1 AS vessel_id_1,
        meetings.vessel_id_2 AS vessel_id_2,
        meetings.mmsi_1 AS mmsi_1,
        meetings.mmsi_2 AS mmsi_2,
        meetings.first_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS first_t_s,
        meetings.last_slot * 60 * CAST($encounters_grid_minutes AS BIGINT) AS last_t_s,
        meetings.n_slots AS n_slots,
        meetings.underway AS underway,
        meetings.lat AS lat,
        meetings.lon AS lon,
        meetings.median_distance_m AS median_distance_m,
        meetings.median_speed_kn AS median_speed_kn,
        coalesce(a.ship_type, '') AS type_1,
        coalesce(b.ship_type, '') AS type_2,
        a.length_m AS length_1_m,
        b.length_m AS length_2_m,
        hulls.line_difference_deg AS line_difference_deg,
        hulls.within_reach AS within_reach,
        hulls.touch AS touch,
        hulls.close AS close
    FROM meetings
    INNER JOIN hulls
        ON
            meetings.vessel_id_1 = hulls.vessel_id_1
            AND meetings.vessel_id_2 = hulls.vessel_id_2
            AND meetings.meeting_no = hulls.meeting_no
    INNER JOIN vessels AS a ON meetings.vessel_id_1 = a.vessel_id
    INNER JOIN vessels AS b ON meetings.vessel_id_2 = b.vessel_id
    LEFT JOIN harboured
        ON
            meetings.vessel_id_1 = harboured.vessel_id_1
            AND meetings.vessel_id_2 = harboured.vessel_id_2
            AND meetings.meeting_no = harboured.meeting_no
    WHERE harboured.meeting_no IS NULL
),

-- how many ships each ship met within a week of this meeting: a bunker barge meets many
sociable AS (
    SELECT
        vessel_id_1 AS vessel_id,
        vessel_id_2 AS partner_id,
        first_t_s
    FROM typed
    UNION ALL
    SELECT
        vessel_id_2 AS vessel_id,
        vessel_id_1 AS partner_id,
        first_t_s
    FROM typed
),

partners AS (
    SELECT
        a.vessel_id AS vessel_id,
        a.first_t_s AS first_t_s,
        CAST(count(DISTINCT b.partner_id) AS BIGINT) AS n_partners
    FROM sociable AS a
    INNER JOIN sociable AS b
        ON a.vessel_id = b.vessel_id AND b.first_t_s BETWEEN a.first_t_s - 604800 AND a.first_t_s + 604800
    GROUP BY a.vessel_id, a.first_t_s
),

near AS (
    SELECT
        typed.vessel_id_1 AS vessel_id_1,
        typed.vessel_id_2 AS vessel_id_2,
        typed.first_t_s AS first_t_s,
        ports.port_id AS port_id,
        ports.role AS port_role,
        111.195e0 * degrees(
            2e0 * asin(
                sqrt(
                    least(
                        1e0,
                        power(sin(radians((typed.lat - ports.lat) / 2e0)), 2)
                        + cos(radians(typed.lat)) * cos(radians(ports.lat))
                        * power(sin(radians((typed.lon - ports.lon) / 2e0)), 2)
                    )
                )
            )
        ) AS away_km
    FROM typed
    INNER JOIN ports ON abs(typed.lat - ports.lat) <= 5e0
),

nearest AS (
    SELECT
        vessel_id_1,
        vessel_id_2,
        first_t_s,
        port_id,
        away_km,
        row_number() OVER (
            PARTITION BY vessel_id_1, vessel_id_2, first_t_s ORDER BY CAST(round(away_km * 1000e0) AS BIGINT), port_id
        ) AS choice
    FROM near
),

nearest_hub AS (
    SELECT
        near.vessel_id_1 AS vessel_id_1,
        near.vessel_id_2 AS vessel_id_2,
        near.first_t_s AS first_t_s,
        hubs.hub_id AS hub_id,
        row_number() OVER (
            PARTITION BY near.vessel_id_1, near.vessel_id_2, near.first_t_s
            ORDER BY CAST(round(near.away_km * 1000e0) AS BIGINT), hubs.hub_id
        ) AS choice
    FROM near
    INNER JOIN hubs ON near.port_id = hubs.hub_id AND hubs.kind = 'port'
    WHERE near.away_km <= $encounters_hub_km
),

in_area AS (
    SELECT
        typed.vessel_id_1 AS vessel_id_1,
        typed.vessel_id_2 AS vessel_id_2,
        typed.first_t_s AS first_t_s,
        sts_cells.area_id AS area_id,
        row_number() OVER (
            PARTITION BY typed.vessel_id_1, typed.vessel_id_2, typed.first_t_s
            ORDER BY hubs.radius_km, sts_cells.area_id
        ) AS choice
    FROM typed
    INNER JOIN sts_cells
        ON
            CAST(floor((typed.lat + 90e0) * 100e0) AS BIGINT) * 1000000
            + CAST(floor((typed.lon + 180e0) * 100e0) AS BIGINT)
            = sts_cells.cell_id
    LEFT JOIN hubs ON sts_cells.area_id = hubs.hub_id
),

craft AS (
    SELECT *
    FROM (
        VALUES
        ('tug'),
        ('pilot'),
        ('port tender'),
        ('sar'),
        ('dredging'),
        ('law enforcement'),
        ('towing'),
        ('diving'),
        ('medical'),
        ('anti-pollution'),
        ('military')
    ) AS harbour_craft (ship_type)
),

judged AS (
    SELECT
        typed.*,
        CASE
            WHEN craft_1.ship_type IS NOT NULL OR craft_2.ship_type IS NOT NULL THEN 1
            -- a launch: boats with people or stores, at a ship many times their size
            WHEN
                typed.type_1 IN ('pleasure', 'sailing', 'passenger', 'hsc', 'other')
                AND typed.length_1_m <= $encounters_launch_m
                AND typed.length_2_m >= 3e0 * typed.length_1_m
                THEN 1
            WHEN
                typed.type_2 IN ('pleasure', 'sailing', 'passenger', 'hsc', 'other')
                AND typed.length_2_m <= $encounters_launch_m
                AND typed.length_1_m >= 3e0 * typed.length_2_m
                THEN 1
            ELSE 0
        END AS serves,
        CASE
            WHEN typed.type_1 = 'tanker' AND typed.type_2 = 'tanker'
                THEN
                    CASE
                        WHEN
                            least(typed.length_1_m, typed.length_2_m) > $encounters_bunker_length_m
                            OR least(typed.length_1_m, typed.length_2_m)
                            >= 0.75e0 * greatest(typed.length_1_m, typed.length_2_m)
                            THEN 0
                        WHEN
                            least(typed.length_1_m, typed.length_2_m)
                            < 0.6e0 * greatest(typed.length_1_m, typed.length_2_m)
                            THEN 1
                        WHEN
                            CASE WHEN typed.length_1_m < typed.length_2_m THEN pa.n_partners ELSE pb.n_partners END >= 3
                            THEN 1
                        ELSE 0
                    END
            WHEN typed.type_1 = 'tanker' AND typed.type_2 <> '' THEN 1
            WHEN typed.type_2 = 'tanker' AND typed.type_1 <> '' THEN 1
            ELSE 0
        END AS bunkers,
        CASE
            WHEN
                typed.type_1 = typed.type_2
                AND typed.type_1 IN ('tanker', 'cargo')
                AND typed.close = 1
                THEN 1
            ELSE 0
        END AS fits
    FROM typed
    LEFT JOIN craft AS craft_1 ON typed.type_1 = craft_1.ship_type
    LEFT JOIN craft AS craft_2 ON typed.type_2 = craft_2.ship_type
    LEFT JOIN partners AS pa ON typed.vessel_id_1 = pa.vessel_id AND typed.first_t_s = pa.first_t_s
    LEFT JOIN partners AS pb ON typed.vessel_id_2 = pb.vessel_id AND typed.first_t_s = pb.first_t_s
)

SELECT
    substr(
        md5(
            concat_ws('|', 'encounter', judged.vessel_id_1, judged.vessel_id_2, CAST(judged.first_t_s AS VARCHAR))
        ),
        1,
        16
    ) AS encounter_id,
    judged.vessel_id_1 AS vessel_id_1,
    judged.mmsi_1 AS mmsi_1,
    judged.vessel_id_2 AS vessel_id_2,
    judged.mmsi_2 AS mmsi_2,
    TIMESTAMP '1970-01-01 00:00:00' + judged.first_t_s * INTERVAL '1' SECOND AS started_at,
    TIMESTAMP '1970-01-01 00:00:00' + judged.last_t_s * INTERVAL '1' SECOND AS ended_at,
    CAST(judged.last_t_s - judged.first_t_s AS DOUBLE) / 3600e0 AS duration_h,
    CAST(judged.n_slots * CAST($encounters_grid_minutes AS BIGINT) AS DOUBLE) / 60e0 AS observed_h,
    judged.lat AS lat,
    judged.lon - 360e0 * round(judged.lon / 360e0) AS lon,
    judged.median_distance_m AS median_distance_m,
    judged.median_speed_kn AS median_speed_kn,
    nearest.away_km AS distance_to_port_km,
    nearest.port_id AS nearest_port_id,
    in_area.area_id AS sts_area,
    coalesce(in_area.area_id, nearest_hub.hub_id) AS hub_id,
    CASE
        WHEN judged.serves = 1 THEN 'service'
        WHEN judged.bunkers = 1 AND judged.within_reach = 1 THEN 'bunkering'
        WHEN judged.fits = 1 THEN 'transfer'
        ELSE 'unknown'
    END AS kind,
    judged.underway = 1 AS is_underway,
    CAST(ends.t_s - judged.last_t_s AS DOUBLE) <= $encounters_max_gap_minutes * 60e0 AS is_open,
    judged.line_difference_deg AS heading_difference_deg,
    judged.touch = 1 AS hulls_touch,
    CAST(
        CASE
            WHEN judged.within_reach = 0 THEN 1
            WHEN judged.close = 0 THEN 2
            WHEN
                2 * judged.n_slots * CAST($encounters_grid_minutes AS BIGINT) * 60
                < judged.last_t_s - judged.first_t_s
                THEN 2
            WHEN judged.touch IS NULL OR judged.median_distance_m > $encounters_alongside_m / 2e0 THEN 3
            ELSE 4
        END AS INTEGER
    ) AS confidence
FROM judged
LEFT JOIN nearest
    ON
        judged.vessel_id_1 = nearest.vessel_id_1
        AND judged.vessel_id_2 = nearest.vessel_id_2
        AND judged.first_t_s = nearest.first_t_s
        AND nearest.choice = 1
LEFT JOIN nearest_hub
    ON
        judged.vessel_id_1 = nearest_hub.vessel_id_1
        AND judged.vessel_id_2 = nearest_hub.vessel_id_2
        AND judged.first_t_s = nearest_hub.first_t_s
        AND nearest_hub.choice = 1
LEFT JOIN in_area
    ON
        judged.vessel_id_1 = in_area.vessel_id_1
        AND judged.vessel_id_2 = in_area.vessel_id_2
        AND judged.first_t_s = in_area.first_t_s
        AND in_area.choice = 1
CROSS JOIN ends
