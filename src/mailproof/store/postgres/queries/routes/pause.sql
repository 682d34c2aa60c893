-- pause: the route of :provider and :sender is closed by hand, unless it is already.
UPDATE routes
SET paused_at = :now, paused_by = :actor, paused_note = :note
WHERE provider = :provider AND sender = :sender AND paused_at IS NULL;
