-- One row is a link that has not arrived, and what its score lacks for that, as one more term of the sum in log odds: with
-- what probability the ship goes to Russia at all, as a sentence with what that rests on. Reads waiting_links (link_id,
-- stay_id, p_given: the probability if it does go, score), outcomes, hubs. Settings: links.max_days_to_russia.
WITH
told AS (
    SELECT
        waiting_links.link_id AS link_id,
        ln(waiting_links.score / (1e0 - waiting_links.score))
        - ln(waiting_links.p_given / (1e0 - waiting_links.p_given)) AS weight,
        outcomes.ship
        || CASE
            WHEN outcomes.status = 'expired' AND outcomes.ended_port_call_id IS NOT NULL AND outcomes.is_back
                THEN
                    ' came back to '
                    || outcomes.ended_port_name
                    || ' without having been seen in Russia, and goes there with this cargo'
            WHEN outcomes.status = 'expired' AND outcomes.ended_port_call_id IS NOT NULL
                THEN ' landed cargo at ' || outcomes.ended_port_name || ', and goes to Russia with this one'
            WHEN outcomes.status = 'expired'
                THEN
                    ' was not seen in Russia within '
                    || CAST(CAST(floor($links_max_days_to_russia) AS BIGINT) AS VARCHAR)
                    || ' days, and goes there'
            ELSE ' has not been seen in Russia since, and goes there'
        END
        || ' with a probability of '
        || CAST(CAST(round(outcomes.p_russia * 1000e0) AS BIGINT) // 10 AS VARCHAR) || '.'
        || CAST(CAST(round(outcomes.p_russia * 1000e0) AS BIGINT) % 10 AS VARCHAR)
        || ' in 100. Before that month '
        || CAST(outcomes.ship_went_milli // 1000 AS VARCHAR) || ' of its own '
        || CAST(outcomes.ship_n_milli // 1000 AS VARCHAR) || ' stays at hubs led there, and '
        || CAST(outcomes.class_went_milli // 1000 AS VARCHAR) || ' of '
        || CAST(outcomes.class_n_milli // 1000 AS VARCHAR) || ' by ' || outcomes.ship_class || ' at '
        || coalesce(hubs.name, outcomes.hub_id) || '. '
        || CASE
            WHEN outcomes.word = 'arrival' THEN 'By what was declared it has arrived there unseen.'
            WHEN outcomes.word = 'unknown' THEN 'It has declared no port since.'
            ELSE
                'It has since declared "'
                || outcomes.declared_text || '" ('
                || outcomes.declared_port_name
                || ').'
        END AS statement,
        CASE
            WHEN outcomes.declared_arrival_id IS NOT NULL THEN 'russia_arrivals'
            WHEN outcomes.ended_port_call_id IS NOT NULL THEN 'port_calls'
            WHEN outcomes.declaration_id IS NOT NULL THEN 'declared_ports'
            ELSE 'vessels'
        END AS ref_table,
        coalesce(
            outcomes.declared_arrival_id, outcomes.ended_port_call_id, outcomes.declaration_id, outcomes.vessel_id
        ) AS ref_id
    FROM waiting_links
    INNER JOIN outcomes ON waiting_links.stay_id = outcomes.stay_id
    LEFT JOIN hubs ON outcomes.hub_id = hubs.hub_id
)

SELECT
    link_id,
    40 AS seq,
    'goes_to_russia' AS kind,
    weight,
    statement,
    ref_table,
    ref_id
FROM told
