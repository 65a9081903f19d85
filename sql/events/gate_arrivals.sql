-- One row is a ship's arrival beyond a gate without a stop in a port that anyone saw there: it came in, and then was
-- silent for longer than the way takes to a port beyond, arrivals.silent_hours there, and the way to where it was next
-- heard; or it lay at sea beyond the gate for arrivals.anchor_hours and left. The port is, in this order, the one it lay
-- nearest to (near), the one it declared (declared), the one in whose ring it fell silent (ring), the one beyond this
-- gate where it stopped most often (habit), the only one within reach (only), else the gate's first (main).
-- Reads gate_stays, silences, rests, rest_places, stop_arrivals, declared_ports, static_values, port_calls, gate_ports,
-- gate_edges, ports, data_until. Settings: arrivals.silent_hours, arrivals.anchor_hours, arrivals.speed_kn,
-- arrivals.gate_kn, arrivals.declared_hours, port_calls.gap_hours, port_calls.draught_hours, links.draught_change_m.
WITH
ends AS (
    SELECT max(t_s) AS t_s FROM data_until
),

-- a stop seen while the ship was beyond is the arrival, and this is none
stopped AS (
    SELECT DISTINCT
        gate_stays.vessel_id AS vessel_id,
        gate_stays.gate_id AS gate_id,
        gate_stays.stay_no AS stay_no
    FROM gate_stays
    INNER JOIN stop_arrivals
        ON
            gate_stays.vessel_id = stop_arrivals.vessel_id
            AND stop_arrivals.t_s >= gate_stays.before_t_s
            AND (gate_stays.after_t_s IS NULL OR stop_arrivals.t_s <= gate_stays.after_t_s)
),

-- a ship that drifts over the line has not gone in; how fast it went in a silence nobody knows
stays AS (
    SELECT gate_stays.*
    FROM gate_stays
    LEFT JOIN stopped
        ON
            gate_stays.vessel_id = stopped.vessel_id
            AND gate_stays.gate_id = stopped.gate_id
            AND gate_stays.stay_no = stopped.stay_no
    WHERE
        stopped.vessel_id IS NULL
        AND gate_stays.before_t_s IS NOT NULL
        AND (
            gate_stays.in_kn >= $arrivals_gate_kn
            OR CAST(gate_stays.first_t_s - gate_stays.before_t_s AS DOUBLE) >= $port_calls_gap_hours * 3600e0
        )
),

unseen AS (
    SELECT
        stays.vessel_id AS vessel_id,
        stays.gate_id AS gate_id,
        stays.stay_no AS stay_no,
        'silent' AS kind,
        silences.off_t_s AS from_t_s,
        silences.off_lat AS from_lat,
        silences.off_lon AS from_lon,
        silences.on_t_s AS to_t_s,
        silences.on_lat AS to_lat,
        silences.on_lon AS to_lon,
        coalesce(silences.on_t_s, ends.t_s) AS until_t_s
    FROM stays
    CROSS JOIN ends
    INNER JOIN silences
        ON
            stays.vessel_id = silences.vessel_id
            AND silences.off_t_s >= stays.before_t_s
            AND (stays.after_t_s IS NULL OR silences.off_t_s < stays.after_t_s)
    WHERE CAST(coalesce(silences.on_t_s, ends.t_s) - silences.off_t_s AS DOUBLE) >= $arrivals_silent_hours * 3600e0
),

lain AS (
    SELECT
        stays.vessel_id AS vessel_id,
        stays.gate_id AS gate_id,
        stays.stay_no AS stay_no,
        'lay' AS kind,
        rests.arrived_t_s AS from_t_s,
        rests.lat AS from_lat,
        rests.lon AS from_lon,
        rests.departed_t_s AS to_t_s,
        rests.lat AS to_lat,
        rests.lon AS to_lon,
        rests.departed_t_s AS until_t_s
    FROM stays
    INNER JOIN rests
        ON
            stays.vessel_id = rests.vessel_id
            AND rests.first_t_s >= stays.first_t_s
            AND rests.last_t_s <= stays.last_t_s
    WHERE
        stays.after_t_s IS NOT NULL
        AND CAST(rests.departed_t_s - rests.arrived_t_s AS DOUBLE) >= $arrivals_anchor_hours * 3600e0
),

