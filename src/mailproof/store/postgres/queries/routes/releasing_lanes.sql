-- releasing_lanes: those that release held mail through :provider now.
SELECT id, sender, pin, state, provider, second, reason, since, release_began_at, released
FROM lanes
WHERE state = 'releasing' AND provider = :provider
ORDER BY id;
