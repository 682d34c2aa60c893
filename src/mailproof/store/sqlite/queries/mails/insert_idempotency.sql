-- insert_idempotency: take the keys of :rows (app, endpoint, key, payload hash, ids) that are free,
-- were given back or have run out; returns those that are ours now.
INSERT INTO idempotency (app, endpoint, key, payload_hash, email_ids, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2,
       substr(@rows_bytes, value ->> '$[3][0]', value ->> '$[3][1]'), value ->> 4, :expires_at
FROM json_each(:rows)
WHERE true
ON CONFLICT (app, endpoint, key) DO UPDATE
SET payload_hash = excluded.payload_hash,
    email_ids = excluded.email_ids,
    expires_at = excluded.expires_at,
    freed = 0
WHERE idempotency.expires_at <= :now OR idempotency.freed
RETURNING app, endpoint, key;
