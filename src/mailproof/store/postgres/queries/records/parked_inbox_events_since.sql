-- parked_inbox_events_since: up to :most that came since then and wait, although their mail is known
-- and not under a lease.
SELECT i.provider, i.event_id, i.provider_message_id, i.email_id::text, i.payload::text
FROM inbox_events AS i
JOIN emails AS e ON e.id = i.email_id
WHERE i.settled_at IS NULL AND i.received_at >= :since::bigint AND e.state <> 'sending'
ORDER BY i.id
LIMIT :most::bigint;
