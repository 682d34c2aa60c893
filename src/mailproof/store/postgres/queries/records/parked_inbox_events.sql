-- parked_inbox_events: what waits for the mails with :ids, by stamp, or by :messages (provider and its
-- id of the mail).
SELECT provider, event_id, provider_message_id, email_id::text, payload::text
FROM inbox_events
WHERE id IN (
    SELECT id FROM inbox_events
    WHERE settled_at IS NULL AND email_id = ANY (:ids::uuid[])
    UNION
    SELECT i.id
    FROM jsonb_array_elements(:messages::jsonb) AS m
    JOIN inbox_events AS i
        ON i.provider = m.value ->> 0 AND i.provider_message_id = m.value ->> 1
    WHERE i.settled_at IS NULL
)
ORDER BY id;
