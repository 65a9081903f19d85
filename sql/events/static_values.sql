-- One row is a moment at which a ship's draught or destination was heard as something else than before, or anew
-- that day. Reads ship_statics. Settings: none.
SELECT
    vessel_id,
    first_t_s AS t_s,
    max(draught_m) AS draught_m,
    max(destination) AS destination
FROM ship_statics
WHERE draught_m IS NOT NULL OR destination IS NOT NULL
GROUP BY vessel_id, first_t_s
