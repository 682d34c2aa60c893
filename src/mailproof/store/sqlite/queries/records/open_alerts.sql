-- open_alerts: those not resolved, with how often each was resolved after :resolved_after.
SELECT a.id, a.name, a.about, a.severity, a.opened_at, a.changed_at, a.count, a.facts,
       (SELECT count(*) FROM alerts AS b
        WHERE b.name = a.name AND b.about = a.about AND b.resolved_at > :resolved_after)
FROM alerts AS a
WHERE a.resolved_at IS NULL
ORDER BY a.id;
