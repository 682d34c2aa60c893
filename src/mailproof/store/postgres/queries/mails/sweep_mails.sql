-- sweep_mails: up to :most mails that ended before :before, of those that came before place :below.
DELETE FROM emails
WHERE seq = ANY (ARRAY(
    SELECT seq FROM emails
    WHERE seq < :below::bigint AND changed_at < :before::bigint
      AND state NOT IN ('scheduled', 'queued', 'deferred', 'held', 'sending', 'unconfirmed')
    ORDER BY seq
    LIMIT :most::bigint
    FOR UPDATE SKIP LOCKED
))
RETURNING id::text;
