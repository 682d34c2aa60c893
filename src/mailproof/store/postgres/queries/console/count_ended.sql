-- count_ended: how many of the mails after :above have ended so: failed, expired, bounced, complained,
-- suppressed, canceled, superseded, sandboxed; at most :most of each.
SELECT
       (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'failed' AND seq > :above::bigint
            ORDER BY seq
            LIMIT :most::bigint
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'expired' AND seq > :above::bigint
            ORDER BY seq
            LIMIT :most::bigint
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'bounced' AND seq > :above::bigint
            ORDER BY seq
            LIMIT :most::bigint
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'complained' AND seq > :above::bigint
            ORDER BY seq
            LIMIT :most::bigint
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'suppressed' AND seq > :above::bigint
            ORDER BY seq
            LIMIT :most::bigint
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'canceled' AND seq > :above::bigint
            ORDER BY seq
            LIMIT :most::bigint
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'superseded' AND seq > :above::bigint
            ORDER BY seq
            LIMIT :most::bigint
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails
            WHERE state = 'sandboxed' AND seq > :above::bigint
            ORDER BY seq
            LIMIT :most::bigint
        ) AS few);
