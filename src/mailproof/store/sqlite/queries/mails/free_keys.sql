-- free_keys: the mails with :ids ended without going out; their request may be repeated, mended.
UPDATE idempotency
SET freed = 1
WHERE (app, endpoint, key) IN (
    SELECT i.app, i.endpoint, i.key
    FROM emails AS e
    JOIN idempotency AS i
      ON i.app = e.app AND i.endpoint = e.endpoint AND i.key = e.idempotency_key
    -- A key that ran out may belong to a later request by now.
    WHERE e.id IN (SELECT value FROM json_each(:ids)) AND i.email_ids ->> 0 = e.id
);
