-- One row is a meeting with what the two hulls say of it. Aerials of ships alongside lie half the two beams apart across
-- the ships, at most half the two lengths along them, at a distance that stays, and the ships are parallel; neighbours at
-- anchor swing, neighbours at a quay lie end to end. `line_difference_deg` is the angle between the two ships' lines (0 to
-- 90), where both sent headings that do not leap about; `within_reach` (1, 0) goes by distance and size alone;
-- `touch` (1, 0; null where a length is unknown) by all of it; `close` likewise, and by distance where `touch` is null.
-- Reads meetings, beside, vessels. Settings: encounters.alongside_m, encounters.hull_slack_m, encounters.parallel_deg,
-- encounters.steady_m. A ship is taken to be 6.5 times as long as broad where no beam was sent.
WITH
slots AS (
    SELECT
        meetings.vessel_id_1 AS vessel_id_1,
        meetings.vessel_id_2 AS vessel_id_2,
        meetings.meeting_no AS meeting_no,
        meetings.median_distance_m AS median_distance_m,
        beside.slot AS slot,
        beside.across_m AS across_m,
        abs(beside.distance_m - meetings.median_distance_m) AS off_m,
        beside.heading_1_deg AS heading_1_deg,
        beside.heading_2_deg AS heading_2_deg,
        beside.slot - lag(beside.slot) OVER w AS since,
        beside.heading_1_deg - lag(beside.heading_1_deg) OVER w AS turn_1_deg,
        beside.heading_2_deg - lag(beside.heading_2_deg) OVER w AS turn_2_deg
    FROM meetings
    INNER JOIN beside
        ON
            meetings.vessel_id_1 = beside.vessel_id_1
            AND meetings.vessel_id_2 = beside.vessel_id_2
            AND beside.slot BETWEEN meetings.first_slot AND meetings.last_slot
    WINDOW w AS (
        PARTITION BY meetings.vessel_id_1, meetings.vessel_id_2, meetings.meeting_no ORDER BY beside.slot
    )
),

-- angles without their direction: headings differ by 0 to 180, lines by 0 to 90
folded AS (
    SELECT
        vessel_id_1,
        vessel_id_2,
        meeting_no,
        median_distance_m,
        across_m,
        off_m,
        abs((heading_1_deg - heading_2_deg) - 180e0 * round((heading_1_deg - heading_2_deg) / 180e0)) AS line_deg,
        CASE WHEN since = 1 THEN abs(turn_1_deg - 360e0 * round(turn_1_deg / 360e0)) END AS turn_1_deg,
        CASE WHEN since = 1 THEN abs(turn_2_deg - 360e0 * round(turn_2_deg / 360e0)) END AS turn_2_deg
    FROM slots
),

measured AS (
    SELECT
        vessel_id_1,
        vessel_id_2,
        meeting_no,
        median_distance_m,
        median(off_m) AS unsteady_m,
        CASE
            WHEN median(turn_1_deg) <= $encounters_parallel_deg AND median(turn_2_deg) <= $encounters_parallel_deg
                THEN median(line_deg)
        END AS line_difference_deg,
        median(across_m) AS across_m
    FROM folded
    GROUP BY vessel_id_1, vessel_id_2, meeting_no, median_distance_m
),

sized AS (
    SELECT
        measured.vessel_id_1 AS vessel_id_1,
        measured.vessel_id_2 AS vessel_id_2,
        measured.meeting_no AS meeting_no,
        measured.median_distance_m AS distance_m,
        measured.unsteady_m AS unsteady_m,
        measured.line_difference_deg AS line_difference_deg,
        measured.across_m AS across_m,
        (a.length_m + b.length_m) / 2e0 AS along_reach_m,
        (coalesce(a.width_m, a.length_m / 6.5e0) + coalesce(b.width_m, b.length_m / 6.5e0)) / 2e0 AS across_reach_m
    FROM measured
    INNER JOIN vessels AS a ON measured.vessel_id_1 = a.vessel_id
    INNER JOIN vessels AS b ON measured.vessel_id_2 = b.vessel_id
),

judged AS (
    SELECT
        *,
        CASE
            WHEN
                distance_m <= least(
                    $encounters_alongside_m,
                    coalesce(
                        sqrt(power(along_reach_m, 2) + power(across_reach_m, 2)) + $encounters_hull_slack_m,
                        $encounters_alongside_m
                    )
                )
                THEN 1
            ELSE 0
        END AS within_reach,
        -- so near that no room is left to swing in
        CASE WHEN distance_m <= across_reach_m + $encounters_hull_slack_m THEN 1 ELSE 0 END AS crowded,
        CASE
            WHEN unsteady_m > $encounters_steady_m THEN 0
            WHEN line_difference_deg > $encounters_parallel_deg THEN 0
            WHEN line_difference_deg IS NOT NULL AND across_m < across_reach_m / 2e0 THEN 0
            WHEN line_difference_deg IS NOT NULL AND across_m > across_reach_m + 2e0 * $encounters_hull_slack_m THEN 0
            ELSE 1
        END AS lies_so
    FROM sized
)

SELECT
    vessel_id_1,
    vessel_id_2,
    meeting_no,
    line_difference_deg,
    within_reach,
    CASE
        WHEN along_reach_m IS NULL THEN NULL
        WHEN within_reach = 0 THEN 0
        WHEN crowded = 1 THEN 1
        ELSE lies_so
    END AS touch,
    CASE
        WHEN within_reach = 0 THEN 0
        WHEN crowded = 1 THEN 1
        ELSE lies_so
    END AS close
FROM judged
