-- count_waiting: how many mails wait, at most :most, and how many of those came after :above.
SELECT count(*), count(*) FILTER (WHERE seq > :above::bigint)
FROM (
    SELECT seq FROM (
        SELECT seq FROM emails
        WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
        ORDER BY state, purpose, CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
        LIMIT :most::bigint
    ) AS waiting
    UNION ALL
    SELECT seq FROM (
        SELECT seq FROM emails
        WHERE state = 'sending'
        ORDER BY leased_until
        LIMIT :most::bigint
    ) AS sending
    LIMIT :most::bigint
) AS few;
