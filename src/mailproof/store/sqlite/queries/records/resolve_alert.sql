-- resolve_alert: what it was about is gone.
UPDATE alerts SET resolved_at = :now, changed_at = :now WHERE id = :id AND resolved_at IS NULL;
