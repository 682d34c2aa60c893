-- alert_message_failed: again at :due_at, unless it was given up.
UPDATE alert_messages
SET tries = :tries, due_at = :due_at, given_up_at = :given_up_at, error = :error
WHERE id = :id AND delivered_at IS NULL AND given_up_at IS NULL;
