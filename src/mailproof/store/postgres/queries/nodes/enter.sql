-- enter: node :id lives.
INSERT INTO nodes (id, role, engine, host, pid, version, started_at, seen_at)
VALUES (:id, :role, :engine, :host, :pid, :version, :now, :now)
ON CONFLICT (id) DO UPDATE SET engine = excluded.engine, seen_at = excluded.seen_at;
