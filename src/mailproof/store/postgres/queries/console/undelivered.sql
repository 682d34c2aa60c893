-- undelivered: channels that have not taken what they were to tell, with the first error of each and
-- since when the oldest of it waits.
SELECT m.channel,
       min(CASE m.kind WHEN 'resolved' THEN coalesce(a.resolved_at, a.opened_at)
                       ELSE a.opened_at END),
       count(*), coalesce(min(m.error), '')
FROM alert_messages AS m
JOIN alerts AS a ON a.id = m.alert_id
WHERE m.delivered_at IS NULL AND m.given_up_at IS NULL AND m.tries > 0
GROUP BY m.channel
ORDER BY m.channel;
