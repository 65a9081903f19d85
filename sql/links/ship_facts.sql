-- One row is one fact about one ship of a possible transfer that says more of the ship than of its cargo: its flag, a new
-- identity, a silence beside the transfer, doubt about its positions, its calls in Russia before, sanctions lists, what it
-- declared to port authorities or later by AIS, and whether Global Fishing Watch tells of the same call or meeting. Each as
-- a level whose weight stands in weights.csv, with a sentence and the row it rests on. Nothing that was known only after
-- ship B's arrival counts. Reads ship_moments (our_table, our_id, vessel_id, ship, role, start_t_s, end_t_s, until_t_s),
-- vessel_identities, ais_gaps, position_flags, port_calls, ports, screening_hits, declared_ports, gfw_comparison.
-- Settings: links.around_hours, links.identity_days, links.service_calls.
WITH
-- what a ship had sent by the transfer's end
known AS (
    SELECT
        m.our_id AS our_id,
        m.vessel_id AS vessel_id,
        m.role AS role,
        m.ship AS ship,
        m.start_t_s AS start_t_s,
        m.end_t_s AS end_t_s,
        i.mmsi AS mmsi,
        i.flag AS flag,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', i.valid_from) AS from_t_s
    FROM ship_moments AS m
    INNER JOIN vessel_identities AS i
        ON
            m.vessel_id = i.vessel_id
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', i.valid_from) <= m.end_t_s
),

flown AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY our_id, vessel_id, role ORDER BY from_t_s DESC, mmsi, flag) AS choice
    FROM known
    WHERE flag IS NOT NULL
),

numbers AS (
    SELECT
        our_id,
        vessel_id,
        role,
        ship,
        mmsi,
        start_t_s,
        min(from_t_s) AS from_t_s
    FROM known
    GROUP BY our_id, vessel_id, role, ship, mmsi, start_t_s
),

renumbered AS (
    SELECT
        *,
        lag(mmsi) OVER (PARTITION BY our_id, vessel_id, role ORDER BY from_t_s, mmsi) AS former_mmsi,
        row_number() OVER (PARTITION BY our_id, vessel_id, role ORDER BY from_t_s DESC, mmsi DESC) AS choice
    FROM numbers
),

silences AS (
    SELECT
        m.our_id AS our_id,
        m.vessel_id AS vessel_id,
        m.role AS role,
        m.ship AS ship,
        g.gap_id AS gap_id,
        g.off_at AS off_at,
        CAST(CAST(round(g.duration_h) AS BIGINT) AS VARCHAR) AS hours_txt,
        row_number() OVER (PARTITION BY m.our_id, m.vessel_id, m.role ORDER BY g.duration_h DESC, g.gap_id) AS choice
    FROM ship_moments AS m
    INNER JOIN ais_gaps AS g
        ON
            m.vessel_id = g.vessel_id
            AND g.is_suspicious
            AND CAST(date_diff('second', TIMESTAMP '1970-01-01 00:00:00', g.off_at) - m.end_t_s AS DOUBLE)
            <= $links_around_hours * 3600e0
            AND CAST(
                m.start_t_s - date_diff('second', TIMESTAMP '1970-01-01 00:00:00', coalesce(g.on_at, g.off_at)) AS DOUBLE
            ) <= $links_around_hours * 3600e0
            AND (
                m.until_t_s IS NULL
                OR date_diff('second', TIMESTAMP '1970-01-01 00:00:00', coalesce(g.on_at, g.off_at)) <= m.until_t_s
            )
),

doubts AS (
    SELECT
        m.our_id AS our_id,
        m.vessel_id AS vessel_id,
        m.role AS role,
        m.ship AS ship,
        f.kind AS kind,
        row_number() OVER (PARTITION BY m.our_id, m.vessel_id, m.role ORDER BY f.started_at, f.kind) AS choice
    FROM ship_moments AS m
    INNER JOIN position_flags AS f
        ON
            m.vessel_id = f.vessel_id
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', f.started_at) <= m.end_t_s
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', f.ended_at) >= m.start_t_s
),

russian_calls AS (
    SELECT
        m.our_id AS our_id,
        m.vessel_id AS vessel_id,
        m.ship AS ship,
        CAST(count(*) AS BIGINT) AS n_calls,
        max(c.port_call_id) AS port_call_id
    FROM ship_moments AS m
    INNER JOIN port_calls AS c
        ON
            m.vessel_id = c.vessel_id
            AND c.kind = 'berth'
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', c.arrived_at) < m.start_t_s
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', c.arrived_at) >= m.start_t_s - 31536000
    INNER JOIN ports ON c.port_id = ports.port_id AND ports.controlled_by = 'RU'
    WHERE m.role = 'to'
    GROUP BY m.our_id, m.vessel_id, m.ship
),

