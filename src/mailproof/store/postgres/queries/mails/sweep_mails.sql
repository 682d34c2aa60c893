-- sweep_mails: mails that ended before :before, among the :most that came first.
DELETE FROM emails
WHERE seq = ANY (ARRAY(SELECT seq FROM emails ORDER BY seq LIMIT :most::bigint))
  AND changed_at < :before::bigint
  AND state NOT IN ('scheduled', 'queued', 'deferred', 'held', 'sending', 'unconfirmed')
RETURNING id::text;
