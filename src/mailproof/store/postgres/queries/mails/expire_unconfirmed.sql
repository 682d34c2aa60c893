-- expire_unconfirmed: up to :most that nobody can confirm any more: their time has passed, and the
-- provider has forgotten their key, unknown since :before.
UPDATE emails
SET state = 'expired', changed_at = :now::bigint
WHERE seq = ANY (ARRAY(
    SELECT seq FROM emails
    WHERE state = 'unconfirmed' AND unknown_since <= :before::bigint AND expires_at <= :now::bigint
    ORDER BY unknown_since
    LIMIT :most::bigint
    FOR UPDATE SKIP LOCKED
))
RETURNING id::text, purpose, critical, 'unconfirmed', reason, unknown_since;
