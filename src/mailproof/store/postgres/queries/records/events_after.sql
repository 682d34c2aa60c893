-- The next events after a position.
SELECT id, at, type, email_id::text, actor, data::text
FROM events
WHERE id > :position
ORDER BY id
LIMIT :limit
