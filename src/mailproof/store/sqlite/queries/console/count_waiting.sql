-- count_waiting: how many mails wait, at most :most, and how many of those came after :above.
SELECT count(*), count(*) FILTER (WHERE seq > :above)
FROM (
    SELECT seq FROM (
        SELECT seq FROM emails INDEXED BY emails_waiting
        WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
        LIMIT :most
    ) AS waiting
    UNION ALL
    SELECT seq FROM (
        SELECT seq FROM emails INDEXED BY emails_sending
        WHERE state = 'sending'
        ORDER BY leased_until
        LIMIT :most
    ) AS sending
    LIMIT :most
) AS few;
