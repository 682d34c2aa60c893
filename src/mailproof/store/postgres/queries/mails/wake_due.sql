-- wake_due: up to :most scheduled and deferred mails whose time has come are queued.
UPDATE emails
SET state = 'queued', due_at = NULL, changed_at = :now::bigint
WHERE seq = ANY (ARRAY(
    SELECT seq FROM emails
    WHERE state IN ('deferred', 'scheduled') AND due_at <= :now::bigint
    ORDER BY due_at
    LIMIT :most::bigint
    FOR UPDATE SKIP LOCKED
))
RETURNING id::text, CASE WHEN lease_no = 0 AND tries = 0 THEN 'scheduled' ELSE 'deferred' END;
