-- alert_channels_waiting: channels that messages wait for.
SELECT DISTINCT channel FROM alert_messages
WHERE delivered_at IS NULL AND given_up_at IS NULL
ORDER BY channel;
