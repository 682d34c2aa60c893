-- ids_of_messages: whose mails :messages are (provider, its id of the mail).
SELECT e.provider, e.provider_message_id, e.id::text
FROM jsonb_array_elements(:messages::jsonb) AS m
JOIN emails AS e ON e.provider = m.value ->> 0 AND e.provider_message_id = m.value ->> 1;
