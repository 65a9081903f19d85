-- One row is a hub of which anything was seen in the last look-back before the newest day of data: on how many days of
-- it a ship was heard within the hub's circle, a witness told of a call there, or was asked for the calls there, and on
-- which first and last.
-- Reads the published coverage, port_calls and hubs, and asked_days, asked_hubs (what a witness was asked).
-- Settings: links.max_days_at_hub, links.max_days_to_russia.
WITH
heard AS (
    SELECT DISTINCT
        CAST(hour_at AS DATE) AS day,
        lat,
        lon
    FROM coverage
),

called AS (
    SELECT
        port_id AS hub_id,
        CAST(arrived_at AS DATE) AS day
    FROM port_calls
    UNION ALL
    SELECT
        port_id AS hub_id,
        CAST(departed_at AS DATE) AS day
    FROM port_calls
    WHERE departed_at IS NOT NULL
),

asked AS (
    SELECT
        asked_hubs.hub_id,
        CAST(TIMESTAMP '1970-01-01 00:00:00' + asked_days.day * 86400 * INTERVAL '1' SECOND AS DATE) AS day
    FROM asked_days
    CROSS JOIN asked_hubs
    WHERE asked_days.kind = 'port_visit'
),

newest AS (
    SELECT max(known.day) AS day
    FROM (
        SELECT day FROM heard
        UNION ALL
        SELECT day FROM called
        UNION ALL
        SELECT day FROM asked
    ) AS known
),

-- How far the hub lies outside the cell of a quarter degree, in degrees; 0 within it.
beside AS (
    SELECT
        hubs.hub_id,
        hubs.radius_km,
        heard.day,
        cos(radians(hubs.lat)) AS shrunk,
        greatest(abs(heard.lat - hubs.lat) - 0.125e0, 0e0) AS north_deg,
        greatest(abs(heard.lon - hubs.lon) - 0.125e0, 0e0) AS east_deg
    FROM hubs
    INNER JOIN heard ON abs(heard.lat - hubs.lat) <= hubs.radius_km / 111e0 + 0.125e0
),

seen AS (
    SELECT
        hub_id,
        day
    FROM beside
    WHERE
        111.195e0 * sqrt(north_deg * north_deg + east_deg * east_deg * shrunk * shrunk) <= radius_km
    UNION ALL
    SELECT
        hub_id,
        day
    FROM called
    UNION ALL
    SELECT
        hub_id,
        day
    FROM asked
)

SELECT
    hubs.hub_id,
    hubs.name,
    CAST(count(DISTINCT seen.day) AS INTEGER) AS n_days,
    min(seen.day) AS first_day,
    max(seen.day) AS last_day
FROM seen
INNER JOIN hubs ON seen.hub_id = hubs.hub_id
INNER JOIN newest
    ON
        date_diff('day', seen.day, newest.day)
        < CAST(ceil($links_max_days_at_hub + $links_max_days_to_russia) AS BIGINT)
GROUP BY
    hubs.hub_id,
    hubs.name
