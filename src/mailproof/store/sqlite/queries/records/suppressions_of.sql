-- What speaks against one address, newest first.
SELECT id, address, cause, email_id, actor, note, created_at
FROM suppressions
WHERE lookup = :lookup AND id < :before
ORDER BY id DESC
LIMIT :limit
