-- supersede: a newer mail of the same app, purpose and sole recipient has come; those that still
-- wait under one of :keys end.
UPDATE emails
SET state = 'superseded', reason = NULL, due_at = NULL, changed_at = :now
WHERE supersede_key IN (
    SELECT substr(@keys_bytes, value ->> 0, value ->> 1) FROM json_each(:keys)
)
  AND state IN ('scheduled', 'queued', 'deferred', 'held')
RETURNING id, supersede_key, unknown_since;
