-- What speaks against addresses, newest first.
SELECT id, address, cause, email_id::text, actor, note, created_at
FROM suppressions
WHERE id < :before
ORDER BY id DESC
LIMIT :limit
