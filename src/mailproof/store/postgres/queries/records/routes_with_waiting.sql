-- routes_with_waiting: every closed route, those that are paused too, and how many held mails (at most :count_max) it could
-- carry. Counted in closed lanes alone: where another provider carries the mail, nothing waits. Last,
-- who carries all mail that is free to go any way; NULL: nobody, or not all.
SELECT r.provider, r.sender,
       CASE WHEN r.paused_at IS NULL THEN coalesce(r.reason, 'unknown') ELSE 'paused' END,
       CASE WHEN r.paused_at IS NULL THEN r.severity ELSE 'WARNING' END,
       CASE WHEN r.paused_at IS NULL THEN r.failure::text END, coalesce(r.paused_at, r.since), r.met,
       (SELECT count(*) FROM (
            SELECT 1
            FROM lanes AS l
            JOIN emails AS e ON e.lane_id = l.id AND e.state = 'held'
            WHERE l.state = 'closed' AND l.pin IN ('', r.provider)
              AND r.sender IN ('*', l.sender)
            LIMIT :count_max::integer
        ) AS held),
       CASE WHEN NOT EXISTS (
                SELECT 1 FROM lanes AS l
                WHERE l.pin = '' AND l.state = 'closed' AND r.sender IN ('*', l.sender)
            ) THEN (
                SELECT l.provider FROM lanes AS l
                WHERE l.pin = '' AND l.state <> 'closed' AND l.provider <> r.provider
                  AND r.sender IN ('*', l.sender)
                ORDER BY l.id
                LIMIT 1
            ) END
FROM routes AS r
WHERE r.state = 'closed' OR r.paused_at IS NOT NULL
ORDER BY coalesce(r.paused_at, r.since), r.provider, r.sender;
