-- One row is a call at a hub of the first tier of a ship that then gave its cargo on at another hub: its last such call
-- within links.max_days_at_hub before. Reads hub_calls, tails (call_id). Settings: links.max_days_at_hub.
WITH
earlier AS (
    SELECT
        first_call.port_call_id AS port_call_id,
        tail_call.port_call_id AS onward_call_id,
        row_number() OVER (
            PARTITION BY tail_call.port_call_id ORDER BY first_call.start_t_s DESC, first_call.port_call_id
        ) AS choice
    FROM hub_calls AS tail_call
    INNER JOIN hub_calls AS first_call
        ON
            tail_call.vessel_id = first_call.vessel_id
            AND first_call.tier = 1
            AND tail_call.hub_id <> first_call.hub_id
            AND first_call.start_t_s < tail_call.start_t_s
            AND CAST(tail_call.start_t_s - first_call.end_t_s AS DOUBLE) <= $links_max_days_at_hub * 86400e0
    WHERE tail_call.port_call_id IN (SELECT tails.call_id FROM tails)
)

SELECT
    port_call_id,
    onward_call_id
FROM earlier
WHERE choice = 1
