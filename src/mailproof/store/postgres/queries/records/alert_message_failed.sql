-- alert_message_failed: again at :due_at, unless it was given up.
UPDATE alert_messages
SET tries = :tries::integer, due_at = :due_at::bigint, given_up_at = :given_up_at::bigint, error = :error::text
WHERE id = :id::bigint AND delivered_at IS NULL AND given_up_at IS NULL;
