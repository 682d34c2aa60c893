-- lanes: all of them. Asked only when a route has opened or closed, or at the start.
SELECT id, sender, pin, state, provider, second, reason, since, release_began_at, released
FROM lanes
ORDER BY id;
