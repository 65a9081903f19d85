-- One row is a meeting and a direction with its score: one over one plus e to minus the sum of its terms.
-- Weights are summed in whole thousandths, so that no order matters.
-- Reads features, sts_terms (link_id, weight_milli). Settings: links.min_score.
WITH
summed AS (
    SELECT
        link_id,
        CAST(sum(weight_milli) AS DOUBLE) / 1000e0 AS log_odds
    FROM sts_terms
    GROUP BY link_id
)

SELECT
    features.*, -- noqa: AM04
    1e0 / (1e0 + exp(-summed.log_odds)) AS score
FROM features
INNER JOIN summed ON features.link_id = summed.link_id
WHERE 1e0 / (1e0 + exp(-summed.log_odds)) >= $links_min_score
