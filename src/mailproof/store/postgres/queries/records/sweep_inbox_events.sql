-- sweep_inbox_events: up to :most that came long ago, whether their mail did or not.
DELETE FROM inbox_events
WHERE id = ANY (ARRAY(
    SELECT id FROM inbox_events WHERE received_at < :before::bigint ORDER BY received_at LIMIT :most::bigint
));