spent AS (
    SELECT
        vessel_id,
        gate_id,
        stay_no,
        kind,
        from_t_s,
        from_lat,
        from_lon,
        to_t_s,
        to_lat,
        to_lon,
        until_t_s
    FROM unseen
    UNION ALL
    SELECT
        vessel_id,
        gate_id,
        stay_no,
        kind,
        from_t_s,
        from_lat,
        from_lon,
        to_t_s,
        to_lat,
        to_lon,
        until_t_s
    FROM lain
),

ways AS (
    SELECT
        spent.*,
        gate_ports.port_id AS port_id,
        gate_ports.nth AS nth,
        sqrt(
            power(111.195e0 * (ports.lat - spent.from_lat), 2)
            + power(111.195e0 * cos(radians((ports.lat + spent.from_lat) / 2e0)) * (ports.lon - spent.from_lon), 2)
        ) AS there_km,
        coalesce(
            sqrt(
                power(111.195e0 * (ports.lat - spent.to_lat), 2)
                + power(111.195e0 * cos(radians((ports.lat + spent.to_lat) / 2e0)) * (ports.lon - spent.to_lon), 2)
            ),
            0e0
        ) AS back_km
    FROM spent
    INNER JOIN gate_ports ON spent.gate_id = gate_ports.gate_id
    INNER JOIN ports ON gate_ports.port_id = ports.port_id
),

reached AS (
    SELECT
        *,
        count(*) OVER (PARTITION BY vessel_id, gate_id, stay_no, kind, from_t_s) AS n_ports,
        row_number() OVER (
            PARTITION BY vessel_id, gate_id, stay_no, kind, from_t_s
            ORDER BY CAST(round(there_km * 1000e0) AS BIGINT), port_id
        ) AS nearest,
        CAST(until_t_s - from_t_s AS DOUBLE)
        - (there_km + back_km) / 1.852e0 / $arrivals_speed_kn * 3600e0 AS spare_s
    FROM ways
    WHERE
        kind = 'lay'
        OR CAST(until_t_s - from_t_s AS DOUBLE)
        >= $arrivals_silent_hours * 3600e0 + (there_km + back_km) / 1.852e0 / $arrivals_speed_kn * 3600e0
),

-- of several silences in one stay, the one that leaves most time in port
longest AS (
    SELECT
        vessel_id,
        gate_id,
        stay_no,
        kind,
        from_t_s,
        row_number() OVER (
            PARTITION BY vessel_id, gate_id, stay_no
            ORDER BY
                CASE WHEN kind = 'silent' THEN 0 ELSE 1 END,
                max(CAST(round(spare_s) AS BIGINT)) DESC,
                from_t_s
        ) AS choice
    FROM reached
    GROUP BY vessel_id, gate_id, stay_no, kind, from_t_s
),

rings AS (
    SELECT
        vessel_id,
        port_id,
        port_call_id,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', arrived_at) AS t_s
    FROM port_calls
    WHERE confidence = 1
),

habits AS (
    SELECT
        vessel_id,
        port_id,
        CAST(count(*) AS BIGINT) AS n_stops
    FROM stop_arrivals
    GROUP BY vessel_id, port_id
),

declared AS (
    SELECT
        vessel_id,
        port_id,
        declaration_id,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', declared_at) AS t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', last_declared_at) AS last_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', replaced_at) AS replaced_t_s
    FROM declared_ports
    WHERE relation = 'destination'
),

