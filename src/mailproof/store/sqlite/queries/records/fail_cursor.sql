-- A cursor stands still, and why.
INSERT INTO cursors (name, position, moved_at, error, failing_since)
VALUES (:name, 0, :now, :error, :now)
ON CONFLICT (name) DO UPDATE
SET error = excluded.error, failing_since = coalesce(cursors.failing_since, excluded.failing_since)
