-- Mails that wait for a time, or for a lane that is not closed any more, tried now.
UPDATE emails
SET state = 'queued', changed_at = :now, due_at = NULL, reason = NULL
WHERE id = ANY (:ids::uuid[])
  AND state IN ('deferred', 'held')
RETURNING id::text
