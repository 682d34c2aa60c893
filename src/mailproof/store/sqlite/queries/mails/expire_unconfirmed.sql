-- expire_unconfirmed: up to :most that nobody can confirm any more: their time has passed, and the
-- provider has forgotten their key, unknown since :before.
UPDATE emails
SET state = 'expired', changed_at = :now
WHERE seq IN (
    SELECT seq FROM emails
    WHERE state = 'unconfirmed' AND unknown_since <= :before AND expires_at <= :now
    ORDER BY unknown_since
    LIMIT :most
)
RETURNING id, purpose, critical, 'unconfirmed', reason, unknown_since;
