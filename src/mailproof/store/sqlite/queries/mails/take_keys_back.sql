-- take_keys_back: the mails with :ids go out after all; a repeat of their request finds them again.
UPDATE idempotency
SET freed = 0
WHERE freed AND (app, endpoint, key) IN (
    SELECT e.app, e.endpoint, e.idempotency_key
    FROM emails AS e
    WHERE e.id IN (SELECT value FROM json_each(:ids)) AND e.idempotency_key IS NOT NULL
)
AND email_ids ->> 0 IN (SELECT value FROM json_each(:ids));
