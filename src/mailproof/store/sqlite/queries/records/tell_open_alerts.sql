-- tell_open_alerts: :channel hears of what is open, unless it has; also of what was given up.
INSERT INTO alert_messages (alert_id, channel, kind, due_at)
SELECT id, :channel, 'opened', :now FROM alerts WHERE resolved_at IS NULL
ON CONFLICT (alert_id, channel, kind) DO UPDATE
SET due_at = excluded.due_at, tries = 0, given_up_at = NULL, error = NULL
WHERE alert_messages.given_up_at IS NOT NULL;
