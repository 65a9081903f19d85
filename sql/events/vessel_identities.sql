-- One row is one identity that a ship transmitted, or that a witness knows it by, with the span from its first to its
-- last report. A ship whose identity is not known has one row with its MMSI alone.
-- Reads ship_names, ship_pieces, witness_ships, mids. Settings: none.
WITH
said AS (
    SELECT
        vessel_id,
        mmsi,
        imo,
        name,
        callsign,
        ship_type,
        max(flag) AS flag,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(n_reports) AS BIGINT) AS n_reports,
        min(is_noncommercial) AS is_noncommercial
    FROM ship_names
    WHERE name IS NOT NULL OR imo IS NOT NULL OR callsign IS NOT NULL
    GROUP BY vessel_id, mmsi, imo, name, callsign, ship_type
),

sightings AS (
    SELECT
        vessel_id,
        mmsi,
        CAST(NULL AS VARCHAR) AS flag,
        first_t_s,
        last_t_s,
        n_reports,
        FALSE AS is_noncommercial
    FROM ship_pieces
    UNION ALL
    SELECT
        vessel_id,
        mmsi,
        flag,
        first_t_s,
        last_t_s,
        CAST(0 AS BIGINT) AS n_reports,
        is_noncommercial
    FROM witness_ships
),

seen AS (
    SELECT
        vessel_id,
        mmsi,
        max(flag) AS flag,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(n_reports) AS BIGINT) AS n_reports,
        min(is_noncommercial) AS is_noncommercial
    FROM sightings
    GROUP BY vessel_id, mmsi
),

mute AS (
    SELECT
        seen.vessel_id AS vessel_id,
        seen.mmsi AS mmsi,
        seen.flag AS flag,
        seen.first_t_s AS first_t_s,
        seen.last_t_s AS last_t_s,
        seen.n_reports AS n_reports,
        seen.is_noncommercial AS is_noncommercial
    FROM seen
    LEFT JOIN said ON seen.vessel_id = said.vessel_id AND seen.mmsi = said.mmsi
    WHERE said.vessel_id IS NULL
),

everything AS (
    SELECT
        vessel_id,
        mmsi,
        imo,
        name,
        callsign,
        ship_type,
        flag,
        first_t_s,
        last_t_s,
        n_reports,
        is_noncommercial
    FROM said
    UNION ALL
    SELECT
        vessel_id,
        mmsi,
        CAST(NULL AS BIGINT) AS imo,
        CAST(NULL AS VARCHAR) AS name,
        CAST(NULL AS VARCHAR) AS callsign,
        CAST(NULL AS VARCHAR) AS ship_type,
        flag,
        first_t_s,
        last_t_s,
        n_reports,
        is_noncommercial
    FROM mute
)

SELECT
    everything.vessel_id AS vessel_id,
    everything.mmsi AS mmsi,
    everything.imo AS imo,
    everything.name AS name,
    everything.callsign AS callsign,
    coalesce(everything.flag, mids.country) AS flag,
    everything.ship_type AS ship_type,
    TIMESTAMP '1970-01-01 00:00:00' + everything.first_t_s * INTERVAL '1' SECOND AS valid_from,
    TIMESTAMP '1970-01-01 00:00:00' + everything.last_t_s * INTERVAL '1' SECOND AS valid_to,
    everything.n_reports AS n_reports,
    everything.is_noncommercial AS is_noncommercial
FROM everything
LEFT JOIN mids ON everything.mmsi // 1000000 = mids.mid
