-- expired_since: how many of the :most mails that expired last did so at :since or later.
SELECT count(*)
FROM (
    SELECT changed_at
    FROM emails
    WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained', 'suppressed',
                    'canceled', 'superseded')
      AND state = 'expired'
    ORDER BY seq DESC
    LIMIT :most
) AS ended
WHERE changed_at >= :since;
