-- routes_with_waiting: every closed route, and how many held mails (at most :count_max) it could
-- carry. Counted in closed lanes alone: where another provider carries the mail, nothing waits.
SELECT r.provider, r.sender, coalesce(r.reason, 'unknown'), r.severity, r.failure::text, r.since, r.met,
       (SELECT count(*) FROM (
            SELECT 1
            FROM lanes AS l
            JOIN emails AS e ON e.lane_id = l.id AND e.state = 'held'
            WHERE l.state = 'closed' AND l.pin IN ('', r.provider)
              AND r.sender IN ('*', l.sender)
            LIMIT :count_max::integer
        ) AS held)
FROM routes AS r
WHERE r.state = 'closed'
ORDER BY r.since, r.provider, r.sender;
