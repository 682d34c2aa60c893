-- fail_pinned: up to :most waiting mails bound to a provider that is not among :providers.
UPDATE emails
SET state = 'failed', reason = 'configuration_invalid', due_at = NULL, changed_at = :now::bigint
WHERE seq = ANY (ARRAY(
    SELECT seq FROM emails
    WHERE state IN ('scheduled', 'queued', 'deferred', 'held') AND lane_id IN (
        SELECT id FROM lanes WHERE pin <> '' AND pin <> ALL (:providers::text[]))
    LIMIT :most::bigint
    FOR UPDATE SKIP LOCKED
))
RETURNING id::text, pin;
