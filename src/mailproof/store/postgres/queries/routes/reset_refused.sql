-- reset_refused: a mail was accepted in between.
-- One transaction at a time moves routes and lanes: what two of them found out together must add up.
SELECT pg_advisory_xact_lock(7025, 2);
UPDATE routes SET refused = 0, last_refused = NULL
WHERE provider = :provider AND sender = :sender;
