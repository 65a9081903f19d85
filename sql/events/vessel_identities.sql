-- One row is one identity that a ship transmitted, with the span from its first to its last report. A ship whose static
-- reports were never heard has one row with its MMSI alone. Reads ship_statics, ship_pieces, mids. Settings: none.
WITH
said AS (
    SELECT
        vessel_id,
        mmsi,
        imo,
        name,
        callsign,
        ship_type,
        min(first_t_s) AS first_t_s,
        max(last_t_s) AS last_t_s,
        CAST(sum(n_reports) AS BIGINT) AS n_reports
    FROM ship_statics
    WHERE name IS NOT NULL OR imo IS NOT NULL OR callsign IS NOT NULL
    GROUP BY vessel_id, mmsi, imo, name, callsign, ship_type
),

seen AS (
    SELECT
        ship_pieces.vessel_id AS vessel_id,
        ship_pieces.mmsi AS mmsi,
        min(ship_pieces.first_t_s) AS first_t_s,
        max(ship_pieces.last_t_s) AS last_t_s,
        CAST(sum(ship_pieces.n_reports) AS BIGINT) AS n_reports
    FROM ship_pieces
    GROUP BY ship_pieces.vessel_id, ship_pieces.mmsi
),

mute AS (
    SELECT
        seen.vessel_id AS vessel_id,
        seen.mmsi AS mmsi,
        seen.first_t_s AS first_t_s,
        seen.last_t_s AS last_t_s,
        seen.n_reports AS n_reports
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
        first_t_s,
        last_t_s,
        n_reports
    FROM said
    UNION ALL
    SELECT
        vessel_id,
        mmsi,
        CAST(NULL AS BIGINT) AS imo,
        CAST(NULL AS VARCHAR) AS name,
        CAST(NULL AS VARCHAR) AS callsign,
        CAST(NULL AS VARCHAR) AS ship_type,
        first_t_s,
        last_t_s,
        n_reports
    FROM mute
)

SELECT
    everything.vessel_id AS vessel_id,
    everything.mmsi AS mmsi,
    everything.imo AS imo,
    everything.name AS name,
    everything.callsign AS callsign,
    mids.country AS flag,
    everything.ship_type AS ship_type,
    TIMESTAMP '1970-01-01 00:00:00' + everything.first_t_s * INTERVAL '1' SECOND AS valid_from,
    TIMESTAMP '1970-01-01 00:00:00' + everything.last_t_s * INTERVAL '1' SECOND AS valid_to,
    everything.n_reports AS n_reports
FROM everything
LEFT JOIN mids ON everything.mmsi // 1000000 = mids.mid
