-- insert_inbox_events: those of :rows (provider, event, provider's id of the mail, stamp, payload) that
-- are new.
INSERT INTO inbox_events (provider, event_id, provider_message_id, email_id, received_at, payload)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, :now, value -> 4
FROM json_each(:rows)
WHERE TRUE
ON CONFLICT (provider, event_id) DO NOTHING
RETURNING provider, event_id;
