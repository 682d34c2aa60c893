-- critical_waiting: critical mail that waits, by the kind of lane: state, whether a closed route
-- explains it, how many, how many since :late_before or before, and since when the first of them.
-- Of each state, :most are looked at: those that expire first; of deferred and scheduled mail
-- together, those that are due first.
--
-- A mail never claimed counts from when it was queued or held, which for scheduled mail is when it
-- was due; in a lane that is open, from when it opened.
WITH waiting AS (
    SELECT * FROM (
        SELECT lane_id, CASE lease_no WHEN 0 THEN changed_at ELSE created_at END AS since
        FROM emails
        WHERE state = 'queued' AND critical
        ORDER BY expires_at, seq
        LIMIT :most::integer
    ) AS part
    UNION ALL
    SELECT lane_id, CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
    FROM (
        SELECT lane_id, lease_no, changed_at, created_at, state, critical
        FROM emails
        WHERE state IN ('deferred', 'scheduled')
        ORDER BY due_at
        LIMIT :most::integer
    ) AS first_due
    WHERE state = 'deferred' AND critical
    UNION ALL
    SELECT * FROM (
        SELECT e.lane_id, CASE e.lease_no WHEN 0 THEN e.changed_at ELSE e.created_at END
        FROM lanes AS l
        JOIN emails AS e ON e.lane_id = l.id AND e.state = 'held' AND e.critical
        LIMIT :most::integer
    ) AS part
), placed AS (
    SELECT l.state,
           EXISTS (
               SELECT 1 FROM routes AS r
               WHERE (r.state = 'closed' OR r.paused_at IS NOT NULL) AND l.state = 'closed'
                 AND l.pin IN ('', r.provider)
                 AND r.sender IN ('*', l.sender)
           ) AS explained,
           CASE l.state WHEN 'closed' THEN w.since ELSE greatest(w.since, l.since) END AS since
    FROM waiting AS w
    JOIN lanes AS l ON l.id = w.lane_id
)
SELECT state, explained, count(*), count(*) FILTER (WHERE since <= :late_before::bigint), min(since)
FROM placed
GROUP BY state, explained
ORDER BY state, explained;
