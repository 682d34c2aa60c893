-- recover: the mails of :rows (id, lease number, state, due at, lane) were with a provider when their
-- node went away, or (queued) had not set out for it. The lease number rises: a late answer of that
-- node finds nothing.
UPDATE emails
SET state = o.state,
    due_at = CASE WHEN o.state = 'deferred' THEN o.due_at END,
    lane_id = o.lane_id,
    unknown_since = CASE WHEN o.state = 'queued' THEN unknown_since
                         ELSE coalesce(unknown_since, changed_at) END,
    provider = CASE WHEN o.state = 'queued' AND unknown_since IS NULL THEN NULL ELSE provider END,
    lease_no = emails.lease_no + 1,
    leased_by = NULL,
    leased_until = NULL,
    probe = FALSE,
    reason = NULL,
    changed_at = :now::bigint
FROM (
    SELECT (value ->> 0)::uuid AS id, (value ->> 1)::integer AS lease_no, value ->> 2 AS state,
           (value ->> 3)::bigint AS due_at, (value ->> 4)::bigint AS lane_id
    FROM jsonb_array_elements(:rows::jsonb)
) AS o
WHERE emails.id = o.id AND emails.lease_no = o.lease_no AND emails.state = 'sending';
