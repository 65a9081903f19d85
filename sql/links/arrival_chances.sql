-- One row is an arrival in Russia that has links, with the probability that none of them is true: the product,
-- over each call of the ship at a hub before it, that none of that call's candidates fed it, and over each meeting,
-- that it did not. Logarithms are summed in whole millionths, so that no order matters.
-- Reads relay_scored, scored. Settings: none.
WITH
relays AS (
    SELECT DISTINCT
        arrival_id,
        to_port_call_id,
        p_none
    FROM relay_scored
    WHERE arrival_id IS NOT NULL
),

chances AS (
    SELECT
        arrival_id,
        p_none AS p_not
    FROM relays
    UNION ALL
    SELECT
        arrival_id,
        1e0 - score AS p_not
    FROM scored
    WHERE arrival_id IS NOT NULL
)

SELECT
    arrival_id,
    exp(CAST(sum(CAST(round(ln(greatest(p_not, 1e-9)) * 1000000e0) AS BIGINT)) AS DOUBLE) / 1000000e0) AS p_no_transfer
FROM chances
GROUP BY arrival_id
