-- told_of: the mails with :ids, as far as a provider's event can move them. Locked in one order
-- everywhere, so that two nodes never wait for each other.
SELECT id::text, state, purpose, critical, provider, provider_message_id, unknown_since
FROM emails
WHERE id = ANY (:ids::uuid[])
ORDER BY id
FOR UPDATE;
