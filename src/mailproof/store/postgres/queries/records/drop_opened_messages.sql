-- drop_opened_messages: alert :alert_id is resolved before they got through.
UPDATE alert_messages
SET given_up_at = :now::bigint, error = 'resolved before it got through'
WHERE alert_id = :alert_id::bigint AND kind = 'opened' AND delivered_at IS NULL AND given_up_at IS NULL;
