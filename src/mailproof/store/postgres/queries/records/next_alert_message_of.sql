-- next_alert_message_of: when the next message to :channel must go.
SELECT min(due_at) FROM alert_messages
WHERE delivered_at IS NULL AND given_up_at IS NULL AND channel = :channel::text;
