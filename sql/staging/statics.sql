-- One row is a span of unchanged static values of one MMSI within one UTC day of one file: it ends where a value is
-- sent that differs from the last one known; a value left out ends nothing, nor does a wrong IMO number, which is only
-- counted. Reads static_values. Parameter: file_id.
WITH
told AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY mmsi, day
            ORDER BY
                first_at,
                last_at,
                n_reports,
                imo,
                name,
                callsign,
                ship_type,
                length_m,
                width_m,
                draught_m,
                destination,
                wrong_imo
        ) AS seq
    FROM static_values
    WHERE
        imo IS NOT NULL
        OR name IS NOT NULL
        OR callsign IS NOT NULL
        OR ship_type IS NOT NULL
        OR length_m IS NOT NULL
        OR width_m IS NOT NULL
        OR draught_m IS NOT NULL
        OR destination IS NOT NULL
        OR wrong_imo IS NOT NULL
),

known AS (
    SELECT
        *,
        last_value(imo IGNORE NULLS) OVER before AS known_imo,
        last_value(name IGNORE NULLS) OVER before AS known_name,
        last_value(callsign IGNORE NULLS) OVER before AS known_callsign,
        last_value(ship_type IGNORE NULLS) OVER before AS known_ship_type,
        last_value(length_m IGNORE NULLS) OVER before AS known_length_m,
        last_value(width_m IGNORE NULLS) OVER before AS known_width_m,
        last_value(draught_m IGNORE NULLS) OVER before AS known_draught_m,
        last_value(destination IGNORE NULLS) OVER before AS known_destination
    FROM told
    WINDOW before AS (PARTITION BY mmsi, day ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),

numbered AS (
    SELECT
        *,
        sum(
            CASE
                WHEN
                    imo <> known_imo
                    OR name <> known_name
                    OR callsign <> known_callsign
                    OR ship_type <> known_ship_type
                    OR length_m <> known_length_m
                    OR width_m <> known_width_m
                    OR draught_m <> known_draught_m
                    OR destination <> known_destination THEN 1
                ELSE 0
            END
        ) OVER (
            PARTITION BY mmsi, day
            ORDER BY seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS span
    FROM known
)

SELECT
    CAST(mmsi AS BIGINT) AS mmsi,
    min(first_at) AS first_at,
    max(last_at) AS last_at,
    max(imo) AS imo,
    max(wrong_imo) AS wrong_imo,
    CAST(sum(CASE WHEN wrong_imo IS NOT NULL THEN n_reports ELSE 0 END) AS INTEGER) AS n_wrong_imo,
    max(name) AS name,
    max(callsign) AS callsign,
    max(ship_type) AS ship_type,
    max(length_m) AS length_m,
    max(width_m) AS width_m,
    max(draught_m) AS draught_m,
    max(destination) AS destination,
    CAST(sum(n_reports) AS INTEGER) AS n_reports,
    CAST($file_id AS VARCHAR) AS file_id
FROM numbered
GROUP BY
    mmsi,
    day,
    span
