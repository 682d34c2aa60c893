-- messages_of_alerts: where the alerts :ids were told, or are still to be, in order.
SELECT alert_id, channel, kind, due_at, tries, delivered_at, given_up_at, coalesce(error, '')
FROM alert_messages
WHERE alert_id = ANY (:ids::bigint[])
ORDER BY id;
