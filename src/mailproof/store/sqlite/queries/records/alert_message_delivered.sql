-- alert_message_delivered: the channel took it. Also one that was given up meanwhile.
UPDATE alert_messages
SET delivered_at = :now, given_up_at = NULL, error = NULL, tries = tries + 1
WHERE id = :id AND delivered_at IS NULL;
