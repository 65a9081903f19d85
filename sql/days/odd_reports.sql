-- One row is a report of an odd ship's day or of the margin around it, and whether it lies on land for certain
-- (docs/gazetteer.md). Reads reports, odd_ships, land_cells. Settings: none.
SELECT
    reports.day AS day,
    reports.mmsi AS mmsi,
    reports.t_s AS t_s,
    reports.lat AS lat,
    reports.lon AS lon,
    reports.sog_kn AS sog_kn,
    reports.nav_status AS nav_status,
    reports.is_own AS is_own,
    CASE
        WHEN
            land_cells.mask // CAST(
                power(
                    2e0,
                    CAST(floor((reports.lat + 90e0) * 50e0) AS BIGINT) % 5 * 5
                    + CAST(floor((reports.lon + 180e0) * 50e0) AS BIGINT) % 5
                ) AS BIGINT
            ) % 2 = 1
            THEN 1
        ELSE 0
    END AS is_on_land
FROM reports
INNER JOIN odd_ships ON reports.day = odd_ships.day AND reports.mmsi = odd_ships.mmsi
LEFT JOIN land_cells
    ON
        CAST(floor((reports.lat + 90e0) * 50e0) AS BIGINT) // 5 * 1000000
        + CAST(floor((reports.lon + 180e0) * 50e0) AS BIGINT) // 5
        = land_cells.cell_id
