-- list_alerts: the last :most, open ones first.
SELECT id, name, about, severity, opened_at, resolved_at, count, facts
FROM alerts
ORDER BY resolved_at IS NOT NULL, id DESC
LIMIT :most;
