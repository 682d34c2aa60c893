-- lanes: all of them. Asked only when a route has opened or closed, or at the start.
-- One transaction at a time moves routes and lanes: what two of them found out together must add up.
SELECT pg_advisory_xact_lock(7025, 2);
SELECT id, sender, pin, state, provider, second, reason, since, release_began_at, released
FROM lanes
ORDER BY id;
