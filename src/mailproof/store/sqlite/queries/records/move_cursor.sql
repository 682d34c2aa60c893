-- move_cursor: a cursor that stands at :position has dealt with everything up to :until. Of two who
-- read from the same place one moves it.
INSERT INTO cursors (name, position, moved_at) VALUES (:name, :until, :now)
ON CONFLICT (name) DO UPDATE
SET position = excluded.position, moved_at = excluded.moved_at, error = NULL, failing_since = NULL
WHERE cursors.position = :position;
