-- take_fingerprint: note :provider's :fingerprint; a new one is worth a probe at once.
UPDATE routes
SET fingerprint = :fingerprint,
    probes = CASE WHEN state = 'closed' THEN 0 ELSE probes END,
    next_probe_at = CASE WHEN state = 'closed' THEN :now ELSE next_probe_at END
WHERE provider = :provider AND fingerprint <> :fingerprint;
