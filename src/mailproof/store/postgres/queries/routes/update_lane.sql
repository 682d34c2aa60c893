-- update_lane: what settling it came to.
UPDATE lanes
SET state = :state,
    provider = :provider,
    second = :second,
    reason = :reason,
    since = :since,
    release_began_at = :release_began_at,
    released = :released
WHERE id = :id;
