-- One row is a stay that no arrival in Russia followed (yet), with the last port that the ship declared after it, over AIS
-- or to a port authority: the newest that names a port other than the hub itself, in force when the stay ended or later.
-- Reads russia_shares, declared_ports, ports. Settings: arrivals.declared_hours.
WITH
said AS (
    SELECT
        declaration_id,
        vessel_id,
        port_id,
        declared_text,
        relation,
        is_noncommercial,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', declared_at) AS t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', last_declared_at) AS last_t_s,
        date_diff('second', TIMESTAMP '1970-01-01 00:00:00', replaced_at) AS replaced_t_s
    FROM declared_ports
    WHERE port_id IS NOT NULL AND relation IN ('destination', 'next')
),

fitting AS (
    SELECT
        russia_shares.stay_id AS stay_id,
        said.*,
        row_number() OVER (PARTITION BY russia_shares.stay_id ORDER BY said.t_s DESC, said.declaration_id) AS choice
    FROM russia_shares
    INNER JOIN said
        ON
            russia_shares.vessel_id = said.vessel_id
            AND said.port_id <> russia_shares.hub_id
            AND said.t_s <= russia_shares.until_t_s
            AND (
                (said.relation = 'next' AND said.t_s >= russia_shares.start_t_s)
                OR (
                    said.relation = 'destination'
                    AND (said.replaced_t_s IS NULL OR said.replaced_t_s > russia_shares.end_t_s)
                    AND CAST(russia_shares.end_t_s - said.last_t_s AS DOUBLE) <= $arrivals_declared_hours * 3600e0
                )
            )
)

SELECT
    fitting.stay_id AS stay_id,
    fitting.declaration_id AS declaration_id,
    fitting.port_id AS port_id,
    ports.name AS port_name,
    fitting.declared_text AS declared_text,
    fitting.is_noncommercial AS is_noncommercial,
    ports.controlled_by = 'RU' AS is_russian
FROM fitting
INNER JOIN ports ON fitting.port_id = ports.port_id
WHERE fitting.choice = 1
