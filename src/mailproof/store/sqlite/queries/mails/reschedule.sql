-- Another time for a scheduled mail; it is of use for as long after it as before.
UPDATE emails
SET due_at = :at, expires_at = expires_at + (:at - due_at)
WHERE id = :id AND state = 'scheduled'
RETURNING id
