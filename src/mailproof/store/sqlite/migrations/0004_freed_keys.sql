-- 0004: an idempotency key that its mail has given back is kept, marked, until it runs out: when the
-- mail is sent again by hand it takes the key back, and a repeat by the app finds this mail.
ALTER TABLE idempotency ADD COLUMN freed INTEGER NOT NULL DEFAULT 0 CHECK (freed IN (0, 1));
