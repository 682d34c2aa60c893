-- A cursor has dealt with everything up to a position. It never goes back.
INSERT INTO cursors (name, position, moved_at) VALUES (:name, :position, :now)
ON CONFLICT (name) DO UPDATE
SET position = excluded.position, moved_at = excluded.moved_at, error = NULL, failing_since = NULL
WHERE cursors.position < excluded.position
