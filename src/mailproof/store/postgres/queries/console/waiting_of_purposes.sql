-- waiting_of_purposes: of each of :purposes and each state in which mail waits: how many (at most
-- :most), when the first of the :looked that have waited longest expires, and since when the lanes are
-- closed in which the first of those are. Mail of one purpose lives equally long, so who has waited
-- longest expires first.
SELECT p.purpose, s.state,
       (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
              AND state = s.state AND purpose = p.purpose
            ORDER BY CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
            LIMIT :most::bigint
        ) AS few),
       (SELECT min(expires_at) FROM (
            SELECT expires_at FROM emails
            WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
              AND state = s.state AND purpose = p.purpose
            ORDER BY CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
            LIMIT :looked::bigint
        ) AS first),
       (SELECT min(l.since) FROM (
            SELECT lane_id FROM emails
            WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
              AND state = s.state AND purpose = p.purpose AND s.state IN ('held', 'queued')
            ORDER BY CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
            LIMIT :looked::bigint
        ) AS first
        JOIN lanes AS l ON l.id = first.lane_id AND l.state = 'closed')
FROM unnest(:purposes::text[]) AS p (purpose)
CROSS JOIN (
    VALUES ('held'), ('queued'), ('deferred'), ('scheduled'), ('unconfirmed')
) AS s (state)
UNION ALL
SELECT purpose, 'sending', count(*), min(expires_at), NULL
FROM (
    SELECT purpose, expires_at FROM emails
    WHERE state = 'sending'
    ORDER BY leased_until
    LIMIT :most::bigint
) AS sending
GROUP BY purpose;
