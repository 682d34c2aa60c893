-- routes_refusing: those whose last mail was ended for a reason of its own.
SELECT provider, sender, state, systemic, reason, severity, failure::text, since, met, refused, last_refused,
       probes, next_probe_at
FROM routes
WHERE refused > 0;
