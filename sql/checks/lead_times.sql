-- One row is an arrived link that was told before its ship arrived, as open or declared at $min_score or more, and how many
-- days before: from the end of the data with which it was first told so to the arrival. Reads the published link_history and
-- transshipment_links. Settings: none; $min_score is the asker's.
SELECT
    links.link_id AS link_id,
    links.pattern AS pattern,
    links.hub_id AS hub_id,
    links.russia_port_id AS russia_port_id,
    links.arrived_at AS arrived_at,
    links.score AS score,
    min(link_history.told_from_at) AS first_told_at,
    CAST(date_diff('second', min(link_history.told_from_at), links.arrived_at) AS DOUBLE) / 86400e0 AS lead_days
FROM transshipment_links AS links
INNER JOIN link_history ON links.link_id = link_history.link_id
WHERE
    links.status = 'arrived'
    AND link_history.status IN ('open', 'declared')
    AND link_history.score >= $min_score
    AND link_history.told_from_at < links.arrived_at
GROUP BY
    links.link_id, links.pattern, links.hub_id, links.russia_port_id, links.arrived_at, links.score
ORDER BY links.arrived_at, links.link_id
