-- resume: the route of :provider and :sender is what it is beneath; a closed one is due for a probe.
UPDATE routes
SET paused_at = NULL, paused_by = '', paused_note = '',
    probes = CASE WHEN state = 'closed' THEN 0 ELSE probes END,
    next_probe_at = CASE WHEN state = 'closed' THEN :now::bigint ELSE next_probe_at END
WHERE provider = :provider AND sender = :sender AND paused_at IS NOT NULL;
