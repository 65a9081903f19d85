-- One row is a pair of calls at a hub with the probability that cargo went from the one to the other and on to Russia, if
-- ship B goes there.
-- All candidates of ship B's call compete with each other and with "none of them": p = odds / (1 + sum of all odds).
-- Odds are summed in whole millionths, so that no order matters. Reads relay_candidates, hub_calls, takers, giver_terms,
-- taker_terms, weights (pattern, kind, level, weight_milli). Settings: links.min_score.
WITH
given AS (
    SELECT
        port_call_id,
        sum(weight_milli) AS milli
    FROM giver_terms
    GROUP BY port_call_id
),

taken AS (
    SELECT
        port_call_id,
        sum(weight_milli) AS milli
    FROM taker_terms
    GROUP BY port_call_id
),

weighed AS (
    SELECT
        c.*,
        exp(
            least(
                CAST(
                    coalesce(given.milli, 0) + coalesce(taken.milli, 0) + coalesce(w_wait.weight_milli, 0)
                    + coalesce(w_types.weight_milli, 0) + coalesce(w_sizes.weight_milli, 0)
                    + coalesce(w_terminal.weight_milli, 0) + coalesce(w_sailing.weight_milli, 0) AS DOUBLE
                )
                / 1000e0,
                12e0
            )
        ) AS odds
    FROM relay_candidates AS c
    LEFT JOIN given ON c.from_port_call_id = given.port_call_id
    LEFT JOIN taken ON c.to_port_call_id = taken.port_call_id
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
        CAST(count(*) AS BIGINT) AS n_rivals,
        CAST(sum(CAST(round(odds * 1000000e0) AS BIGINT)) AS DOUBLE) / 1000000e0 AS all_odds
    FROM weighed
    GROUP BY to_port_call_id
),

competing AS (
    SELECT
        weighed.*,
        crowds.n_rivals AS n_rivals,
        1e0 / (1e0 + crowds.all_odds) AS p_none,
        greatest(crowds.all_odds - weighed.odds, 0e0) AS rival_odds
    FROM weighed
    INNER JOIN crowds ON weighed.to_port_call_id = crowds.to_port_call_id
)

SELECT
    substr(
        md5(
            concat_ws(
                '|', 'link', 'port_relay', '', c.from_port_call_id, c.to_port_call_id, a.vessel_id, b.vessel_id
            )
        ),
        1,
        16
    ) AS link_id,
    'port_relay' AS pattern,
    b.hub_id AS hub_id,
    CAST(NULL AS VARCHAR) AS encounter_id,
    c.from_port_call_id AS from_port_call_id,
    c.to_port_call_id AS to_port_call_id,
    c.to_port_call_id AS stay_id,
    takers.arrival_id AS arrival_id,
    a.vessel_id AS from_vessel_id,
    a.mmsi AS from_mmsi,
    b.vessel_id AS to_vessel_id,
    b.mmsi AS to_mmsi,
    a.start_t_s AS from_start_t_s,
    a.end_t_s AS from_end_t_s,
    b.start_t_s AS to_start_t_s,
    b.end_t_s AS to_end_t_s,
    takers.arrived_t_s AS arrived_t_s,
    takers.russia_port_call_id AS russia_port_call_id,
    takers.n_calls_between AS n_calls_between,
    takers.way_port_call_id AS way_port_call_id,
    a.before_port_id AS origin_port_id,
    a.before_call_id AS origin_port_call_id,
    b.before_call_id AS to_origin_port_call_id,
    c.wait AS wait,
    c.types AS types,
    c.sizes AS sizes,
    c.terminal AS terminal,
    c.sailing AS sailing,
    a.ship AS from_ship,
    b.ship AS to_ship,
    c.n_rivals AS n_rivals,
    c.p_none AS p_none,
    -ln(1e0 + c.rival_odds) AS w_rivals,
    c.odds / (1e0 + c.rival_odds + c.odds) AS score
FROM competing AS c
INNER JOIN hub_calls AS a ON c.from_port_call_id = a.port_call_id
INNER JOIN hub_calls AS b ON c.to_port_call_id = b.port_call_id
INNER JOIN takers ON c.to_port_call_id = takers.port_call_id
WHERE c.odds / (1e0 + c.rival_odds + c.odds) >= $links_min_score
