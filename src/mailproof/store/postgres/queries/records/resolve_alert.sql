-- resolve_alert: what it was about is gone.
UPDATE alerts SET resolved_at = :now::bigint, changed_at = :now::bigint WHERE id = :id::bigint AND resolved_at IS NULL;
