-- hand_back: the :leases (id, lease number) whose sending has not begun. The lease number stays
-- raised: a late answer under it finds nothing.
UPDATE emails
SET state = 'queued', leased_by = NULL, leased_until = NULL, probe = FALSE, changed_at = :now,
    provider = CASE WHEN unknown_since IS NULL THEN NULL ELSE provider END
FROM (SELECT value ->> 0 AS id, value ->> 1 AS lease_no FROM json_each(:leases)) AS l
WHERE emails.id = l.id AND emails.lease_no = l.lease_no AND emails.state = 'sending'
RETURNING emails.id;
