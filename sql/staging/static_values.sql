-- One row is a run of static_runs with its values cleaned: text without padding, '@' and hidden characters, an IMO
-- number only with a true check digit (else it is the wrong_imo; so are placeholders that pass), the ship type as one of
-- the Danish words (docs/reading.md), sizes only if more than 0. Reads static_runs. No settings.
WITH
plain AS (
    SELECT
        mmsi,
        day,
        first_at,
        last_at,
        n_reports,
        regexp_extract(upper(CAST(imo AS VARCHAR)), '^(?:IMO)? *([1-9][0-9]{6})(?:[.]0*)?$', 1) AS imo,
        -- AIS pads with '@'; what stands behind one is left over from a longer text before.
        trim(regexp_replace(split_part(name, '@', 1), '[\p{Cc}\p{Cf}\p{Zl}\p{Zp} ]+', ' ', 'g')) AS name,
        trim(regexp_replace(split_part(callsign, '@', 1), '[\p{Cc}\p{Cf}\p{Zl}\p{Zp} ]+', ' ', 'g')) AS callsign,
        trim(regexp_replace(split_part(destination, '@', 1), '[\p{Cc}\p{Cf}\p{Zl}\p{Zp} ]+', ' ', 'g')) AS destination,
        lower(regexp_replace(CAST(ship_type AS VARCHAR), '[_ ]+', ' ', 'g')) AS type_words,
        regexp_extract(CAST(ship_type AS VARCHAR), '^ *([0-9]{1,3})(?:[.]0*)? *$', 1) AS type_code,
        CAST(length_m AS DOUBLE) AS length_m,
        CAST(width_m AS DOUBLE) AS width_m,
        CAST(draught_m AS DOUBLE) AS draught_m
    FROM static_runs
),

coded AS (
    SELECT
        *,
        CASE
            WHEN
                imo <> ''
                AND (
                    7 * CAST(substr(imo, 1, 1) AS INTEGER)
                    + 6 * CAST(substr(imo, 2, 1) AS INTEGER)
                    + 5 * CAST(substr(imo, 3, 1) AS INTEGER)
                    + 4 * CAST(substr(imo, 4, 1) AS INTEGER)
                    + 3 * CAST(substr(imo, 5, 1) AS INTEGER)
                    + 2 * CAST(substr(imo, 6, 1) AS INTEGER)
                ) % 10 = CAST(substr(imo, 7, 1) AS INTEGER)
                AND imo NOT IN ('1234567', '5555555')
                THEN CAST(imo AS BIGINT)
        END AS imo_number,
        CASE WHEN type_code <> '' THEN CAST(type_code AS INTEGER) END AS code
    FROM plain
)

SELECT
    mmsi,
    day,
    first_at,
    last_at,
    n_reports,
    imo_number AS imo,
    CASE WHEN imo <> '' AND imo_number IS NULL THEN CAST(imo AS BIGINT) END AS wrong_imo,
    CASE WHEN upper(name) NOT IN ('', '0', '-', 'N/A', 'NONE', 'NULL', 'UNKNOWN', 'UNDEFINED') THEN name END AS name,
    CASE
        WHEN upper(callsign) NOT IN ('', '0', '-', 'N/A', 'NONE', 'NULL', 'UNKNOWN', 'UNDEFINED') THEN callsign
    END AS callsign,
    CASE
        -- ITU-R M.1371-5, table 53, as a number from 0 to 99.
        WHEN code BETWEEN 70 AND 79 THEN 'cargo'
        WHEN code BETWEEN 80 AND 89 THEN 'tanker'
        WHEN code BETWEEN 60 AND 69 THEN 'passenger'
        WHEN code BETWEEN 40 AND 49 THEN 'hsc'
        WHEN code BETWEEN 20 AND 29 THEN 'wig'
        WHEN code BETWEEN 90 AND 99 THEN 'other'
        WHEN code = 30 THEN 'fishing'
        WHEN code IN (31, 32) THEN 'towing'
        WHEN code = 33 THEN 'dredging'
        WHEN code = 34 THEN 'diving'
        WHEN code = 35 THEN 'military'
        WHEN code = 36 THEN 'sailing'
        WHEN code = 37 THEN 'pleasure'
        WHEN code = 50 THEN 'pilot'
        WHEN code = 51 THEN 'sar'
        WHEN code = 52 THEN 'tug'
        WHEN code = 53 THEN 'port tender'
        WHEN code = 54 THEN 'anti-pollution'
        WHEN code = 55 THEN 'law enforcement'
        WHEN code = 58 THEN 'medical'
        WHEN code IS NOT NULL THEN NULL
        -- Words: the Danish ones, and those that vendors use; the first that fits counts.
        WHEN contains(type_words, 'tanker') THEN 'tanker'
        WHEN contains(type_words, 'passenger') THEN 'passenger'
        WHEN contains(type_words, 'hsc') OR contains(type_words, 'high speed') THEN 'hsc'
        WHEN contains(type_words, 'wing in ground') OR type_words = 'wig' THEN 'wig'
        WHEN contains(type_words, 'fishing') THEN 'fishing'
        WHEN contains(type_words, 'towing') THEN 'towing'
        WHEN contains(type_words, 'dredg') OR contains(type_words, 'hopper') THEN 'dredging'
        WHEN contains(type_words, 'diving') THEN 'diving'
        WHEN contains(type_words, 'military') THEN 'military'
        WHEN contains(type_words, 'sailing') THEN 'sailing'
        WHEN contains(type_words, 'pleasure') OR contains(type_words, 'yacht') THEN 'pleasure'
        WHEN contains(type_words, 'pilot') THEN 'pilot'
        WHEN type_words = 'sar' OR contains(type_words, 'search and rescue') THEN 'sar'
        WHEN type_words = 'tug' OR contains(type_words, 'tug/') OR contains(type_words, 'tug ') THEN 'tug'
        WHEN contains(type_words, 'port tender') THEN 'port tender'
        WHEN contains(type_words, 'pollution') THEN 'anti-pollution'
        WHEN contains(type_words, 'law enforce') THEN 'law enforcement'
        WHEN contains(type_words, 'medical') THEN 'medical'
        WHEN
            contains(type_words, 'cargo')
            OR contains(type_words, 'container')
            OR contains(type_words, 'carrier')
            OR contains(type_words, 'reefer') THEN 'cargo'
        WHEN type_words = 'other' THEN 'other'
    END AS ship_type,
    CASE WHEN length_m > 0e0 THEN length_m END AS length_m,
    CASE WHEN width_m > 0e0 THEN width_m END AS width_m,
    CASE WHEN draught_m > 0e0 THEN draught_m END AS draught_m,
    CASE
        WHEN upper(destination) NOT IN ('', '0', '-', 'N/A', 'NONE', 'NULL', 'UNKNOWN', 'UNDEFINED') THEN destination
    END AS destination
FROM coded
