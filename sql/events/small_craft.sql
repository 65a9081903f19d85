-- One row is a ship that carries no cargo for others and is short: fishing boats, yachts, launches, tugs. One that
-- never said its type counts by its length, if it said that. Reads vessels. Settings: encounters.small_craft_m.
SELECT vessel_id
FROM vessels
WHERE
    coalesce(ship_type, '') NOT IN ('tanker', 'cargo')
    AND coalesce(length_m, CASE WHEN ship_type IS NULL THEN 1e9 ELSE 0e0 END) < $encounters_small_craft_m
