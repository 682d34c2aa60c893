-- closed_routes: every closed route.
SELECT provider, sender, coalesce(reason, 'unknown'), severity
FROM routes
WHERE state = 'closed';
