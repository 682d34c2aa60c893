-- pulse: who lives and how far the followers of the event log are. Of a node: its host, role,
-- whether it sends, when it was last seen. Of a cursor: its name, why it stands still, how many
-- events it is behind at most, when the next one that it has not dealt with happened.
SELECT 'node', host, role, CASE WHEN engine THEN 1 ELSE 0 END, seen_at
FROM nodes
UNION ALL
SELECT 'cursor', c.name, coalesce(c.error, ''),
       (SELECT coalesce(max(id), 0) FROM events) - c.position,
       (SELECT at FROM events WHERE id > c.position ORDER BY id LIMIT 1)
FROM cursors AS c;
