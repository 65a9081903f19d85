-- One row is a stay in a port as one witness tells it, however many answers hold it, with the gazetteer's port and
-- the ship's IMO number where it is known. A visit told when it was over counts before the same told while it
-- lasted. The port is that of its first anchorage which lies in a place to lie, else in a port's ring, else within
-- 20 km of a port; never that of the name. A witness that gives a port's code means the port that has it, or has it as
-- its second (port_codes). Reads said_visits, said_identities, ports, port_codes, port_rings, berth_cells.
-- Settings: none.
WITH
told AS (
    SELECT
        *,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', started_at) AS start_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', ended_at) AS end_t_s,
        CASE WHEN ended_at IS NULL THEN 1 ELSE 0 END AS lasts
    FROM said_visits
),

by_id AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY witness, visit_id
            ORDER BY lasts, end_t_s DESC, confidence DESC, start_t_s, kind, name, file_id
        ) AS choice
    FROM told
),

by_start AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY witness, coalesce(mmsi, -imo), start_t_s
            ORDER BY lasts, end_t_s DESC, confidence DESC, visit_id
        ) AS again
    FROM by_id
    WHERE choice = 1
),

visits AS (
    SELECT *
    FROM by_start
    WHERE again = 1
),

-- who a witness means, by its own id of the ship, else by the MMSI at that time
refs AS (
    SELECT
        ship_ref,
        imo,
        row_number() OVER (
            PARTITION BY ship_ref ORDER BY coalesce(valid_to, TIMESTAMP '9999-01-01 00:00:00') DESC, imo
        ) AS choice
    FROM said_identities
    WHERE ship_ref IS NOT NULL AND imo IS NOT NULL
),

numbers AS (
    SELECT
        visits.witness AS witness,
        visits.visit_id AS visit_id,
        said_identities.imo AS imo,
        row_number() OVER (
            PARTITION BY visits.witness, visits.visit_id
            ORDER BY
                coalesce(said_identities.valid_to, TIMESTAMP '9999-01-01 00:00:00') DESC,
                said_identities.imo
        ) AS choice
    FROM visits
    INNER JOIN said_identities
        ON
            visits.mmsi = said_identities.mmsi
            AND said_identities.imo IS NOT NULL
            AND coalesce(said_identities.valid_from, visits.started_at) <= visits.started_at
            AND coalesce(said_identities.valid_to, visits.started_at) >= visits.started_at
),

points AS (
    SELECT
        witness,
        visit_id,
        1 AS nth,
        CAST(lat AS DOUBLE) AS lat,
        CAST(lon AS DOUBLE) AS lon
    FROM visits
    WHERE lat IS NOT NULL
    UNION ALL
    SELECT
        witness,
        visit_id,
        2 AS nth,
        CAST(lat_2 AS DOUBLE) AS lat,
        CAST(lon_2 AS DOUBLE) AS lon
    FROM visits
    WHERE lat_2 IS NOT NULL
    UNION ALL
    SELECT
        witness,
        visit_id,
        3 AS nth,
        CAST(lat_3 AS DOUBLE) AS lat,
        CAST(lon_3 AS DOUBLE) AS lon
    FROM visits
    WHERE lat_3 IS NOT NULL
    UNION ALL
    SELECT
        witness,
        visit_id,
        4 AS nth,
        CAST(lat_4 AS DOUBLE) AS lat,
        CAST(lon_4 AS DOUBLE) AS lon
    FROM visits
    WHERE lat_4 IS NOT NULL
),

places AS (
    SELECT DISTINCT
        lat,
        lon,
        CAST(floor((lat + 90e0) * 500e0) AS BIGINT) * 1000000
        + CAST(floor((lon + 180e0) * 500e0) AS BIGINT) AS fine_cell,
        CAST(floor((lat + 90e0) * 100e0) AS BIGINT) * 1000000
        + CAST(floor((lon + 180e0) * 100e0) AS BIGINT) AS ring_cell
    FROM points
),

