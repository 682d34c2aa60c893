-- waiting_by_purpose: how much mail waits, by state and purpose, and since when the first of it.
-- What is being sent is little, and has its own index.
SELECT w.state, w.purpose, w.waiting, (
    SELECT CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
    FROM emails
    WHERE state = w.state AND purpose = w.purpose
      AND state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
    ORDER BY CASE lease_no WHEN 0 THEN changed_at ELSE created_at END
    LIMIT 1
)
FROM (
    SELECT state, purpose, count(*) AS waiting
    FROM emails
    WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
    GROUP BY state, purpose
) AS w
UNION ALL
SELECT 'sending', purpose, count(*), min(created_at)
FROM emails
WHERE state = 'sending'
GROUP BY purpose;
