-- unsure: up to :most sent mails of which it is time to look what became of them.
SELECT id, provider, provider_message_id, purpose, changed_at, unverified_at
FROM emails
WHERE confirm_at <= :now AND state = 'sent'
ORDER BY confirm_at
LIMIT :most;
