-- One row is a meeting of two small craft that lie still in a port's ring or in the coast's neighbourhood (a cell of land
-- within 0.1 degree): fishing boats, yachts, launches and tugs in a harbour, a marina or a pen that no list of ports has.
-- Reads meetings, small_craft, port_rings, land_cells. Settings: encounters.exclude_berths, port_calls.stop_end_kn.
WITH
lying AS (
    SELECT
        meetings.vessel_id_1 AS vessel_id_1,
        meetings.vessel_id_2 AS vessel_id_2,
        meetings.meeting_no AS meeting_no,
        CAST(floor((meetings.lat + 90e0) * 100e0) AS BIGINT) * 1000000
        + CAST(floor((meetings.lon + 180e0) * 100e0) AS BIGINT) AS ring_cell,
        CAST(floor((meetings.lat + 90e0) * 10e0) AS BIGINT) AS land_row,
        CAST(floor((meetings.lon + 180e0) * 10e0) AS BIGINT) AS land_column
    FROM meetings
    INNER JOIN small_craft AS a ON meetings.vessel_id_1 = a.vessel_id
    INNER JOIN small_craft AS b ON meetings.vessel_id_2 = b.vessel_id
    WHERE
        coalesce(meetings.median_speed_kn, 0e0) <= $port_calls_stop_end_kn
        AND CAST($encounters_exclude_berths AS BOOLEAN)
),

around AS (
    SELECT * FROM (VALUES (-1), (0), (1)) AS offsets (k)
)

SELECT
    lying.vessel_id_1 AS vessel_id_1,
    lying.vessel_id_2 AS vessel_id_2,
    lying.meeting_no AS meeting_no
FROM lying
INNER JOIN port_rings ON lying.ring_cell = port_rings.cell_id
UNION
SELECT
    lying.vessel_id_1 AS vessel_id_1,
    lying.vessel_id_2 AS vessel_id_2,
    lying.meeting_no AS meeting_no
FROM lying
CROSS JOIN around AS north
CROSS JOIN around AS east
INNER JOIN land_cells
    ON (lying.land_row + north.k) * 1000000 + (lying.land_column + east.k + 3600) % 3600 = land_cells.cell_id
