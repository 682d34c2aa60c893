-- make_due: probe the closed route of :provider and :sender at once.
UPDATE routes SET probes = 0, next_probe_at = :now
WHERE provider = :provider AND sender = :sender AND state = 'closed';
