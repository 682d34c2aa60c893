-- waits_held: of each lane in which mail is held: why it is closed (NULL: it releases, or is open), the
-- provider that its mail is bound to (empty: none), how many are held (at most :most), when the first
-- of them expires, and when the first was accepted of the :looked that expire first of each urgency.
SELECT CASE WHEN l.state = 'closed' THEN l.reason END, l.pin,
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_held WHERE state = 'held' AND lane_id = l.id
            ORDER BY critical DESC, expires_at, seq
            LIMIT :most
        ) AS few),
       (SELECT min(first.expires_at) FROM (
            SELECT expires_at FROM (
                SELECT expires_at FROM emails INDEXED BY emails_held
                WHERE state = 'held' AND lane_id = l.id AND critical = 1
                ORDER BY expires_at, seq LIMIT 1) AS critical
            UNION ALL
            SELECT expires_at FROM (
                SELECT expires_at FROM emails INDEXED BY emails_held
                WHERE state = 'held' AND lane_id = l.id AND critical = 0
                ORDER BY expires_at, seq LIMIT 1) AS plain
        ) AS first),
       (SELECT min(oldest.created_at) FROM (
            SELECT created_at FROM (
                SELECT created_at FROM emails INDEXED BY emails_held
                WHERE state = 'held' AND lane_id = l.id AND critical = 1
                ORDER BY expires_at, seq LIMIT :looked) AS critical
            UNION ALL
            SELECT created_at FROM (
                SELECT created_at FROM emails INDEXED BY emails_held
                WHERE state = 'held' AND lane_id = l.id AND critical = 0
                ORDER BY expires_at, seq LIMIT :looked) AS plain
        ) AS oldest)
FROM lanes AS l
WHERE EXISTS (SELECT 1 FROM emails INDEXED BY emails_held WHERE state = 'held' AND lane_id = l.id);
