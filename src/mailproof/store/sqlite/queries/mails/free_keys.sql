-- free_keys: the mails with :ids ended without going out; their request may be repeated, mended.
DELETE FROM idempotency
WHERE (app, endpoint, key) IN (
    SELECT app, endpoint, idempotency_key FROM emails
    WHERE id IN (SELECT value FROM json_each(:ids)) AND idempotency_key IS NOT NULL
);
