-- One row is a stay that no arrival in Russia followed (yet), and the first call afterwards that ended the voyage: one
-- outside Russia from which the ship left with much less draught (it landed the cargo there), or one at the same hub port
-- again. Reads russia_shares, port_calls, ports. Settings: links.draught_change_much_share.
WITH
ending AS (
    SELECT
        russia_shares.stay_id AS stay_id,
        port_calls.port_call_id AS port_call_id,
        port_calls.port_name AS port_name,
        port_calls.port_id = russia_shares.hub_id AS is_back,
        row_number() OVER (
            PARTITION BY russia_shares.stay_id ORDER BY port_calls.arrived_at, port_calls.port_call_id
        ) AS choice
    FROM russia_shares
    INNER JOIN port_calls
        ON
            russia_shares.vessel_id = port_calls.vessel_id
            AND (port_calls.kind = 'berth' OR port_calls.witness NOT LIKE 'ais%')
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) > russia_shares.end_t_s
            AND date_diff('second', TIMESTAMP '1970-01-01 00:00:00', port_calls.arrived_at) <= russia_shares.until_t_s
    INNER JOIN ports ON port_calls.port_id = ports.port_id
    WHERE
        coalesce(ports.controlled_by, '') <> 'RU'
        AND (
            port_calls.port_id = russia_shares.hub_id
            OR (port_calls.draught_in_m - port_calls.draught_out_m) / nullif(port_calls.draught_in_m, 0e0)
            >= $links_draught_change_much_share
        )
)

SELECT
    stay_id,
    port_call_id,
    port_name,
    is_back
FROM ending
WHERE choice = 1
