-- told_of: the mails with :ids, as far as a provider's event can move them.
SELECT id, state, purpose, critical, provider, provider_message_id, unknown_since
FROM emails
WHERE id IN (SELECT value FROM json_each(:ids));
