-- One row is a pair of calls at a hub of the first tier, the second by a ship that gave its cargo on at another hub,
-- with the probability that it took it from the first: the same odds as of a relay, with a prior of their own.
-- Reads first_pairs (as relay_candidates), giver_terms, weights. Settings: none.
WITH
given AS (
    SELECT
        port_call_id,
        sum(weight_milli) AS milli
    FROM giver_terms
    GROUP BY port_call_id
),

weighed AS (
    SELECT
        c.from_port_call_id AS from_port_call_id,
        c.to_port_call_id AS to_port_call_id,
        exp(
            CAST(
                w_prior.weight_milli + coalesce(given.milli, 0) + coalesce(w_wait.weight_milli, 0)
                + coalesce(w_types.weight_milli, 0) + coalesce(w_sizes.weight_milli, 0)
                + coalesce(w_terminal.weight_milli, 0) + coalesce(w_sailing.weight_milli, 0) AS DOUBLE
            )
            / 1000e0
        ) AS odds
    FROM first_pairs AS c
    INNER JOIN weights AS w_prior ON w_prior.pattern = 'chain' AND w_prior.kind = 'first_hop_prior'
    LEFT JOIN given ON c.from_port_call_id = given.port_call_id
    LEFT JOIN weights AS w_wait
        ON w_wait.pattern = 'port_relay' AND w_wait.kind = 'wait' AND c.wait = w_wait.level
    LEFT JOIN weights AS w_types
        ON w_types.pattern = 'port_relay' AND w_types.kind = 'types' AND c.types = w_types.level
    LEFT JOIN weights AS w_sizes
        ON w_sizes.pattern = 'port_relay' AND w_sizes.kind = 'sizes' AND c.sizes = w_sizes.level
    LEFT JOIN weights AS w_terminal
        ON w_terminal.pattern = 'port_relay' AND w_terminal.kind = 'terminal' AND c.terminal = w_terminal.level
    LEFT JOIN weights AS w_sailing
        ON w_sailing.pattern = 'port_relay' AND w_sailing.kind = 'sailing' AND c.sailing = w_sailing.level
),

crowds AS (
    SELECT
        to_port_call_id,
        CAST(sum(CAST(round(odds * 1000000e0) AS BIGINT)) AS DOUBLE) / 1000000e0 AS all_odds
    FROM weighed
    GROUP BY to_port_call_id
)

SELECT
    weighed.from_port_call_id AS from_port_call_id,
    weighed.to_port_call_id AS to_port_call_id,
    weighed.odds / (1e0 + crowds.all_odds) AS p
FROM weighed
INNER JOIN crowds ON weighed.to_port_call_id = crowds.to_port_call_id