chosen AS (
    SELECT
        reached.*,
        rings.port_call_id AS port_call_id,
        declared.declaration_id AS declaration_id,
        CASE
            WHEN reached.kind = 'lay' AND reached.nearest = 1 THEN 'near'
            WHEN declared.port_id IS NOT NULL THEN 'declared'
            WHEN rings.port_id IS NOT NULL THEN 'ring'
            WHEN habits.port_id IS NOT NULL THEN 'habit'
            WHEN reached.n_ports = 1 THEN 'only'
            ELSE 'main'
        END AS port_basis,
        row_number() OVER (
            PARTITION BY reached.vessel_id, reached.gate_id, reached.stay_no
            ORDER BY
                CASE WHEN reached.kind = 'lay' THEN reached.nearest ELSE 0 END,
                CASE WHEN declared.port_id IS NOT NULL THEN 0 ELSE 1 END,
                CASE WHEN rings.port_id IS NOT NULL THEN 0 ELSE 1 END,
                coalesce(habits.n_stops, 0) DESC,
                reached.nth,
                rings.port_call_id,
                declared.declaration_id
        ) AS choice
    FROM reached
    INNER JOIN longest
        ON
            reached.vessel_id = longest.vessel_id
            AND reached.gate_id = longest.gate_id
            AND reached.stay_no = longest.stay_no
            AND reached.kind = longest.kind
            AND reached.from_t_s = longest.from_t_s
            AND longest.choice = 1
    LEFT JOIN rings
        ON
            reached.vessel_id = rings.vessel_id
            AND reached.port_id = rings.port_id
            AND reached.kind = 'silent'
            AND rings.t_s >= reached.from_t_s - 3600
            AND rings.t_s < reached.until_t_s
    LEFT JOIN habits ON reached.vessel_id = habits.vessel_id AND reached.port_id = habits.port_id
    LEFT JOIN declared
        ON
            reached.vessel_id = declared.vessel_id
            AND reached.port_id = declared.port_id
            AND declared.t_s <= reached.from_t_s
            AND (declared.replaced_t_s IS NULL OR declared.replaced_t_s > reached.from_t_s)
            AND CAST(reached.from_t_s - declared.last_t_s AS DOUBLE) <= $arrivals_declared_hours * 3600e0
),

-- the last draught sent before the silence, and the last one sent within a while after it
draughts AS (
    SELECT
        chosen.vessel_id AS vessel_id,
        chosen.gate_id AS gate_id,
        chosen.stay_no AS stay_no,
        static_values.draught_m AS draught_m,
        CASE WHEN static_values.t_s <= chosen.from_t_s THEN 1 ELSE 2 END AS moment,
        row_number() OVER (
            PARTITION BY
                chosen.vessel_id,
                chosen.gate_id,
                chosen.stay_no,
                CASE WHEN static_values.t_s <= chosen.from_t_s THEN 1 ELSE 2 END
            ORDER BY static_values.t_s DESC
        ) AS newest
    FROM chosen
    INNER JOIN static_values
        ON
            chosen.vessel_id = static_values.vessel_id
            AND static_values.draught_m IS NOT NULL
            AND (
                static_values.t_s <= chosen.from_t_s
                OR (
                    static_values.t_s >= chosen.to_t_s
                    AND CAST(static_values.t_s - chosen.to_t_s AS DOUBLE) <= $port_calls_draught_hours * 3600e0
                )
            )
    WHERE chosen.choice = 1
),

changes AS (
    SELECT
        vessel_id,
        gate_id,
        stay_no,
        max(CASE WHEN moment = 1 THEN draught_m END) AS draught_in_m,
        max(CASE WHEN moment = 2 THEN draught_m END) AS draught_out_m
    FROM draughts
    WHERE newest = 1
    GROUP BY vessel_id, gate_id, stay_no
),

-- where the ways in and out cross the gate's line; null where they do not, as in a silence that cuts across land
legs AS (
    SELECT
        vessel_id,
        gate_id,
        stay_no,
        'in' AS way,
        before_t_s AS t_s,
        first_t_s - before_t_s AS dt_s,
        before_lat AS lat,
        before_lon AS lon,
        first_lat - before_lat AS dlat,
        first_lon - before_lon AS dlon
    FROM stays
    UNION ALL
    SELECT
        vessel_id,
        gate_id,
        stay_no,
        'out' AS way,
        last_t_s AS t_s,
        after_t_s - last_t_s AS dt_s,
        last_lat AS lat,
        last_lon AS lon,
        after_lat - last_lat AS dlat,
        after_lon - last_lon AS dlon
    FROM stays
    WHERE after_t_s IS NOT NULL
),

