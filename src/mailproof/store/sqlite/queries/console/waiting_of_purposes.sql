-- waiting_of_purposes: of each of :purposes and each state in which mail waits: how many (at most
-- :most), when the first of the :looked that have waited longest expires, and since when the lanes are
-- closed in which the first of those are. Mail of one purpose lives equally long, so who has waited
-- longest expires first.
SELECT p.value, s.state,
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_waiting
            WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
              AND state = s.state AND purpose = p.value
            LIMIT :most
        ) AS few),
       (SELECT min(expires_at) FROM (
            SELECT expires_at FROM emails INDEXED BY emails_waiting
            WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
              AND state = s.state AND purpose = p.value
            ORDER BY CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
            LIMIT :looked
        ) AS first),
       (SELECT min(l.since) FROM (
            SELECT lane_id FROM emails INDEXED BY emails_waiting
            WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
              AND state = s.state AND purpose = p.value AND s.state IN ('held', 'queued')
            ORDER BY CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
            LIMIT :looked
        ) AS first
        JOIN lanes AS l ON l.id = first.lane_id AND l.state = 'closed')
FROM json_each(:purposes) AS p
CROSS JOIN (
    SELECT 'held' AS state UNION ALL SELECT 'queued' UNION ALL SELECT 'deferred'
    UNION ALL SELECT 'scheduled' UNION ALL SELECT 'unconfirmed'
) AS s
UNION ALL
SELECT purpose, 'sending', count(*), min(expires_at), NULL
FROM (
    SELECT purpose, expires_at FROM emails
    WHERE state = 'sending'
    ORDER BY leased_until
    LIMIT :most
) AS sending
GROUP BY purpose;
