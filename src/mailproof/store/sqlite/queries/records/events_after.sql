-- The next events after a position.
SELECT id, at, type, email_id, actor, data
FROM events
WHERE id > :position
ORDER BY id
LIMIT :limit