-- a list that gives no day of listing knew the ship at the latest on the day its copy is of
hits AS (
    SELECT
        m.our_id AS our_id,
        m.vessel_id AS vessel_id,
        m.role AS role,
        m.ship AS ship,
        h.hit_id AS hit_id,
        h.list AS list,
        h.entity_name AS entity_name,
        h.matched_identity AS matched_identity,
        h.listed_on AS listed_on,
        coalesce(h.list_date, CAST(h.fetched_at AS DATE)) AS copied_on,
        h.is_sanction AS is_sanction,
        h.match_score AS match_score,
        CASE
            WHEN h.is_lead THEN 'lead'
            WHEN
                h.listed_on > CAST(TIMESTAMP '1970-01-01 00:00:00' + m.start_t_s * INTERVAL '1' SECOND AS DATE)
                THEN 'later'
            WHEN
                h.listed_on IS NULL
                AND coalesce(h.list_date, CAST(h.fetched_at AS DATE), DATE '9999-12-31')
                > CAST(TIMESTAMP '1970-01-01 00:00:00' + m.start_t_s * INTERVAL '1' SECOND AS DATE)
                THEN 'undated'
            WHEN h.is_sanction THEN 'known'
            ELSE 'noted'
        END AS level
    FROM ship_moments AS m
    INNER JOIN screening_hits AS h ON m.vessel_id = h.vessel_id
),

listed AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY our_id, vessel_id, role
            ORDER BY
                CASE level WHEN 'known' THEN 1 WHEN 'noted' THEN 2 WHEN 'undated' THEN 3 WHEN 'later' THEN 4 ELSE 5 END,
                match_score DESC, listed_on, hit_id
        ) AS choice,
        count(*) OVER (PARTITION BY our_id, vessel_id, role) AS n_hits
    FROM hits
),

said AS (
    SELECT
        m.our_id AS our_id,
        m.vessel_id AS vessel_id,
        m.role AS role,
        m.ship AS ship,
        d.declaration_id AS declaration_id,
        d.source AS source,
        d.relation AS relation,
        d.declared_text AS declared_text,
        d.declared_at AS declared_at,
        ports.name AS port_name,
        ports.country AS country,
        ports.controlled_by AS controlled_by,
        row_number() OVER (
            PARTITION BY m.our_id, m.vessel_id, m.role
            ORDER BY CASE WHEN d.source = 'ais' THEN 2 ELSE 1 END, d.declared_at DESC, d.declaration_id
        ) AS choice
    FROM ship_moments AS m
    INNER JOIN declared_ports AS d
        ON
            m.vessel_id = d.vessel_id
            AND (
                -- of A the port before one of its calls in the 60 days up to the transfer
                (
                    m.role = 'from'
                    AND d.relation = 'previous'
                    AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', d.declared_at)
                    BETWEEN m.start_t_s - 5184000 AND m.end_t_s
                )
                -- of B a Russian port that it named between the transfer and its arrival; before that its word counts
                -- in the probability that it goes to Russia (russia_words), and must not count twice
                OR (
                    m.role = 'to'
                    AND d.relation IN ('next', 'destination')
                    AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', d.declared_at) > m.start_t_s
                    AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', d.declared_at) < m.until_t_s
                )
            )
    INNER JOIN ports ON d.port_id = ports.port_id AND (m.role = 'from' OR ports.controlled_by = 'RU')
),

compared AS (
    SELECT
        our_table,
        our_id,
        verdict,
        comparison_id,
        row_number() OVER (PARTITION BY our_table, our_id ORDER BY verdict, comparison_id) AS choice
    FROM gfw_comparison
    WHERE our_id IS NOT NULL
),

