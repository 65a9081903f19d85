-- One row is a ship as a witness saw it in one visit or event, with our id of it: the ship that sent this MMSI
-- nearest in time, else the ship that has it by its IMO number (ship_keys), else one that only witnesses know. Where
-- a witness knows the IMO number alone, the MMSI is the one that goes with that number nearest in time.
-- Reads witness_visits, said_events, said_identities, ship_pieces, ship_statics, ship_keys. Settings: none.
WITH
seen AS (
    SELECT
        witness,
        visit_id AS ref_id,
        1 AS part,
        mmsi,
        imo,
        name,
        callsign,
        flag,
        ship_type,
        start_t_s AS first_t_s,
        coalesce(end_t_s, start_t_s) AS last_t_s,
        is_noncommercial
    FROM witness_visits
    UNION ALL
    SELECT DISTINCT
        'gfw' AS witness,
        event_id AS ref_id,
        1 AS part,
        mmsi,
        CAST(NULL AS BIGINT) AS imo,
        name,
        CAST(NULL AS VARCHAR) AS callsign,
        flag,
        ship_type,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', started_at) AS first_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', coalesce(ended_at, started_at)) AS last_t_s,
        is_noncommercial
    FROM said_events
    WHERE kind <> 'port_visit'
    UNION ALL
    SELECT DISTINCT
        'gfw' AS witness,
        event_id AS ref_id,
        2 AS part,
        other_mmsi AS mmsi,
        CAST(NULL AS BIGINT) AS imo,
        other_name AS name,
        CAST(NULL AS VARCHAR) AS callsign,
        other_flag AS flag,
        other_type AS ship_type,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', started_at) AS first_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', coalesce(ended_at, started_at)) AS last_t_s,
        is_noncommercial
    FROM said_events
    WHERE other_mmsi IS NOT NULL
),

-- which MMSI went with an IMO number, and when
numbered AS (
    SELECT
        imo,
        mmsi,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s
    FROM ship_statics
    WHERE imo IS NOT NULL
    GROUP BY imo, mmsi
    UNION ALL
    SELECT
        imo,
        mmsi,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s
    FROM seen
    WHERE imo IS NOT NULL AND mmsi IS NOT NULL
    GROUP BY imo, mmsi
    UNION ALL
    SELECT
        imo,
        mmsi,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', min(valid_from)) AS first_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', max(valid_to)) AS last_t_s
    FROM said_identities
    WHERE imo IS NOT NULL AND valid_from IS NOT NULL AND valid_to IS NOT NULL
    GROUP BY imo, mmsi
),

found AS (
    SELECT
        seen.witness AS witness,
        seen.ref_id AS ref_id,
        seen.part AS part,
        numbered.mmsi AS mmsi,
        row_number() OVER (
            PARTITION BY seen.witness, seen.ref_id, seen.part
            ORDER BY
                greatest(0, seen.first_t_s - numbered.last_t_s, numbered.first_t_s - seen.last_t_s),
                numbered.mmsi
        ) AS choice
    FROM seen
    INNER JOIN numbered ON seen.imo = numbered.imo
    WHERE seen.mmsi IS NULL
),

with_mmsi AS (
    SELECT
        seen.*,
        coalesce(seen.mmsi, found.mmsi) AS known_mmsi
    FROM seen
    LEFT JOIN found
        ON
            seen.witness = found.witness
            AND seen.ref_id = found.ref_id
            AND seen.part = found.part
            AND found.choice = 1
),

heard AS (
    SELECT
        mmsi,
        vessel_id,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s
    FROM ship_pieces
    GROUP BY mmsi, vessel_id
),

owners AS (
    SELECT
        with_mmsi.witness AS witness,
        with_mmsi.ref_id AS ref_id,
        with_mmsi.part AS part,
        heard.vessel_id AS vessel_id,
        row_number() OVER (
            PARTITION BY with_mmsi.witness, with_mmsi.ref_id, with_mmsi.part
            ORDER BY
                greatest(0, with_mmsi.first_t_s - heard.last_t_s, heard.first_t_s - with_mmsi.last_t_s),
                heard.vessel_id
        ) AS choice
    FROM with_mmsi
    INNER JOIN heard ON with_mmsi.known_mmsi = heard.mmsi
)

SELECT
    with_mmsi.witness AS witness,
    with_mmsi.ref_id AS ref_id,
    with_mmsi.part AS part,
    coalesce(
        owners.vessel_id,
        ship_keys.vessel_id,
        substr(md5(concat_ws('|', 'vessel', CAST(with_mmsi.known_mmsi AS VARCHAR), '0')), 1, 16)
    ) AS vessel_id,
    with_mmsi.known_mmsi AS mmsi,
    with_mmsi.imo AS imo,
    with_mmsi.name AS name,
    with_mmsi.callsign AS callsign,
    with_mmsi.flag AS flag,
    with_mmsi.ship_type AS ship_type,
    with_mmsi.first_t_s AS first_t_s,
    with_mmsi.last_t_s AS last_t_s,
    with_mmsi.is_noncommercial AS is_noncommercial
FROM with_mmsi
LEFT JOIN owners
    ON
        with_mmsi.witness = owners.witness
        AND with_mmsi.ref_id = owners.ref_id
        AND with_mmsi.part = owners.part
        AND owners.choice = 1
LEFT JOIN ship_keys ON with_mmsi.known_mmsi = ship_keys.mmsi AND ship_keys.ship = 0
WHERE with_mmsi.known_mmsi IS NOT NULL
