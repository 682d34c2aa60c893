-- tick: node :id lives, and learns what has changed. One statement a second, when all is idle; each
-- part is the first entry of an index: asked for in its order, because EXISTS would be looked for
-- along the table.
UPDATE nodes
SET seen_at = :now, engine = :engine
WHERE id = :id
RETURNING
    coalesce((SELECT number FROM versions WHERE name = 'routes'), 0),
    coalesce((SELECT number FROM versions WHERE name = 'keys'), 0),
    coalesce((SELECT number FROM versions WHERE name = 'alerts'), 0),
    (SELECT min(due_at) FROM emails WHERE state IN ('deferred', 'scheduled')),
    (SELECT min(expires_at) FROM emails WHERE state IN ('scheduled', 'queued', 'deferred', 'held')),
    (SELECT min(CASE WHEN r.paused_at IS NULL AND NOT EXISTS (
                        SELECT 1 FROM routes AS whole
                        WHERE whole.provider = r.provider AND whole.sender = '*'
                          AND whole.paused_at IS NOT NULL
                    ) THEN r.next_probe_at ELSE 9007199254740991 END)
     FROM routes AS r WHERE r.state = 'closed' OR r.paused_at IS NOT NULL),
    (SELECT min(leased_until) FROM emails WHERE state = 'sending'),
    (SELECT seq FROM emails WHERE state = 'queued'
     ORDER BY critical DESC, expires_at, seq LIMIT 1) IS NOT NULL,
    EXISTS (SELECT 1 FROM lanes WHERE state = 'releasing'),
    (SELECT unknown_since FROM emails WHERE state = 'unconfirmed'
     ORDER BY unknown_since LIMIT 1) IS NOT NULL,
    (SELECT count(*) FROM nodes AS other WHERE other.id <> :id AND other.seen_at >= :alive),
    coalesce((SELECT max(id) FROM events), 0),
    (SELECT min(confirm_at) FROM emails WHERE confirm_at IS NOT NULL);
