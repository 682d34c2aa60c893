-- living: the nodes seen since :alive, the oldest first.
SELECT id, role, engine, host, pid, version, started_at, seen_at
FROM nodes
WHERE seen_at >= :alive
ORDER BY started_at, id;
