-- expire: up to :most waiting mails whose time has passed end.
UPDATE emails
SET state = 'expired', due_at = NULL, changed_at = :now
WHERE seq IN (
    SELECT seq FROM emails
    WHERE state IN ('scheduled', 'queued', 'deferred', 'held') AND expires_at <= :now
    ORDER BY expires_at
    LIMIT :most
)
RETURNING id, purpose, critical, 'waiting', reason, unknown_since;
