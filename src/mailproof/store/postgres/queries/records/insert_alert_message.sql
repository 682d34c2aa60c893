-- insert_alert_message: one of each kind for each channel.
INSERT INTO alert_messages (alert_id, channel, kind, due_at)
VALUES (:alert_id::bigint, :channel::text, :kind::text, :due_at::bigint)
ON CONFLICT (alert_id, channel, kind) DO NOTHING;
