-- alert_messages_by_id: the messages :ids with their alerts, the oldest first.
SELECT m.id, m.channel, m.kind, m.tries, a.id, a.name, a.about, a.severity, a.count, a.facts::text
FROM alert_messages AS m
JOIN alerts AS a ON a.id = m.alert_id
WHERE m.id = ANY (:ids::bigint[])
ORDER BY m.id;
