-- One row is a stay at a hub and what came of it by the end of the data: an arrival in Russia within the limit, or none,
-- with the probability that the ship goes there at all. That is the share of its own earlier stays that went on, drawn to
-- the share of its class at that hub, that to the hub's and that to links.russia_share, as odds times what it declared,
-- what it had done before and how many took longer than it has so far. Without an arrival only ships with a reason stand
-- here: in Russia before, a Russian port declared, or a share of links.open_min_share. Reads hub_stays, russia_shares,
-- russia_words, voyage_ends, russia_arrivals, weights. Settings: links.max_days_to_russia, links.russia_share,
-- links.russia_share_stays, links.ship_share_stays, links.open_min_share, links.late_share.
WITH
declared AS (
    SELECT
        russia_shares.stay_id AS stay_id,
        russia_arrivals.arrival_id AS arrival_id,
        russia_arrivals.port_id AS port_id,
        russia_arrivals.is_noncommercial AS is_noncommercial,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', russia_arrivals.arrived_from_at) AS from_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', russia_arrivals.arrived_to_at) AS to_t_s,
        row_number() OVER (
            PARTITION BY russia_shares.stay_id ORDER BY russia_arrivals.arrived_at, russia_arrivals.arrival_id
        ) AS choice
    FROM russia_shares
    INNER JOIN russia_arrivals
        ON
            russia_shares.vessel_id = russia_arrivals.vessel_id
            AND russia_arrivals.basis = 'declared'
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', russia_arrivals.arrived_at) > russia_shares.end_t_s
            AND CAST(
                date_diff('second', TIMESTAMP '1970-01-01 00:00:00', russia_arrivals.arrived_at)
                - russia_shares.end_t_s AS DOUBLE
            ) <= $links_max_days_to_russia * 86400e0
),

at_hub AS (
    SELECT
        *,
        (CAST(hub_went_milli AS DOUBLE) / 1000e0 + $links_russia_share_stays * $links_russia_share)
        / (CAST(hub_n_milli AS DOUBLE) / 1000e0 + $links_russia_share_stays) AS hub_share
    FROM russia_shares
),

shared AS (
    SELECT
        *,
        (CAST(class_went_milli AS DOUBLE) / 1000e0 + $links_russia_share_stays * hub_share)
        / (CAST(class_n_milli AS DOUBLE) / 1000e0 + $links_russia_share_stays) AS class_share
    FROM at_hub
),

shrunk AS (
    SELECT
        shared.*,
        greatest(
            (CAST(shared.ship_went_milli AS DOUBLE) / 1000e0 + $links_ship_share_stays * shared.class_share)
            / (CAST(shared.ship_n_milli AS DOUBLE) / 1000e0 + $links_ship_share_stays),
            1e-6
        ) AS share,
        declared.arrival_id AS declared_arrival_id,
        declared.port_id AS declared_arrival_port_id,
        declared.from_t_s AS declared_from_t_s,
        declared.to_t_s AS declared_to_t_s,
        russia_words.declaration_id AS declaration_id,
        russia_words.port_id AS declared_port_id,
        russia_words.port_name AS declared_port_name,
        russia_words.declared_text AS declared_text,
        coalesce(declared.is_noncommercial, FALSE) OR coalesce(russia_words.is_noncommercial, FALSE) AS is_noncommercial,
        voyage_ends.port_call_id AS ended_port_call_id,
        voyage_ends.port_name AS ended_port_name,
        voyage_ends.is_back AS is_back,
        CASE
            WHEN declared.arrival_id IS NOT NULL THEN 'arrival'
            WHEN russia_words.is_russian THEN 'russia'
            WHEN russia_words.stay_id IS NOT NULL THEN 'elsewhere'
            ELSE 'unknown'
        END AS word,
        CASE
            WHEN shared.n_arrivals = 0 THEN 'unknown'
            WHEN shared.ship_n_milli < 1000 THEN 'served'
            ELSE 'counted'
        END AS service
    FROM shared
    LEFT JOIN declared ON shared.stay_id = declared.stay_id AND declared.choice = 1
    LEFT JOIN russia_words ON shared.stay_id = russia_words.stay_id
    LEFT JOIN voyage_ends ON shared.stay_id = voyage_ends.stay_id
),

