-- hand_back: the :leases (id, lease number) whose sending has not begun. The lease number stays
-- raised: a late answer under it finds nothing. Its reason is again what its last attempt saw, not why
-- its lane was closed when it was held.
UPDATE emails
SET state = 'queued', leased_by = NULL, leased_until = NULL, probe = FALSE, changed_at = :now,
    provider = CASE WHEN unknown_since IS NULL THEN NULL ELSE provider END,
    reason = (
        SELECT a.reason FROM attempts AS a
        WHERE a.email_id = emails.id ORDER BY a.lease_no DESC LIMIT 1
    )
FROM (SELECT value ->> 0 AS id, value ->> 1 AS lease_no FROM json_each(:leases)) AS l
WHERE emails.id = l.id AND emails.lease_no = l.lease_no AND emails.state = 'sending'
RETURNING emails.id;
