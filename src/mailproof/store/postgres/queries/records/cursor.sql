-- How far a cursor has come and how it fares.
SELECT name, position, moved_at, error, failing_since FROM cursors WHERE name = :name
