-- routes_closed: every closed route, the longest closed first.
SELECT provider, sender, state, systemic, reason, severity, failure::text, since, met, refused, last_refused,
       probes, next_probe_at
FROM routes
WHERE state = 'closed'
ORDER BY since, provider, sender;
