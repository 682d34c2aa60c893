-- closed_routes: every route that mail may not take: closed by a failure, or paused by hand.
SELECT provider, sender, CASE WHEN paused_at IS NULL THEN coalesce(reason, 'unknown') ELSE 'paused' END, severity
FROM routes
WHERE state = 'closed' OR paused_at IS NOT NULL;
