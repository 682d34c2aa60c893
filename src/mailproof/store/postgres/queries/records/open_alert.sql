-- open_alert: unless it is open already. Who inserts it opened it for all processes.
INSERT INTO alerts (name, about, severity, opened_at, changed_at, count, facts)
VALUES (:name::text, :about::text, :severity::text, :now::bigint, :now::bigint, :count::integer, :facts::jsonb)
ON CONFLICT (name, about) WHERE resolved_at IS NULL DO NOTHING
RETURNING id;
