-- routes_all: every route.
SELECT provider, sender, state, systemic, reason, severity, failure, since, met, refused, last_refused,
       probes, next_probe_at, paused_at, paused_by, paused_note
FROM routes
ORDER BY provider, sender;
