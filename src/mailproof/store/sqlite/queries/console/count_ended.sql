-- count_ended: how many of the mails after :above have ended so: failed, expired, bounced, complained,
-- suppressed, canceled, superseded, sandboxed; at most :most of each.
SELECT
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_ended
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'failed' AND seq > :above
            ORDER BY seq
            LIMIT :most
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_ended
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'expired' AND seq > :above
            ORDER BY seq
            LIMIT :most
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_ended
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'bounced' AND seq > :above
            ORDER BY seq
            LIMIT :most
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_ended
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'complained' AND seq > :above
            ORDER BY seq
            LIMIT :most
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_ended
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'suppressed' AND seq > :above
            ORDER BY seq
            LIMIT :most
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_ended
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'canceled' AND seq > :above
            ORDER BY seq
            LIMIT :most
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_ended
            WHERE state IN ('failed', 'expired', 'unconfirmed', 'bounced', 'complained',
                            'suppressed', 'canceled', 'superseded')
              AND state = 'superseded' AND seq > :above
            ORDER BY seq
            LIMIT :most
        ) AS few),
       (SELECT count(*) FROM (
            SELECT 1 FROM emails INDEXED BY emails_sandboxed
            WHERE state = 'sandboxed' AND seq > :above
            ORDER BY seq
            LIMIT :most
        ) AS few);
