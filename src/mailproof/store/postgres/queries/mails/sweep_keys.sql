-- sweep_keys: up to :most idempotency keys that ran out.
DELETE FROM idempotency
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotency WHERE expires_at <= :now::bigint
    ORDER BY expires_at
    LIMIT :most::bigint
    FOR UPDATE SKIP LOCKED
));
