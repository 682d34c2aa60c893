-- sweep_alerts: alerts that were resolved before :before, among the :most oldest; never an open one.
DELETE FROM alerts
WHERE id = ANY (ARRAY(SELECT id FROM alerts ORDER BY id LIMIT :most::bigint))
  AND resolved_at < :before::bigint
RETURNING id;
