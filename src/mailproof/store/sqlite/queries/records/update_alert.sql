-- update_alert: what is known of it now.
UPDATE alerts
SET severity = :severity, count = :count, facts = :facts, changed_at = :now
WHERE id = :id AND resolved_at IS NULL;
