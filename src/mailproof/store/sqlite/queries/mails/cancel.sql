-- Mails that wait and shall not go out.
UPDATE emails
SET state = 'canceled', changed_at = :now, due_at = NULL, wait_until = NULL
WHERE id IN (SELECT value FROM json_each(:ids))
  AND state IN ('scheduled', 'queued', 'deferred', 'held')
RETURNING id
