-- unsure: up to :most sent mails of which it is time to look what became of them.
SELECT id::text, provider, provider_message_id, purpose, changed_at, unverified_at
FROM emails
WHERE confirm_at <= :now::bigint AND state = 'sent'
ORDER BY confirm_at
LIMIT :most::bigint;
