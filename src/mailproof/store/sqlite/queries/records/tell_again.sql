-- tell_again: alert :alert_id has another cause than the one that its channels were told.
UPDATE alert_messages
SET due_at = :due_at, tries = 0, delivered_at = NULL, given_up_at = NULL, error = NULL
WHERE alert_id = :alert_id AND kind = 'opened'
  AND (delivered_at IS NOT NULL OR given_up_at IS NOT NULL);
