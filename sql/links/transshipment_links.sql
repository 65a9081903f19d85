-- One row is a transfer at a hub and the Russian arrival it may have fed, or may yet feed (contract: pipeline/schema.txt).
-- It is non-commercial where a call or a piece of evidence that it rests on is. Reads scored_links, link_evidence, outcomes,
-- expected_times, vessels, russia_arrivals, port_calls, screening_hits, declared_ports, gfw_comparison. Settings: none.
WITH
resting AS (
    SELECT
        link_id,
        from_port_call_id AS port_call_id
    FROM scored_links
    UNION ALL
    SELECT
        link_id,
        to_port_call_id AS port_call_id
    FROM scored_links
    UNION ALL
    SELECT
        link_id,
        russia_port_call_id AS port_call_id
    FROM scored_links
    UNION ALL
    SELECT
        link_id,
        origin_port_call_id AS port_call_id
    FROM scored_links
    UNION ALL
    SELECT
        link_id,
        to_origin_port_call_id AS port_call_id
    FROM scored_links
    UNION ALL
    SELECT
        link_id,
        way_port_call_id AS port_call_id
    FROM scored_links
),

closed AS (
    SELECT DISTINCT resting.link_id AS link_id
    FROM resting
    INNER JOIN port_calls ON resting.port_call_id = port_calls.port_call_id
    WHERE port_calls.is_noncommercial
    UNION
    SELECT link_evidence.link_id AS link_id
    FROM link_evidence
    INNER JOIN screening_hits ON link_evidence.ref_table = 'screening_hits' AND link_evidence.ref_id = screening_hits.hit_id
    WHERE screening_hits.is_noncommercial
    UNION
    SELECT link_evidence.link_id AS link_id
    FROM link_evidence
    INNER JOIN declared_ports
        ON link_evidence.ref_table = 'declared_ports' AND link_evidence.ref_id = declared_ports.declaration_id
    WHERE declared_ports.is_noncommercial
    UNION
    SELECT link_evidence.link_id AS link_id
    FROM link_evidence
    INNER JOIN gfw_comparison
        ON link_evidence.ref_table = 'gfw_comparison' AND link_evidence.ref_id = gfw_comparison.comparison_id
    WHERE gfw_comparison.is_noncommercial
)

SELECT
    s.link_id AS link_id,
    s.pattern AS pattern,
    s.hub_id AS hub_id,
    TIMESTAMP '1970-01-01 00:00:00' + s.from_start_t_s * INTERVAL '1' SECOND AS transfer_started_at,
    TIMESTAMP '1970-01-01 00:00:00' + s.to_end_t_s * INTERVAL '1' SECOND AS transfer_ended_at,
    s.from_vessel_id AS from_vessel_id,
    s.from_mmsi AS from_mmsi,
    a.imo AS from_imo,
    a.name AS from_name,
    a.flag AS from_flag,
    s.origin_port_id AS origin_port_id,
    s.to_vessel_id AS to_vessel_id,
    s.to_mmsi AS to_mmsi,
    b.imo AS to_imo,
    b.name AS to_name,
    b.flag AS to_flag,
    s.encounter_id AS encounter_id,
    s.from_port_call_id AS from_port_call_id,
    s.to_port_call_id AS to_port_call_id,
    s.arrival_id AS arrival_id,
    r.port_id AS russia_port_id,
    r.arrived_at AS arrived_at,
    e.port_id AS expected_port_id,
    TIMESTAMP '1970-01-01 00:00:00' + e.from_t_s * INTERVAL '1' SECOND AS expected_from_at,
    TIMESTAMP '1970-01-01 00:00:00' + e.to_t_s * INTERVAL '1' SECOND AS expected_to_at,
    CAST(s.arrived_t_s - s.to_end_t_s AS DOUBLE) / 86400e0 AS days_to_russia,
    s.n_calls_between AS calls_between,
    s.hops AS hops,
    o.status AS status,
    'none' AS review,
    s.score AS score,
    coalesce(r.is_noncommercial, FALSE) OR o.is_noncommercial OR closed.link_id IS NOT NULL AS is_noncommercial
FROM scored_links AS s
INNER JOIN vessels AS a ON s.from_vessel_id = a.vessel_id
INNER JOIN vessels AS b ON s.to_vessel_id = b.vessel_id
INNER JOIN outcomes AS o ON s.stay_id = o.stay_id
LEFT JOIN expected_times AS e ON s.stay_id = e.stay_id
LEFT JOIN russia_arrivals AS r ON s.arrival_id = r.arrival_id
LEFT JOIN closed ON s.link_id = closed.link_id