fine AS (
    SELECT
        places.lat AS lat,
        places.lon AS lon,
        berth_cells.port_id AS port_id,
        row_number() OVER (
            PARTITION BY places.lat, places.lon
            ORDER BY CASE WHEN berth_cells.kind = 'berth' THEN 0 ELSE 1 END, berth_cells.port_id
        ) AS choice
    FROM places
    INNER JOIN berth_cells ON places.fine_cell = berth_cells.cell_id
),

ringed AS (
    SELECT
        places.lat AS lat,
        places.lon AS lon,
        port_rings.port_id AS port_id,
        sqrt(
            power(111195e0 * (places.lat - port_rings.point_lat), 2)
            + power(111195e0 * cos(radians(places.lat)) * (places.lon - port_rings.point_lon), 2)
        ) AS d_m
    FROM places
    INNER JOIN port_rings ON places.ring_cell = port_rings.cell_id
),

ring AS (
    SELECT
        lat,
        lon,
        port_id,
        row_number() OVER (PARTITION BY lat, lon ORDER BY CAST(round(d_m) AS BIGINT), port_id) AS choice
    FROM ringed
),

far AS (
    SELECT
        places.lat AS lat,
        places.lon AS lon,
        ports.port_id AS port_id,
        sqrt(
            power(111195e0 * (places.lat - ports.lat), 2)
            + power(111195e0 * cos(radians(places.lat)) * (places.lon - ports.lon), 2)
        ) AS d_m
    FROM places
    LEFT JOIN ring ON places.lat = ring.lat AND places.lon = ring.lon AND ring.choice = 1
    INNER JOIN ports ON ports.lat BETWEEN places.lat - 0.18e0 AND places.lat + 0.18e0
    WHERE ring.port_id IS NULL
),

nearby AS (
    SELECT
        lat,
        lon,
        port_id,
        row_number() OVER (PARTITION BY lat, lon ORDER BY CAST(round(d_m) AS BIGINT), port_id) AS choice
    FROM far
    WHERE d_m <= 20000e0
),

resolved AS (
    SELECT
        points.witness AS witness,
        points.visit_id AS visit_id,
        coalesce(CAST(fine.port_id AS VARCHAR), CAST(ring.port_id AS VARCHAR), CAST(nearby.port_id AS VARCHAR))
            AS port_id,
        row_number() OVER (
            PARTITION BY points.witness, points.visit_id
            ORDER BY
                -- the roads of one port may be named before the berth of another: the first point that is a place
                CASE
                    WHEN coalesce(CAST(fine.port_id AS VARCHAR), CAST(ring.port_id AS VARCHAR)) IS NOT NULL THEN 0
                    WHEN nearby.port_id IS NOT NULL THEN 1
                    ELSE 2
                END,
                points.nth
        ) AS choice
    FROM points
    LEFT JOIN fine ON points.lat = fine.lat AND points.lon = fine.lon AND fine.choice = 1
    LEFT JOIN ring ON points.lat = ring.lat AND points.lon = ring.lon AND ring.choice = 1
    LEFT JOIN nearby ON points.lat = nearby.lat AND points.lon = nearby.lon AND nearby.choice = 1
)

SELECT
    visits.witness AS witness,
    visits.visit_id AS visit_id,
    visits.mmsi AS mmsi,
    coalesce(visits.imo, refs.imo, numbers.imo) AS imo,
    visits.name AS name,
    visits.callsign AS callsign,
    visits.flag AS flag,
    visits.ship_type AS ship_type,
    coalesce(named.port_id, resolved.port_id) AS port_id,
    visits.kind AS kind,
    visits.start_t_s AS start_t_s,
    visits.end_t_s AS end_t_s,
    visits.confidence AS confidence,
    CAST(visits.lat AS DOUBLE) AS lat,
    CAST(visits.lon AS DOUBLE) AS lon,
    visits.file_id AS file_id,
    visits.is_noncommercial AS is_noncommercial
FROM visits
LEFT JOIN refs ON visits.ship_ref = refs.ship_ref AND refs.choice = 1
LEFT JOIN numbers
    ON visits.witness = numbers.witness AND visits.visit_id = numbers.visit_id AND numbers.choice = 1
LEFT JOIN port_codes AS named ON visits.port_id = named.code
LEFT JOIN resolved
    ON visits.witness = resolved.witness AND visits.visit_id = resolved.visit_id AND resolved.choice = 1
