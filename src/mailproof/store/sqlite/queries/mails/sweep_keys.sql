-- sweep_keys: up to :most idempotency keys that ran out.
DELETE FROM idempotency
WHERE (app, endpoint, key) IN (
    SELECT app, endpoint, key FROM idempotency WHERE expires_at <= :now
    ORDER BY expires_at
    LIMIT :most
);
