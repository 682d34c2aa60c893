-- sweep_mails: mails that ended before :before, among the :most that came first.
DELETE FROM emails
WHERE seq IN (SELECT seq FROM emails ORDER BY seq LIMIT :most)
  AND changed_at < :before
  AND state NOT IN ('scheduled', 'queued', 'deferred', 'held', 'sending', 'unconfirmed')
RETURNING id;
