-- forget_other_providers: the routes of providers that are not configured any more.
-- One transaction at a time moves routes and lanes: what two of them found out together must add up.
SELECT pg_advisory_xact_lock(7025, 2);
DELETE FROM routes WHERE provider <> ALL (:providers::text[]);
