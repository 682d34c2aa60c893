-- Ended mails that an operator sends again: with a new key at the provider, unless it may have the
-- mail under the old one; :afresh says that a second copy is wanted rather than none. Then it is not
-- bound to that provider any more, and leaves the lane that bound it.
UPDATE emails
SET state = 'queued',
    changed_at = :now,
    due_at = NULL,
    expires_at = max(expires_at, :expires_at),
    epoch = epoch + (unknown_since IS NULL OR :afresh),
    unknown_since = CASE WHEN :afresh THEN NULL ELSE unknown_since END,
    lane_id = CASE WHEN :afresh THEN coalesce(
        (SELECT own.id FROM lanes own JOIN lanes l ON l.sender = own.sender
         WHERE l.id = emails.lane_id AND own.pin = emails.pin), lane_id) ELSE lane_id END,
    avoid = NULL,
    tries = 0,
    batch_id = NULL,
    batch_pos = NULL,
    wait_until = NULL,
    reason = NULL,
    erase_at = NULL
WHERE id IN (SELECT value FROM json_each(:ids))
  AND state IN ('failed', 'expired', 'canceled')
RETURNING id
