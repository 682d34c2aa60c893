-- open_route: the cause is gone.
-- One transaction at a time moves routes and lanes: what two of them found out together must add up.
SELECT pg_advisory_xact_lock(7025, 2);
UPDATE routes
SET state = 'open', systemic = FALSE, reason = NULL, failure = NULL, since = :now, met = 0,
    refused = 0, last_refused = NULL, probes = 0, next_probe_at = NULL
WHERE provider = :provider AND sender = :sender AND state = 'closed';
