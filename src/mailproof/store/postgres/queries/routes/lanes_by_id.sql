-- lanes_by_id: those with :ids.
SELECT id, sender, pin, state, provider, second, reason, since, release_began_at, released
FROM lanes
WHERE id = ANY (:ids::bigint[]);