facts AS (
    SELECT
        our_id,
        vessel_id,
        role,
        'listed_' || role AS kind,
        level,
        ship
        || CASE level
            WHEN 'known' THEN ' was under sanctions by then: '
            WHEN 'noted' THEN ' was on a list by then, which is no sanction: '
            WHEN 'undated' THEN ' is on a list that does not say since when: '
            WHEN 'later' THEN ' was put on a list only afterwards, which counts for nothing here: '
            ELSE ' has a name like one on a list, which is a lead and no match: '
        END
        || list
        || ', "'
        || coalesce(entity_name, '')
        || '", by '
        || matched_identity
        || CASE
            WHEN listed_on IS NOT NULL THEN ', listed on ' || substr(CAST(listed_on AS VARCHAR), 1, 10)
            WHEN copied_on IS NOT NULL THEN ', in the copy of ' || substr(CAST(copied_on AS VARCHAR), 1, 10)
            ELSE ''
        END
        || CASE WHEN n_hits > 1 THEN '; and ' || CAST(n_hits - 1 AS VARCHAR) || ' more (screening_hits).' ELSE '.' END
            AS statement,
        'screening_hits' AS ref_table,
        hit_id AS ref_id
    FROM listed
    WHERE choice = 1
    UNION ALL
    SELECT
        our_id,
        vessel_id,
        role,
        'flag_' || role AS kind,
        'russia' AS level,
        ship || ' flew the flag of ' || flag || ' (by its MMSI ' || CAST(mmsi AS VARCHAR) || ').' AS statement,
        'vessels' AS ref_table,
        vessel_id AS ref_id
    FROM flown
    WHERE choice = 1 AND role = 'to' AND flag = 'RU'
    UNION ALL
    SELECT
        our_id,
        vessel_id,
        role,
        'identity_' || role AS kind,
        'changed' AS level,
        ship || ' was heard under the MMSI ' || CAST(mmsi AS VARCHAR) || ' from '
        || substr(CAST(TIMESTAMP '1970-01-01 00:00:00' + from_t_s * INTERVAL '1' SECOND AS VARCHAR), 1, 10)
        || ' on, and under '
        || CAST(former_mmsi AS VARCHAR)
        || ' before.' AS statement,
        'vessels' AS ref_table,
        vessel_id AS ref_id
    FROM renumbered
    WHERE
        choice = 1
        AND former_mmsi IS NOT NULL
        AND CAST(start_t_s - from_t_s AS DOUBLE) <= $links_identity_days * 86400e0
    UNION ALL
    SELECT
        our_id,
        vessel_id,
        role,
        'silence_' || role AS kind,
        'dark' AS level,
        ship || ' fell silent on ' || substr(CAST(off_at AS VARCHAR), 1, 16) || ' for ' || hours_txt
        || ' hours, away from port, where others were heard.' AS statement,
        'ais_gaps' AS ref_table,
        gap_id AS ref_id
    FROM silences
    WHERE choice = 1
    UNION ALL
    SELECT
        our_id,
        vessel_id,
        role,
        'positions_' || role AS kind,
        'doubtful' AS level,
        'Some positions sent as ' || ship || '''s at that time are distrusted (' || kind || ').' AS statement,
        'vessels' AS ref_table,
        vessel_id AS ref_id
    FROM doubts
    WHERE choice = 1
    UNION ALL
    SELECT
        our_id,
        vessel_id,
        'to' AS role,
        'service_to' AS kind,
        CASE WHEN n_calls >= $links_service_calls THEN 'often' ELSE 'some' END AS level,
        ship || ' had called at Russian berths ' || CAST(n_calls AS VARCHAR) || ' time(s) in the year before.' AS statement,
        'port_calls' AS ref_table,
        port_call_id AS ref_id
    FROM russian_calls
    UNION ALL
    SELECT
        our_id,
        vessel_id,
        role,
        'declared_' || role AS kind,
        CASE
            WHEN role = 'to' AND source = 'ais' THEN 'ais'
            WHEN role = 'to' THEN 'agent'
            WHEN controlled_by = 'RU' THEN 'russia'
            WHEN
                country IN ('CN', 'HK', 'MO', 'TW', 'KR', 'JP', 'VN', 'SG', 'MY', 'TH', 'ID', 'PH', 'KH')
                THEN 'east_asia'
            ELSE 'elsewhere'
        END AS level,
        CASE
            WHEN role = 'from' THEN ship || '''s agent named ' || port_name || ' as its port before a call, on '
            WHEN source = 'ais' THEN ship || ' declared "' || declared_text || '" (' || port_name || ') over AIS on '
            ELSE ship || '''s agent named ' || port_name || ' as its next port to the authority, on '
        END
        || substr(CAST(declared_at AS VARCHAR), 1, 16)
        || '.' AS statement,
        'declared_ports' AS ref_table,
        declaration_id AS ref_id
    FROM said
    WHERE choice = 1
    UNION ALL
    SELECT
        m.our_id AS our_id,
        m.vessel_id AS vessel_id,
        m.role AS role,
        'gfw_' || m.role AS kind,
        c.verdict AS level,
        CASE
            WHEN c.verdict = 'agree' THEN 'Global Fishing Watch tells of the same '
            ELSE 'Global Fishing Watch was asked and tells of no such '
        END
        || CASE WHEN m.our_table = 'encounters' THEN 'meeting.' ELSE 'call of ' || m.ship || '.' END AS statement,
        'gfw_comparison' AS ref_table,
        c.comparison_id AS ref_id
    FROM ship_moments AS m
    INNER JOIN compared AS c ON m.our_table = c.our_table AND m.our_id = c.our_id AND c.choice = 1
    -- a meeting is told once, not of each of its ships
    WHERE m.our_table = 'port_calls' OR m.role = 'to'
)

SELECT
    our_id,
    vessel_id,
    role,
    CASE kind
        WHEN 'listed_from' THEN 41
        WHEN 'listed_to' THEN 42
        WHEN 'flag_to' THEN 44
        WHEN 'service_to' THEN 45
        WHEN 'identity_from' THEN 46
        WHEN 'identity_to' THEN 47
        WHEN 'silence_from' THEN 48
        WHEN 'silence_to' THEN 49
        WHEN 'positions_from' THEN 50
        WHEN 'positions_to' THEN 51
        WHEN 'declared_from' THEN 52
        WHEN 'declared_to' THEN 53
        WHEN 'gfw_from' THEN 54
        ELSE 55
    END AS seq,
    kind,
    level,
    statement,
    ref_table,
    ref_id
FROM facts