timed AS (
    SELECT
        shrunk.*,
        CASE
            WHEN shrunk.word = 'arrival' THEN 'declared'
            WHEN shrunk.is_over OR shrunk.ended_port_call_id IS NOT NULL THEN 'expired'
            WHEN shrunk.word = 'russia' THEN 'declared'
            ELSE 'open'
        END AS status,
        -- as if links.russia_share_stays more had arrived, evenly over the time that there is
        (
            CAST(shrunk.n_slower AS DOUBLE) + $links_russia_share_stays
            * greatest(
                1e0 - CAST(shrunk.until_t_s - shrunk.end_t_s AS DOUBLE) / ($links_max_days_to_russia * 86400e0), 0e0
            )
        )
        / (CAST(shrunk.n_taken AS DOUBLE) + $links_russia_share_stays) AS slower_share
    FROM shrunk
),

summed AS (
    SELECT
        timed.*,
        least(ln(timed.share / greatest(1e0 - timed.share, 1e-6)), 4e0)
        + coalesce(w_word.weight, 0e0)
        + coalesce(w_service.weight, 0e0)
        + CASE
            WHEN timed.word = 'arrival' THEN 0e0
            WHEN timed.status = 'expired' THEN ln($links_late_share)
            ELSE ln($links_late_share + (1e0 - $links_late_share) * timed.slower_share)
        END AS log_odds
    FROM timed
    LEFT JOIN weights AS w_word
        ON w_word.pattern = 'to_russia' AND w_word.kind = 'word' AND timed.word = w_word.level
    LEFT JOIN weights AS w_service
        ON w_service.pattern = 'to_russia' AND w_service.kind = 'service' AND timed.service = w_service.level
    WHERE timed.n_arrivals > 0 OR timed.word IN ('arrival', 'russia') OR timed.share >= $links_open_min_share
)

SELECT
    stay_id,
    vessel_id,
    hub_id,
    ship_class,
    is_tanker,
    ship,
    month_t_s,
    start_t_s,
    end_t_s,
    until_t_s,
    CAST(NULL AS VARCHAR) AS arrival_id,
    CAST(NULL AS VARCHAR) AS russia_port_call_id,
    CAST(NULL AS BIGINT) AS arrived_t_s,
    status,
    1e0 / (1e0 + exp(-log_odds)) AS p_russia,
    class_n_milli,
    class_went_milli,
    ship_n_milli,
    ship_went_milli,
    word,
    declared_arrival_id,
    declared_arrival_port_id,
    declared_from_t_s,
    declared_to_t_s,
    declaration_id,
    declared_port_id,
    declared_port_name,
    declared_text,
    ended_port_call_id,
    ended_port_name,
    is_back,
    is_noncommercial
FROM summed
UNION ALL
SELECT
    stay_id,
    vessel_id,
    hub_id,
    ship_class,
    is_tanker,
    ship,
    month_t_s,
    start_t_s,
    end_t_s,
    arrived_t_s AS until_t_s,
    arrival_id,
    russia_port_call_id,
    arrived_t_s,
    'arrived' AS status,
    1e0 AS p_russia,
    CAST(NULL AS BIGINT) AS class_n_milli,
    CAST(NULL AS BIGINT) AS class_went_milli,
    CAST(NULL AS BIGINT) AS ship_n_milli,
    CAST(NULL AS BIGINT) AS ship_went_milli,
    CAST(NULL AS VARCHAR) AS word,
    CAST(NULL AS VARCHAR) AS declared_arrival_id,
    CAST(NULL AS VARCHAR) AS declared_arrival_port_id,
    CAST(NULL AS BIGINT) AS declared_from_t_s,
    CAST(NULL AS BIGINT) AS declared_to_t_s,
    CAST(NULL AS VARCHAR) AS declaration_id,
    CAST(NULL AS VARCHAR) AS declared_port_id,
    CAST(NULL AS VARCHAR) AS declared_port_name,
    CAST(NULL AS VARCHAR) AS declared_text,
    CAST(NULL AS VARCHAR) AS ended_port_call_id,
    CAST(NULL AS VARCHAR) AS ended_port_name,
    CAST(NULL AS BOOLEAN) AS is_back,
    FALSE AS is_noncommercial
FROM hub_stays
WHERE arrival_id IS NOT NULL
