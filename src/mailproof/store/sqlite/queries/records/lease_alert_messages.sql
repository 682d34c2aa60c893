-- lease_alert_messages: those of :channel due at :now, put off until :until while they are under way.
UPDATE alert_messages
SET due_at = :until
WHERE channel = :channel AND due_at <= :now AND delivered_at IS NULL AND given_up_at IS NULL
RETURNING id;
