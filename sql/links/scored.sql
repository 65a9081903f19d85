-- One row is a candidate with the weight of each of its terms, their sum and the probability that follows.
-- Reads features, weights (pattern, kind, level, weight). Settings: links.min_score.
WITH
weighed AS (
    SELECT
        f.*,
        coalesce(w_prior.weight, 0e0) AS w_prior,
        coalesce(w_meeting.weight, 0e0) AS w_meeting,
        coalesce(w_duration.weight, 0e0) AS w_duration,
        coalesce(w_draught_from.weight, 0e0) AS w_draught_from,
        coalesce(w_draught_to.weight, 0e0) AS w_draught_to,
        coalesce(w_origin_from.weight, 0e0) AS w_origin_from,
        coalesce(w_origin_to.weight, 0e0) AS w_origin_to,
        coalesce(w_way.weight, 0e0) AS w_way,
        coalesce(w_way_draught.weight, 0e0) AS w_way_draught,
        coalesce(w_arrival_draught.weight, 0e0) AS w_arrival_draught,
        coalesce(w_types.weight, 0e0) AS w_types,
        coalesce(w_destination.weight, 0e0) AS w_destination
    FROM features AS f
    LEFT JOIN weights AS w_prior ON f.pattern = w_prior.pattern AND w_prior.kind = 'prior'
    LEFT JOIN weights AS w_meeting
        ON f.pattern = w_meeting.pattern AND w_meeting.kind = 'meeting' AND f.meeting = w_meeting.level
    LEFT JOIN weights AS w_duration
        ON f.pattern = w_duration.pattern AND w_duration.kind = 'duration' AND f.duration = w_duration.level
    LEFT JOIN weights AS w_draught_from
        ON
            f.pattern = w_draught_from.pattern
            AND w_draught_from.kind = 'draught_from'
            AND f.draught_from = w_draught_from.level
    LEFT JOIN weights AS w_draught_to
        ON f.pattern = w_draught_to.pattern AND w_draught_to.kind = 'draught_to' AND f.draught_to = w_draught_to.level
    LEFT JOIN weights AS w_origin_from
        ON
            f.pattern = w_origin_from.pattern
            AND w_origin_from.kind = 'origin_from'
            AND f.origin_from = w_origin_from.level
    LEFT JOIN weights AS w_origin_to
        ON f.pattern = w_origin_to.pattern AND w_origin_to.kind = 'origin_to' AND f.origin_to = w_origin_to.level
    LEFT JOIN weights AS w_way ON f.pattern = w_way.pattern AND w_way.kind = 'way' AND f.way = w_way.level
    LEFT JOIN weights AS w_way_draught
        ON
            f.pattern = w_way_draught.pattern
            AND w_way_draught.kind = 'way_draught'
            AND f.way_draught = w_way_draught.level
    LEFT JOIN weights AS w_arrival_draught
        ON
            f.pattern = w_arrival_draught.pattern
            AND w_arrival_draught.kind = 'arrival_draught'
            AND f.arrival_draught = w_arrival_draught.level
    LEFT JOIN weights AS w_types
        ON f.pattern = w_types.pattern AND w_types.kind = 'types' AND f.types = w_types.level
    LEFT JOIN weights AS w_destination
        ON
            f.pattern = w_destination.pattern
            AND w_destination.kind = 'destination'
            AND f.destination = w_destination.level
),

summed AS (
    SELECT
        *,
        w_prior + w_meeting + w_duration + w_draught_from + w_draught_to
        + w_origin_from + w_origin_to + w_way + w_way_draught + w_arrival_draught + w_types + w_destination AS log_odds
    FROM weighed
)

SELECT
    *, -- noqa: AM04
    1e0 / (1e0 + exp(-log_odds)) AS score
FROM summed
WHERE 1e0 / (1e0 + exp(-log_odds)) >= $links_min_score
