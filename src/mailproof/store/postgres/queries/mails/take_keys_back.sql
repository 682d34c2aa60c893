-- take_keys_back: the mails with :ids go out after all; a repeat of their request finds them again.
-- Locked in the order in which keys are taken, so that two nodes never wait for each other.
UPDATE idempotency
SET freed = false
WHERE ctid = ANY (ARRAY(
    SELECT i.ctid FROM idempotency AS i
    JOIN emails AS e ON e.app = i.app AND e.endpoint = i.endpoint AND e.idempotency_key = i.key
    WHERE e.id = ANY (:ids::uuid[]) AND i.email_ids ->> 0 = e.id::text AND i.freed
    ORDER BY i.app, i.endpoint, i.key
    FOR UPDATE OF i
));
