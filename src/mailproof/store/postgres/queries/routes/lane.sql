-- lane: that of :sender and :pin.
SELECT id, sender, pin, state, provider, second, reason, since, release_began_at, released
FROM lanes
WHERE sender = :sender AND pin = :pin;
