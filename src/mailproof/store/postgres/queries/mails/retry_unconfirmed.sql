-- Mails that a provider may have, sent once more all the same: an operator wants two copies rather
-- than none.
UPDATE emails
SET state = 'queued',
    changed_at = :now,
    due_at = NULL,
    expires_at = greatest(expires_at, :expires_at),
    epoch = epoch + 1,
    unknown_since = NULL,
    lane_id = coalesce(
        (SELECT own.id FROM lanes own JOIN lanes l ON l.sender = own.sender
         WHERE l.id = emails.lane_id AND own.pin = emails.pin), lane_id),
    avoid = NULL,
    tries = 0,
    batch_id = NULL,
    batch_pos = NULL,
    wait_until = NULL,
    reason = NULL
WHERE id = ANY (:ids::uuid[])
  AND state = 'unconfirmed'
RETURNING id::text
