-- sweep_alerts: alerts that were resolved before :before, among the :most oldest; never an open one.
DELETE FROM alerts
WHERE id IN (SELECT id FROM alerts ORDER BY id LIMIT :most) AND resolved_at < :before
RETURNING id;
