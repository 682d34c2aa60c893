-- free_keys: the mails with :ids ended without going out; their request may be repeated, mended.
-- Locked in the order in which keys are taken, so that two nodes never wait for each other.
UPDATE idempotency
SET freed = true
WHERE ctid = ANY (ARRAY(
    SELECT i.ctid FROM idempotency AS i
    JOIN emails AS e ON e.app = i.app AND e.endpoint = i.endpoint AND e.idempotency_key = i.key
    -- A key that ran out may belong to a later request by now.
    WHERE e.id = ANY (:ids::uuid[]) AND i.email_ids ->> 0 = e.id::text
    ORDER BY i.app, i.endpoint, i.key
    FOR UPDATE OF i
));
