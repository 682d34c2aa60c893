-- Another time for a scheduled mail; it is of use for as long after it as before.
UPDATE emails
SET due_at = :at::bigint, expires_at = expires_at + (:at::bigint - due_at)
WHERE id = :id::uuid AND state = 'scheduled'
RETURNING id::text
