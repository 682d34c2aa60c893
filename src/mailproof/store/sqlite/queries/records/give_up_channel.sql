-- give_up_channel: :channel is not configured any more.
UPDATE alert_messages
SET given_up_at = :now, error = 'not configured any more'
WHERE channel = :channel AND delivered_at IS NULL AND given_up_at IS NULL;
