-- expire: up to :most waiting mails whose time has passed end.
UPDATE emails
SET state = 'expired', due_at = NULL, changed_at = :now::bigint
WHERE seq = ANY (ARRAY(
    SELECT seq FROM emails
    WHERE state IN ('scheduled', 'queued', 'deferred', 'held') AND expires_at <= :now::bigint
    ORDER BY expires_at
    LIMIT :most::bigint
    FOR UPDATE SKIP LOCKED
))
RETURNING id::text, purpose, critical, 'waiting', reason, unknown_since;
