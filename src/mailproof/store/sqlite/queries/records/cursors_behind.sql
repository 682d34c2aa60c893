-- cursors_behind: followers of the event log that stand still or have something to deal with: name,
-- why it stands still and since when, when the first event was that it has not dealt with.
SELECT name, error, failing_since, next_at
FROM (
    SELECT c.name, c.error, c.failing_since,
           (SELECT e.at FROM events AS e WHERE e.id > c.position ORDER BY e.id LIMIT 1) AS next_at
    FROM cursors AS c
) AS each
WHERE error IS NOT NULL OR next_at IS NOT NULL
ORDER BY name;
