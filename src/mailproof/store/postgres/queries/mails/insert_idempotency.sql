-- insert_idempotency: take the keys of :rows (app, endpoint, key, payload hash, ids) that are free,
-- were given back or have run out; returns those that are ours now. The others are locked until we are done, so
-- that nobody frees them while we look whose they are.
INSERT INTO idempotency (app, endpoint, key, payload_hash, email_ids, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2, decode(value ->> 3, 'hex'), (value ->> 4)::jsonb,
       :expires_at::bigint
FROM jsonb_array_elements(:rows::jsonb)
ON CONFLICT (app, endpoint, key) DO UPDATE
SET payload_hash = excluded.payload_hash,
    email_ids = excluded.email_ids,
    expires_at = excluded.expires_at,
    freed = false
WHERE idempotency.expires_at <= :now::bigint OR idempotency.freed
RETURNING app, endpoint, key;
