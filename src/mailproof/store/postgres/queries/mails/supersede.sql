-- supersede: a newer mail of the same app, purpose and sole recipient has come; those that still
-- wait under one of :keys end.
--
-- Two nodes that accept mails with one key at the same moment would not see each other's: so each
-- key is held first, and the view of the second statement begins when we have them all.
SELECT count(pg_advisory_xact_lock(key))
FROM (
    SELECT DISTINCT hashtextextended(encode(each, 'hex'), 0) AS key
    FROM unnest(:keys::bytea[]) AS each
    ORDER BY key
) AS sorted;
UPDATE emails
SET state = 'superseded', reason = NULL, due_at = NULL, changed_at = :now::bigint
WHERE seq = ANY (ARRAY(
    SELECT seq FROM emails
    WHERE supersede_key = ANY (:keys::bytea[])
      AND state IN ('scheduled', 'queued', 'deferred', 'held')
    ORDER BY id
    FOR UPDATE
))
RETURNING id::text, supersede_key, unknown_since;
