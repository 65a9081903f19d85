-- One row is a call at a hub as one that may have left cargo there, with what speaks for it by itself: each as a level whose
-- weight stands in weights.csv; 'unknown' weighs nothing. Reads hub_calls. Settings: links.draught_change_share,
-- links.draught_change_much_share, links.draught_change_very_much_share, links.draught_change_most_share.
SELECT
    port_call_id,
    size AS giver_size,
    CASE
        WHEN before_country IS NULL THEN 'unknown'
        WHEN before_controlled_by = 'RU' THEN 'russia'
        WHEN
            before_country IN ('CN', 'HK', 'MO', 'TW', 'KR', 'JP', 'VN', 'SG', 'MY', 'TH', 'ID', 'PH', 'KH')
            THEN 'east_asia'
        WHEN before_country = hub_country THEN 'same_country'
        ELSE 'elsewhere'
    END AS giver_origin,
    CASE
        WHEN draught_change IS NULL THEN 'unknown'
        WHEN draught_change <= -$links_draught_change_most_share THEN 'fell_most'
        WHEN draught_change <= -$links_draught_change_very_much_share THEN 'fell_very_much'
        WHEN draught_change <= -$links_draught_change_much_share THEN 'fell_much'
        WHEN draught_change <= -$links_draught_change_share THEN 'fell'
        WHEN draught_change >= $links_draught_change_most_share THEN 'rose_most'
        WHEN draught_change >= $links_draught_change_very_much_share THEN 'rose_very_much'
        WHEN draught_change >= $links_draught_change_much_share THEN 'rose_much'
        WHEN draught_change >= $links_draught_change_share THEN 'rose'
        ELSE 'unchanged'
    END AS giver_draught,
    CASE WHEN n_before IS NULL THEN 'unknown' WHEN n_before = 0 THEN 'new' WHEN n_before <= 2 THEN 'known' ELSE 'often' END
        AS giver_history
FROM hub_calls
