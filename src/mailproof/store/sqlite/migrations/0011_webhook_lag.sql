-- 0011: how late a provider's webhook tells.

-- Of the minute's events together: from when it happened to when it came, in milliseconds.
ALTER TABLE feedback ADD COLUMN lag_ms INTEGER NOT NULL DEFAULT 0;
