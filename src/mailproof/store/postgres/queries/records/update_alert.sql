-- update_alert: what is known of it now.
UPDATE alerts
SET severity = :severity::text, count = :count::integer, facts = :facts::jsonb, changed_at = :now::bigint
WHERE id = :id::bigint AND resolved_at IS NULL;
