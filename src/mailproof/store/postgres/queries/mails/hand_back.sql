-- hand_back: the :leases (id, lease number) whose sending has not begun. The lease number stays
-- raised: a late answer under it finds nothing. Its reason is again what its last attempt saw, not why
-- its lane was closed when it was held.
UPDATE emails
SET state = 'queued', leased_by = NULL, leased_until = NULL, probe = FALSE,
    changed_at = :now::bigint,
    provider = CASE WHEN unknown_since IS NULL THEN NULL ELSE provider END,
    reason = (
        SELECT a.reason FROM attempts AS a
        WHERE a.email_id = emails.id ORDER BY a.lease_no DESC LIMIT 1
    )
WHERE seq = ANY (ARRAY(
    SELECT e.seq
    FROM jsonb_array_elements(:leases::jsonb) AS l
    JOIN emails AS e ON e.id = (l.value ->> 0)::uuid
    WHERE e.lease_no = (l.value ->> 1)::integer AND e.state = 'sending'
    ORDER BY e.id
    FOR UPDATE OF e
))
RETURNING id::text;
