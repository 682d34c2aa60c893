-- due_probe: take the next probe of :provider: all nodes together make one per interval, doubling
-- up to :most_ms. The route of the whole provider comes first: behind it the others cannot be seen.
-- What is paused is not probed.
UPDATE routes
SET probes = probes + 1,
    next_probe_at = :now + min(:most_ms, :interval_ms * (1 << min(probes, 20)))
WHERE (provider, sender) = (
    SELECT provider, sender FROM routes
    WHERE provider = :provider AND state = 'closed' AND next_probe_at <= :now
      AND paused_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM routes AS whole
          WHERE whole.provider = :provider AND whole.sender = '*' AND whole.paused_at IS NOT NULL)
    ORDER BY sender = '*' DESC, next_probe_at
    LIMIT 1
)
RETURNING provider, sender, state, systemic, reason, severity, failure, since, met, refused,
          last_refused, probes, next_probe_at;
