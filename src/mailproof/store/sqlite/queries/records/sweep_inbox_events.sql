-- sweep_inbox_events: up to :most whose mail never came.
DELETE FROM inbox_events
WHERE id IN (SELECT id FROM inbox_events WHERE received_at < :before ORDER BY id LIMIT :most);
