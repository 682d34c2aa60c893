-- 0002: at a provider without idempotency keys, whether a mail's bytes had begun to go out decides
-- whether it may go again.
ALTER TABLE emails ADD COLUMN begun integer NOT NULL DEFAULT 0;  -- the lease under which they had
