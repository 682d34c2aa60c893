-- nav: how many mails wait (at most :most), how many routes are closed or paused, how many apps or
-- clients were refused since minute :minute, how many alerts are open.
SELECT (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_waiting
            WHERE state IN ('scheduled', 'queued', 'deferred', 'held', 'unconfirmed')
            LIMIT :most
        ) AS waiting)
       + (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_sending WHERE state = 'sending'
            ORDER BY leased_until
            LIMIT :most
        ) AS sending),
       (SELECT count(*) FROM routes WHERE state = 'closed' OR paused_at IS NOT NULL),
       (SELECT count(*) FROM (
            SELECT DISTINCT kind, app, CASE app WHEN '' THEN client ELSE '' END
            FROM refusals
            WHERE minute >= :minute
              AND kind IN ('placeholder', 'once_valid', 'unknown_key', 'sender_invalid')
        ) AS refused),
       (SELECT count(*) FROM alerts WHERE resolved_at IS NULL);
