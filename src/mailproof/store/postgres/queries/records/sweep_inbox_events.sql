-- sweep_inbox_events: up to :most whose mail never came.
DELETE FROM inbox_events
WHERE id = ANY (ARRAY(
    SELECT id FROM inbox_events WHERE received_at < :before::bigint ORDER BY id LIMIT :most::bigint
));
