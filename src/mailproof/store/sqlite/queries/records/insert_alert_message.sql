-- insert_alert_message: one of each kind for each channel.
INSERT INTO alert_messages (alert_id, channel, kind, due_at)
VALUES (:alert_id, :channel, :kind, :due_at)
ON CONFLICT (alert_id, channel, kind) DO NOTHING;