shares AS (
    SELECT
        legs.vessel_id AS vessel_id,
        legs.gate_id AS gate_id,
        legs.stay_no AS stay_no,
        legs.way AS way,
        legs.t_s AS t_s,
        legs.dt_s AS dt_s,
        (
            (e.lat1 - legs.lat) * (e.lon2 - e.lon1) - (e.lon1 - legs.lon) * (e.lat2 - e.lat1)
        ) / nullif(legs.dlat * (e.lon2 - e.lon1) - legs.dlon * (e.lat2 - e.lat1), 0e0) AS of_leg,
        (
            (e.lat1 - legs.lat) * legs.dlon - (e.lon1 - legs.lon) * legs.dlat
        ) / nullif(legs.dlat * (e.lon2 - e.lon1) - legs.dlon * (e.lat2 - e.lat1), 0e0) AS of_edge
    FROM legs
    INNER JOIN gate_edges AS e ON legs.gate_id = e.gate_id AND e.is_gate
),

crossings AS (
    SELECT
        vessel_id,
        gate_id,
        stay_no,
        min(CASE WHEN way = 'in' THEN t_s + CAST(round(of_leg * CAST(dt_s AS DOUBLE)) AS BIGINT) END) AS in_t_s,
        max(CASE WHEN way = 'out' THEN t_s + CAST(round(of_leg * CAST(dt_s AS DOUBLE)) AS BIGINT) END) AS out_t_s
    FROM shares
    WHERE of_leg BETWEEN 0e0 AND 1e0 AND of_edge BETWEEN 0e0 AND 1e0
    GROUP BY vessel_id, gate_id, stay_no
),

timed AS (
    SELECT
        chosen.*,
        stays.mmsi AS mmsi,
        stays.first_t_s AS first_t_s,
        coalesce(crossings.in_t_s, (stays.before_t_s + stays.first_t_s) // 2) AS in_t_s,
        coalesce(crossings.out_t_s, (stays.last_t_s + stays.after_t_s) // 2) AS out_t_s,
        changes.draught_in_m AS draught_in_m,
        changes.draught_out_m AS draught_out_m,
        1
        + CASE
            WHEN
                CAST(stays.first_t_s - stays.before_t_s AS DOUBLE) < $port_calls_gap_hours * 3600e0
                AND CAST(stays.after_t_s - stays.last_t_s AS DOUBLE) < $port_calls_gap_hours * 3600e0
                THEN 1
            ELSE 0
        END
        + CASE WHEN abs(changes.draught_out_m - changes.draught_in_m) >= $links_draught_change_m THEN 1 ELSE 0 END
        + CASE WHEN chosen.declaration_id IS NOT NULL THEN 1 ELSE 0 END AS confidence,
        CASE
            WHEN chosen.kind = 'lay' THEN chosen.from_t_s
            ELSE chosen.from_t_s + CAST(round(chosen.there_km / 1.852e0 / $arrivals_speed_kn * 3600e0) AS BIGINT)
        END AS t_s,
        CASE
            WHEN chosen.kind = 'lay' THEN chosen.from_t_s
            ELSE chosen.until_t_s - CAST(round(chosen.back_km / 1.852e0 / $arrivals_speed_kn * 3600e0) AS BIGINT)
        END AS latest_t_s
    FROM chosen
    INNER JOIN stays
        ON
            chosen.vessel_id = stays.vessel_id
            AND chosen.gate_id = stays.gate_id
            AND chosen.stay_no = stays.stay_no
    LEFT JOIN changes
        ON
            chosen.vessel_id = changes.vessel_id
            AND chosen.gate_id = changes.gate_id
            AND chosen.stay_no = changes.stay_no
    LEFT JOIN crossings
        ON
            chosen.vessel_id = crossings.vessel_id
            AND chosen.gate_id = crossings.gate_id
            AND chosen.stay_no = crossings.stay_no
    WHERE chosen.choice = 1
)

SELECT
    substr(
        md5(concat_ws('|', 'arrival', 'gate', vessel_id, gate_id, CAST(first_t_s AS VARCHAR))), 1, 16
    ) AS arrival_id,
    vessel_id,
    mmsi,
    port_id,
    port_basis,
    gate_id,
    t_s,
    from_t_s,
    latest_t_s,
    in_t_s,
    out_t_s,
    draught_in_m,
    draught_out_m,
    port_call_id,
    declaration_id,
    CAST(confidence AS INTEGER) AS confidence
FROM timed
