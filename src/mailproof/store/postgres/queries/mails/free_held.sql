-- free_held: the held mails of :rows (id, lane) are sent again under a new key, by whoever can.
UPDATE emails
SET state = 'queued', lane_id = o.lane_id, unknown_since = NULL, epoch = epoch + 1, avoid = NULL,
    reason = NULL, changed_at = :now::bigint
FROM (
    SELECT (value ->> 0)::uuid AS id, (value ->> 1)::bigint AS lane_id
    FROM jsonb_array_elements(:rows::jsonb)
) AS o
WHERE emails.id = o.id AND emails.state = 'held';
