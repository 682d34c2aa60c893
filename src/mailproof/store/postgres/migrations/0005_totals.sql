-- 0005: what is counted for good, and what waits by state and purpose.

-- Counters of the whole installation. `labels`: a JSON object of texts, its names in order.
CREATE TABLE totals (
    name text NOT NULL,
    labels text NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (name, labels)
) WITH (fillfactor = 50);

-- Since when a mail waits: one that was never claimed, since it was queued or held, which for
-- scheduled mail is when it was due; any other since it was accepted. Mail under a lease is not in
-- here, so that a mail that goes at once comes and goes once.
CREATE INDEX emails_waiting
    ON emails (state, purpose, (CASE lease_no WHEN 0 THEN changed_at ELSE created_at END))
    WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed');
