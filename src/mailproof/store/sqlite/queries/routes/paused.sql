-- paused: since when, by whom and why the route of :provider and :sender is, and its state beneath.
SELECT paused_at, paused_by, paused_note, state
FROM routes
WHERE provider = :provider AND sender = :sender AND paused_at IS NOT NULL;
