-- close_route: for this reason, or count one more mail that met it closed.
UPDATE routes
SET state = 'closed',
    systemic = :systemic,
    reason = :reason,
    severity = :severity,
    failure = :failure,
    since = :since,
    met = CASE WHEN state = 'closed' THEN met ELSE 0 END + :met,
    probes = :probes,
    next_probe_at = :next_probe_at
WHERE provider = :provider AND sender = :sender;
