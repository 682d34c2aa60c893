-- nav: how many mails wait (at most :most), how many routes are closed or paused, how many apps or
-- clients were refused since minute :minute, how many alerts are open.
SELECT (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
            ORDER BY state, purpose
            LIMIT :most::bigint
        ) AS waiting)
       + (SELECT count(*) FROM (
            SELECT 1 FROM emails WHERE state = 'sending'
            ORDER BY leased_until
            LIMIT :most::bigint
        ) AS sending),
       (SELECT count(*) FROM routes WHERE state = 'closed' OR paused_at IS NOT NULL),
       (SELECT count(*) FROM (
            SELECT DISTINCT kind, app, CASE app WHEN '' THEN client ELSE '' END
            FROM refusals
            WHERE minute >= :minute::bigint
              AND kind IN ('placeholder', 'once_valid', 'unknown_key', 'sender_invalid')
        ) AS refused),
       (SELECT count(*) FROM alerts WHERE resolved_at IS NULL);
