-- channels_of_alert: where alert :alert_id was told, or is still to be. What was given up was not.
SELECT channel FROM alert_messages
WHERE alert_id = :alert_id::bigint AND kind = 'opened' AND given_up_at IS NULL
ORDER BY id;
